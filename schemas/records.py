"""The records of the output topics beside the interaction itself: positions, rejected and duplicates.

`timeline.events` holds an interaction with its subject and raw position spliced in front; the other two are made here.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from schemas.fates import Fault, Stage
from schemas.ids import uuid_of

_LARGE: Final = 64 << 10  # bytes
WHOLE: Final = 5 << 20  # bytes of a body that is kept whole: as base64 it fits a record of Kafka
MOST: Final = (
    2000  # characters that are kept of a detail and of a path, which may name what a sender wrote at any length
)
CUT: Final = ":cut"  # among the headers: the size of a body of which only the beginning is kept
NOWHERE: Final = UUID(int=0)  # the topic id of what was rejected before it had a position


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands in Kafka. Offsets start again when a topic is made anew: its id tells the two apart."""

    topic: str
    topic_id: UUID
    partition: int
    offset: int

    @property
    def text(self) -> str:
        """The position in one word; the topic by its id."""
        return f"{self.topic_id}:{self.partition}:{self.offset}"

    def as_members(self, prefix: str = "raw_") -> dict[str, str | int]:
        """The position as members of a JSON object."""
        return {
            f"{prefix}topic": self.topic,
            f"{prefix}topic_id": str(self.topic_id),
            f"{prefix}partition": self.partition,
            f"{prefix}offset": self.offset,
        }


BEFORE_KAFKA: Final = Position("", NOWHERE, -1, -1)


@dataclass(frozen=True, slots=True)
class Rejected:
    """What could not be accepted as an interaction, kept whole.

    Attributes:
        fault: the reason, what exactly is wrong, and where.
        stage: the part that refused it.
        tenant, source, adapter, channel: where it came from, as far as that is known; else empty.
        received_at: RFC 3339, as it will be printed.
        body: the original bytes: of the delivery at the intake, of the raw record afterwards.
        headers: the delivery's own, without secrets; names in lower case.
        position: of the raw record; BEFORE_KAFKA at the intake.
        event_id, message_id: where they are known.
        replay_of: the rejected record that was sent again and rejected again as this one.
    """

    fault: Fault
    stage: Stage
    tenant: str
    source: str
    adapter: str
    channel: str
    received_at: str
    body: bytes
    headers: Mapping[str, str]
    position: Position = BEFORE_KAFKA
    event_id: UUID | None = None
    message_id: str | None = None
    replay_of: UUID | None = None

    @property
    def path(self) -> str:
        """Where the fault is, as it is kept."""
        return self.fault.path[:MOST]

    @property
    def rejected_id(self) -> UUID:
        """The same for the same bytes at the same place, so that a replay changes nothing."""
        where = f"{self.position.topic_id}:{self.position.partition}:{self.position.offset}"
        return uuid_of("rejected", self.tenant, self.source, self.stage, where, self.path, self.body.hex())

    def encode(self) -> bytes:
        """The value of a record of `interactions.rejected`: one JSON object."""
        text, encoding = text_of(self.body)
        return orjson.dumps(
            {
                "rejected_id": str(self.rejected_id),
                "stage": self.stage,
                "reason": self.fault.reason.value,
                "detail": self.fault.detail[:MOST],
                "path": self.path,
                "tenant": self.tenant,
                "source": self.source,
                "adapter": self.adapter,
                "channel": self.channel,
                "received_at": self.received_at,
                "event_id": str(self.event_id) if self.event_id else None,
                "message_id": self.message_id,
                "body": text,
                "body_encoding": encoding,
                "headers": orjson.dumps(dict(self.headers)).decode(),
                **self.position.as_members(),
                **({} if self.replay_of is None else {"replay_of": str(self.replay_of)}),
            }
        )


def text_of(body: bytes) -> tuple[str, str]:
    """Bytes as a JSON string can hold them, and how: utf8 as they are, anything else as base64.

    Control characters take six bytes each in JSON; a large body full of them would not fit a record: base64 as well.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return b64encode(body).decode(), "base64"
    if len(body) > _LARGE and len(orjson.dumps(text)) > len(body) * 4 // 3:
        return b64encode(body).decode(), "base64"
    return text, "utf8"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A copy of an interaction that came before: where each of the two stands."""

    tenant: str
    source: str
    channel: str
    event_id: UUID
    message_id: str | None
    received_at: str
    position: Position
    first: Position
    body: bytes

    def encode(self) -> bytes:
        """The value of a record of `interactions.duplicates`: one JSON object."""
        return orjson.dumps(
            {
                "tenant": self.tenant,
                "source": self.source,
                "channel": self.channel,
                "event_id": str(self.event_id),
                "message_id": self.message_id,
                "received_at": self.received_at,
                "body": self.body.decode(),
                **self.position.as_members(),
                **self.first.as_members("first_"),
            }
        )
