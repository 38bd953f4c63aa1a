"""Our own step within stock Faust: an agent that takes runs of events, and sends what came of each run."""

import asyncio
from collections.abc import Sequence

import faust

from benchmarks.peers.faust_app import app_of, run
from benchmarks.peers.job import RUN, told
from benchmarks.peers.own_step import OwnStep


def main() -> None:
    """Run until stopped."""
    job = told()
    app = app_of(job)
    source = app.topic(job.source, key_serializer="raw", value_serializer="raw")
    outputs = {
        name: app.topic(name, key_serializer="raw", value_serializer="raw")
        for name in (job.output, job.duplicates, job.rejected)
    }
    own = OwnStep(job)

    async def finish(partition: int, events: Sequence[faust.EventT[bytes]]) -> None:
        messages = [event.message for event in events]
        judged = own.judge(
            partition,
            [event.value for event in events],
            [message.offset for message in messages],
            [int(message.timestamp * 1000) for message in messages],
            [None] * len(messages),
        )
        sent: list[asyncio.Future[object]] = []
        own.send(judged, lambda topic, value, key: sent.append(outputs[topic].send_soon(key=key, value=value)))
        await asyncio.gather(*sent)
        own.keep(judged)

    @app.agent(source)
    async def process(stream: faust.StreamT[bytes]) -> None:
        async for events in stream.take_events(RUN, within=1.0):  # type: ignore[attr-defined]  # its types lack it
            for partition in {event.message.partition for event in events}:
                await finish(partition, [event for event in events if event.message.partition == partition])

    run(app)


if __name__ == "__main__":
    main()
