"""Our own step within Bytewax: a sink that takes what the source has read, a run at a time."""

from typing import TypeAlias

from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main
from confluent_kafka import Producer

from benchmarks.peers.job import RUN, Job, told
from benchmarks.peers.own_step import OwnStep

Message: TypeAlias = KafkaSourceMessage[bytes, bytes]


class _Partition(StatelessSinkPartition[Message]):
    def __init__(self, job: Job) -> None:
        self._own = OwnStep(job)
        self._producer = Producer(job.producer)

    def write_batch(self, items: list[Message]) -> None:
        """Judge each partition's run, and keep it when Kafka has what came of it."""
        judged = []
        for partition in {item.partition for item in items}:
            mine = [item for item in items if item.partition == partition]
            one = self._own.judge(
                partition,
                [item.value for item in mine],
                [item.offset for item in mine],
                [item.timestamp[1] for item in mine],
                [item.headers for item in mine],
            )
            self._own.send(one, self._producer.produce)
            judged.append(one)
        assert not self._producer.flush()
        for one in judged:
            self._own.keep(one)


class StepSink(DynamicSink[Message]):
    """One for each worker; here is one."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Partition:  # noqa: ARG002  its contract
        """The sink of a worker."""
        return _Partition(self._job)


def flow_of(job: Job) -> Dataflow:
    """The dataflow; where it has come to stands in our store, with the keys."""
    flow = Dataflow("peer")
    read = op.input("read", flow, KafkaSource([job.bootstrap], [job.source], batch_size=RUN))
    op.output("write", read, StepSink(job))
    return flow


if __name__ == "__main__":
    cli_main(flow_of(told()))
