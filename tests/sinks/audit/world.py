"""Kafka, the processors, the sinks and ClickHouse as plain lists, which move on whenever they are asked something."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from random import Random
from uuid import UUID

import orjson

from schemas.kafka.clients import process_group
from schemas.records import Position
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.audit.accounts import Page
from sinks.audit.bounds import Mark
from sinks.audit.look import TopicPartition
from sinks.audit.spans import Span
from sinks.ranges import Where

KAFKA = KafkaSettings(bootstrap="nowhere:1")
TOPICS = Topics()
RAW = TOPICS.interactions("web")
PAGE = 4
FATES = ("stored", "duplicate", "rejected")
OUTPUT = dict(zip(FATES, TOPICS.outputs, strict=True))
Grouping = Callable[[int, int], int]


@dataclass
class Partition:
    """A log: positions from `begin` on can be read."""

    records: list[tuple[Where, int, str]] = field(default_factory=list)
    begin: int = 0
    committed: int | None = None
    done: int = 0  # how far the group has come, and not yet committed

    @property
    def end(self) -> int:
        return len(self.records)


class World:
    """`faults`: how often a record is lost or gets two fates, in a hundred; implements Offsets and Fates."""

    def __init__(self, chance: Random, *, faults: int = 0, partitions: int = 2) -> None:
        self.chance = chance
        self.faults = faults
        self.is_quiet = False
        self.ids = {RAW: UUID(int=1)}
        self.raw = {(RAW, number): Partition() for number in range(partitions)}
        self.outputs = {(topic, number): Partition() for topic in TOPICS.outputs for number in range(2)}
        self.fates: dict[Where, dict[int, set[str]]] = {}
        self.kept: dict[Where, Mark] = {}
        self.lost: set[tuple[Where, int]] = set()

    def where(self, at: TopicPartition) -> Where:
        return Where(at[0], self.ids[at[0]], at[1])

    # What happens.

    def move(self, steps: int = 8) -> None:
        """Something happens somewhere, a few times."""
        for _ in range(0 if self.is_quiet else self.chance.randrange(steps)):
            self.chance.choice([self.accept, self.process, self.commit, self.insert, self.insert, self.settle])()

    def accept(self) -> None:
        at = self.chance.choice(list(self.raw))
        self.raw[at].records += [(self.where(at), 0, "")] * self.chance.randrange(1, 7)

    def process(self) -> None:
        """A run: outputs are in Kafka when this returns; the commit comes later, or never, and then it comes again."""
        at = self.chance.choice(list(self.raw))
        log = self.raw[at]
        if self.chance.random() < 0.1:
            log.done = max(log.committed or 0, log.begin)  # a crash: what was not committed is done again
        self.process_up_to(at, self.chance.randint(log.done, log.end))

    def process_up_to(self, at: TopicPartition, end: int) -> None:
        log = self.raw[at]
        for offset in range(log.done, end):
            if self.is_hit():
                self.lost.add((self.where(at), offset))
            else:
                self.send(self.where(at), offset, FATES[offset % 3])
        log.done = end

    def commit(self) -> None:
        for log in self.raw.values():
            log.committed = log.done

    def send(self, where: Where, offset: int, fate: str) -> None:
        self.outputs[OUTPUT[fate], self.chance.randrange(2)].records.append((where, offset, fate))

    def insert(self) -> None:
        at = self.chance.choice(list(self.outputs))
        self.insert_up_to(at, self.chance.randint(self.outputs[at].done, self.outputs[at].end))

    def insert_up_to(self, at: TopicPartition, end: int) -> None:
        """A range is stored; a row may be refused, and goes to `rejected` instead, before the range is committed."""
        log = self.outputs[at]
        for where, offset, fate in log.records[log.done : end]:
            if fate != "refused" and where.partition == 0 and offset % 4 != 1:
                self.outputs[TOPICS.rejected, 0].records.append((where, offset, "refused"))
            elif self.is_hit():
                self.lost.add((where, offset))
            else:
                self.store(where, offset, "rejected" if fate == "refused" else fate)
        log.done = end

    def settle(self) -> None:
        for log in self.outputs.values():
            log.committed = log.done

    def store(self, where: Where, offset: int, fate: str) -> None:
        fates = self.fates.setdefault(where, {}).setdefault(offset, set())
        fates.add(fate)
        if self.is_hit():
            fates.add(self.chance.choice(FATES))

    def is_hit(self) -> bool:
        return self.chance.randrange(100) < self.faults

    def drain(self) -> None:
        """Everything comes to its end, and nothing happens any more."""
        for at, log in self.raw.items():
            self.process_up_to(at, log.end)
        while behind := [at for at, log in self.outputs.items() if log.done < log.end]:
            for at in behind:
                self.insert_up_to(at, self.outputs[at].end)
        self.commit()
        self.settle()
        self.is_quiet = True

    def forget(self) -> None:
        """Retention deletes what is done with."""
        for log in self.raw.values():
            log.begin = self.chance.randint(log.begin, max(log.begin, log.committed or 0))

    # The truth.

    def without_fate(self) -> set[tuple[Where, int]]:
        """Accepted positions that have none now."""
        return {
            (self.where(at), offset)
            for at, log in self.raw.items()
            for offset in range(log.end)
            if not self.fates.get(self.where(at), {}).get(offset)
        }

    def with_several(self) -> set[tuple[Where, int]]:
        return {(at, offset) for at, page in self.fates.items() for offset, fates in page.items() if len(fates) > 1}

    # Offsets.

    def topic_ids(self, topics: Iterable[str]) -> dict[str, UUID]:
        self.move()
        return {topic: self.ids[topic] for topic in topics}

    def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        self.move()
        return [at for at in [*self.raw, *self.outputs] if at[0] in set(topics)]

    def committed(self, group: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        self.move()
        logs = self.raw if group == process_group(KAFKA) else self.outputs
        return {at: logs[at].begin if (found := logs[at].committed) is None else found for at in partitions}

    def begins_of(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        self.move()
        return {at: (self.raw | self.outputs)[at].begin for at in partitions}

    def ends_of(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        self.move()
        return {at: (self.raw | self.outputs)[at].end for at in partitions}

    def at(self, partitions: list[TopicPartition], moment: datetime) -> dict[TopicPartition, int]:
        return {}

    def read(self, spans: Mapping[TopicPartition, Span]) -> Iterator[bytes]:
        for at, (first, end) in spans.items():
            self.move()
            for where, offset, _ in self.outputs[at].records[first:end]:
                yield orjson.dumps(Position(where.topic, where.topic_id, where.partition, offset).as_members())

    def close(self) -> None:
        self.is_quiet = True

    # Fates.

    def pages(self) -> Mapping[Where, list[Page]]:
        self.move()
        return {where: self.pages_of(where, (0, 1 << 40)) for where in list(self.fates)}

    def pages_of(self, where: Where, span: Span) -> list[Page]:
        self.move()
        return [page(self.fates[where], offsets) for offsets in self.grouped(where, span, lambda _, x: x // PAGE)]

    def runs(self, where: Where, span: Span) -> list[Page]:
        self.move()
        return [page(self.fates[where], run) for run in self.grouped(where, span, lambda number, x: x - number)]

    def doubled(self, where: Where, span: Span) -> list[Span]:
        return [(x, x + 1) for x, fates in self.fates[where].items() if span[0] <= x < span[1] and len(fates) > 1]

    def marks(self, since: datetime | None = None) -> Mapping[Where, Mark]:
        self.move()
        return dict(self.kept)

    def keep(self, marks: Mapping[Where, Mark]) -> None:
        self.kept |= marks

    def grouped(self, where: Where, span: Span, by: Grouping) -> list[list[int]]:
        offsets = sorted(x for x in self.fates.get(where, {}) if span[0] <= x < span[1])
        return [[x for _, x in group] for _, group in groupby(enumerate(offsets), lambda one: by(*one))]


def page(fates: Mapping[int, set[str]], offsets: list[int]) -> Page:
    counts = [sum(fate in fates[x] for x in offsets) for fate in FATES]
    return Page(offsets[0], offsets[-1], len(offsets), *counts)
