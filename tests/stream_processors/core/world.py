"""A partition in memory: records to step over, and a memory that forgets nothing."""

from dataclasses import dataclass, field
from uuid import UUID

import orjson

from stream_processors.core.raw import Headers, Raw
from stream_processors.core.step import Step, step

WINDOW = 100
TODAY = UUID(int=2)
YESTERDAY = UUID(int=1)


@dataclass(frozen=True)
class Sent:
    """A record: which event, what it says, when it came; `junk` stands for what is no interaction."""

    event: int = 0
    says: int = 0
    arrival: int = 1
    junk: bytes | None = None
    marked: bool = True
    instead: int | None = None  # the offset of the record whose place it takes

    @property
    def value(self) -> bytes:
        if self.junk is not None:
            return self.junk
        document = {
            "schema": 1,
            "event_id": str(UUID(int=self.event)),
            "tenant": "acme",
            "source": "web",
            "adapter": "segment",
            "channel": "web",
            "type": "view",
            "occurred_at": "2026-01-01T00:00:00.000Z",
            "received_at": "2026-01-01T00:00:01.000Z",
            "identifiers": [{"kind": "anonymous_id", "value": "a"}, {"kind": "user_id", "value": 'u"1'}],
            "properties": {"says": self.says},
        }
        if self.marked:
            document["fingerprint"] = f"{self.says:016x}"
        return orjson.dumps(document)

    @property
    def headers(self) -> Headers | None:
        return None if self.instead is None else [("instead-of", f"{TODAY}:3:{self.instead}".encode())]


@dataclass
class Kept:
    """A `Memory`."""

    entries: dict[bytes, bytes] = field(default_factory=dict)

    def get(self, keys: list[bytes]) -> list[bytes | None]:
        return [self.entries.get(key) for key in keys]


def raw(sent: list[Sent], begin: int = 0, topic_ids: tuple[UUID, ...] = (TODAY,)) -> Raw:
    return Raw(
        channel="web",
        topic="interactions.web",
        partition=3,
        topic_ids=topic_ids,
        values=[one.value for one in sent],
        offsets=list(range(begin, begin + len(sent))),
        arrivals=[one.arrival for one in sent],
        headers=[one.headers for one in sent],
    )


def outputs(done: Step) -> list[tuple[str, bytes, bytes]]:
    """All that goes out, with its role, in the order of raw offsets."""
    roles = ("stored", "duplicate", "rejected")
    found = [(role, key, value) for role, out in zip(roles, done.roles, strict=True) for key, value in out]
    return sorted(found, key=lambda one: orjson.loads(one[2])["raw_offset"])


def take(sent: list[Sent], memory: Kept, begin: int = 0, topic_ids: tuple[UUID, ...] = (TODAY,)) -> Step:
    """Step over the records and remember."""
    done = step(raw(sent, begin, topic_ids), memory, {}, WINDOW)
    memory.entries |= done.writes
    return done


def fates(done: Step) -> list[str]:
    """The fate of each record, in order."""
    return [role for role, _, _ in outputs(done)]
