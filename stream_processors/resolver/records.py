"""The records of a shard that wait, and how they are cut into runs."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Message

from schemas.evidence import Evidence, decode

RUN_RECORDS: Final = 2000
_OUTPUT: Final = 4096  # bytes that one fact may lead to, nearly always: runs of a small budget are short


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the evidence.

    Attributes:
        offset: where it stands.
        at: Kafka's time of it, milliseconds since 1970.
        size: bytes of its value.
        fact: what it says; None: nothing that can be read.
    """

    offset: int
    at: int
    size: int
    fact: Evidence | None


def read(message: Message) -> Record:
    """A record as it came from Kafka."""
    value = message.value() or b""
    fact = decode(value)
    return Record(
        message.offset() or 0, max(0, message.timestamp()[1]), len(value), None if isinstance(fact, str) else fact
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may hold."""

    records: int
    size: int

    @classmethod
    def within(cls, budget: int) -> "Limits":
        """For a backlog of so many bytes."""
        return cls(min(RUN_RECORDS, max(1, budget // _OUTPUT)), min(1 << 20, budget // 2))


def cut(waiting: Iterable[Record], limits: Limits, last: int | None, stop: int | None) -> list[Record]:
    """The records of the next run, from the first that waits; none: more must arrive.

    Rules stand alone. `last`: the run must end with this offset, whatever its size. `stop`: it ends before this one.
    """
    run: list[Record] = []
    size = 0
    for record in waiting:
        if stop is not None and record.offset >= stop:
            return run
        if last is None and run and (len(run) == limits.records or size + record.size > limits.size or _rules(record)):
            return run
        run.append(record)
        size += record.size
        if record.offset == last or _rules(record):
            return run
    return run if last is None else []


def _rules(record: Record) -> bool:
    return record.fact is not None and record.fact.fact == "rules"


Waiting = deque[Record]
