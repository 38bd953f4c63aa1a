"""Our own step within Quix Streams: a batching sink, which is flushed before each checkpoint is committed."""

from confluent_kafka import Producer
from quixstreams.sinks import BatchingSink, SinkBatch

from benchmarks.peers.job import RUN, Job, told
from benchmarks.peers.own_step import OwnStep
from benchmarks.peers.quix_app import app_of


class StepSink(BatchingSink):
    """Judges a partition's batch, and keeps it when Kafka has what came of it."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._own = OwnStep(job)
        self._producer = Producer(job.producer)

    def write(self, batch: SinkBatch) -> None:
        """Quix calls this for each partition, then commits."""
        items = list(batch)
        judged = self._own.judge(
            batch.partition,
            [item.value for item in items],
            [item.offset for item in items],
            [item.timestamp for item in items],
            [item.headers for item in items],
        )
        self._own.send(judged, self._producer.produce)
        assert not self._producer.flush()
        self._own.keep(judged)


def main() -> None:
    """Run until stopped."""
    job = told()
    app = app_of(job, commit_every=RUN)
    frame = app.dataframe(app.topic(job.source, value_deserializer="bytes"))
    frame.sink(StepSink(job))
    app.run()


if __name__ == "__main__":
    main()
