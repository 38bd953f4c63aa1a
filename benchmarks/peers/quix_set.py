"""Quix Streams with a set of what was seen, of which nothing survives."""

from benchmarks.peers.job import Document, filed, is_sound, told
from benchmarks.peers.quix_app import app_of


def main() -> None:
    """Run until stopped."""
    job = told()
    app = app_of(job)
    source = app.topic(job.source, value_deserializer="json")
    output = app.topic(job.output, key_serializer="str", value_serializer="json")
    seen: set[str] = set()

    def is_new(document: Document) -> bool:
        if document["event_id"] in seen:
            return False
        seen.add(document["event_id"])
        return True

    frame = app.dataframe(source)
    frame = frame.filter(is_sound)
    frame = frame.filter(is_new)
    frame.to_topic(output, key=filed)
    app.run()


if __name__ == "__main__":
    main()
