"""Quix Streams with its State (RocksDB and a changelog topic): a flag for each key, which is the event's."""

from quixstreams import State

from benchmarks.peers.job import Document, filed, is_sound, told
from benchmarks.peers.quix_app import app_of


def is_new(_: Document, state: State) -> bool:
    """Whether this key has not been seen; then it has."""
    if state.exists("seen"):
        return False
    state.set("seen", value=True)
    return True


def main() -> None:
    """Run until stopped."""
    job = told()
    app = app_of(job)
    source = app.topic(job.source, value_deserializer="json")
    output = app.topic(job.output, key_serializer="str", value_serializer="json")
    frame = app.dataframe(source)
    frame = frame.filter(is_sound)
    frame = frame.filter(is_new, stateful=True)
    frame.to_topic(output, key=filed)
    app.run()


if __name__ == "__main__":
    main()
