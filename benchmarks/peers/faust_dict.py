"""Stock Faust: an agent over a topic of JSON, a dict of what was seen, JSON out; nothing of the dict survives."""

import faust

from benchmarks.peers.faust_app import app_of, run
from benchmarks.peers.job import Document, filed, is_sound, told


def main() -> None:
    """Run until stopped."""
    job = told()
    app = app_of(job)
    source = app.topic(job.source, value_serializer="json")
    output = app.topic(job.output, value_serializer="json")
    seen: dict[str, bool] = {}

    @app.agent(source)
    async def process(stream: faust.StreamT[Document]) -> None:
        document: Document
        async for document in stream:
            if not is_sound(document) or document["event_id"] in seen:
                continue
            seen[document["event_id"]] = True
            await output.send(key=filed(document), value=document)

    run(app)


if __name__ == "__main__":
    main()
