"""Bytewax: Kafka in, orjson, a set of what was seen, Kafka out; no recovery store, so nothing survives."""

from typing import TypeAlias

import orjson
from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.run import cli_main

from benchmarks.peers.job import COMPRESSION, Job, filed, is_sound, told

Message: TypeAlias = KafkaSinkMessage[bytes, bytes]


def flow_of(job: Job) -> Dataflow:
    """The dataflow."""
    seen: set[str] = set()

    def new(message: KafkaSourceMessage[bytes, bytes]) -> Message | None:
        document = orjson.loads(message.value)
        if not is_sound(document) or document["event_id"] in seen:
            return None
        seen.add(document["event_id"])
        subject = filed(document)
        return KafkaSinkMessage(subject.encode(), orjson.dumps(document))

    flow = Dataflow("peer")
    read = kop.input("read", flow, brokers=[job.bootstrap], topics=[job.source])
    kept = op.filter_map("new", read.oks, new)
    kop.output("write", kept, brokers=[job.bootstrap], topic=job.output, add_config={"compression.type": COMPRESSION})
    return flow


if __name__ == "__main__":
    cli_main(flow_of(told()))
