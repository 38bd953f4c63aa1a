"""A plain loop over confluent-kafka: orjson, a set of what was seen, flush, commit; nothing of the set survives."""

import orjson
from confluent_kafka import Consumer, Producer

from benchmarks.peers.job import RUN, RUN_S, filed, is_sound, told


def main() -> None:
    """Run until killed."""
    job = told()
    consumer, producer = Consumer(job.consumer), Producer(job.producer)
    consumer.subscribe([job.source])
    seen: set[str] = set()
    while True:
        messages = consumer.consume(RUN, RUN_S)
        for message in messages:
            document = orjson.loads(message.value() or b"{}")
            if not is_sound(document) or document["event_id"] in seen:
                continue
            seen.add(document["event_id"])
            subject = filed(document)
            producer.produce(job.output, orjson.dumps(document), subject)
        producer.flush()
        if messages:
            consumer.commit(asynchronous=False)


if __name__ == "__main__":
    main()
