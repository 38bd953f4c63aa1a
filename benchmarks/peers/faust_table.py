"""Stock Faust: an agent over a topic of JSON, a Table of what was seen (RocksDB and a changelog topic), JSON out."""

import faust

from benchmarks.peers.faust_app import app_of, run
from benchmarks.peers.job import Document, filed, is_sound, told


def main() -> None:
    """Run until stopped."""
    job = told()
    app = app_of(job)
    source = app.topic(job.source, value_serializer="json")
    output = app.topic(job.output, value_serializer="json")
    seen = app.Table("seen", default=bool, options={"driver": "rocksdict"})

    @app.agent(source)
    async def process(stream: faust.StreamT[Document]) -> None:
        document: Document
        async for document in stream:
            if not is_sound(document) or seen[document["event_id"]]:
                continue
            seen[document["event_id"]] = True
            await output.send(key=filed(document), value=document)

    run(app)


if __name__ == "__main__":
    main()
