"""Our own step in a plain loop over confluent-kafka: judge, produce, flush, keep, commit; one after the other."""

from confluent_kafka import Consumer, Message, Producer

from benchmarks.peers.job import RUN, RUN_S, told
from benchmarks.peers.own_step import Judged, OwnStep


def main() -> None:
    """Run until killed."""
    job = told()
    consumer, producer = Consumer(job.consumer), Producer(job.producer)
    consumer.subscribe([job.source])
    own = OwnStep(job)
    while True:
        runs: dict[int, list[Message]] = {}
        for message in consumer.consume(RUN, RUN_S):
            runs.setdefault(message.partition() or 0, []).append(message)
        judged = [_judge(own, partition, messages) for partition, messages in runs.items()]
        for one in judged:
            own.send(one, producer.produce)
        assert not producer.flush()
        for one in judged:
            own.keep(one)
        if judged:
            consumer.commit(asynchronous=False)


def _judge(own: OwnStep, partition: int, messages: list[Message]) -> Judged:
    return own.judge(
        partition,
        [message.value() or b"" for message in messages],
        [message.offset() or 0 for message in messages],
        [message.timestamp()[1] for message in messages],
        [None] * len(messages),
    )


if __name__ == "__main__":
    main()
