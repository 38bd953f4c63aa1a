"""The adapter contract: a delivery comes in, drafts of interactions come out.

An adapter is one file in `producers/adapters/`, and one line on the roll in its `__init__.py`. It does no I/O, reads
no clock and holds no state: the same delivery gives the same drafts, so a vendor's retry gives the same ids.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from schemas.fates import Fault
from schemas.interaction import Channel, Direction, Type


@dataclass(frozen=True, slots=True)
class Delivery:
    """The bytes as they came.

    Attributes:
        method: GET or POST; SMTP for mail; FILE for a record of a file.
        path: the path of the request, without query; the file's name for a record of a file.
        query: the raw query string, without the question mark.
        headers: names in lower case; for SMTP `x-envelope-from` and `x-envelope-to`; for files `x-record` (its number).
        body: unpacked (gzip and the like are the intake's business).
        received_at: aware, UTC.
        url: the full URL as the vendor called it, query included; empty where there is none. Signatures cover it.
        first: which item of a larger delivery its first one was, from 0; only a replay of an item says so.
        replay_of: the rejected record that is sent again; only a replay has one.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    url: str = ""
    first: int = 0
    replay_of: UUID | None = None

    @property
    def whole(self) -> bytes:
        """The bytes that say something: the body, or where a GET is a delivery, its query."""
        return self.body or self.query.encode(errors="replace")


Refusal = Literal["key_missing", "key_wrong", "signature_missing", "signature_wrong", "signature_stale", "malformed"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A delivery that is not authentic. It is counted and never stored.

    Attributes:
        code: closed, a metric label.
        message: what is wrong, for whoever set up the vendor's side. Holds no secret and nothing of the body.
        hint: how to mend it.
    """

    code: Refusal
    message: str
    hint: str


@dataclass(slots=True)
class Draft:
    """What an adapter says about one interaction; `producers.seal` adds the rest and checks it.

    Attributes:
        channel, type, name, direction, conversation, agent, text, amount, currency, score, score_scale, duration_s,
            traits, properties, context: as in `schemas.interaction.Interaction`.
        message_id: the provider's own id, stable across its retries; None where the provider has none: then the id
            is made from the content.
        occurred_at: aware; None where the delivery has no time of its own: then it is the time of receipt.
        sent_at: aware; when the device says that it sent it.
        identifiers: (kind, value) pairs as they came; put into normal form later; empty values are dropped later.
        alone: the body of a delivery that holds nothing but this item, for one of a batch; None: the delivery's own.
            It is kept, to be replayed, where the draft turns out to be no interaction.
    """

    channel: Channel
    type: Type
    message_id: str | None
    occurred_at: datetime | None
    identifiers: list[tuple[str, str]]
    name: str | None = None
    sent_at: datetime | None = None
    direction: Direction | None = None
    traits: dict[str, Any] = field(default_factory=dict)
    conversation: str | None = None
    agent: str | None = None
    text: str | None = None
    amount: float | None = None
    currency: str | None = None
    score: float | None = None
    score_scale: float | None = None
    duration_s: float | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    alone: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Bad:
    """One item of a delivery that is no interaction: kept whole in `rejected`, its neighbours are not held up.

    Attributes:
        fault: what is wrong, and where in the delivery.
        body: a delivery that holds nothing but this item, as near to the original as can be told; else the whole one.
            Decoded again (a replay), it gives this item and the same ids.
        message_id: the provider's id of it, where it can still be read.
        event_id: the id that it would have had, where it can be told.
    """

    fault: Fault
    body: bytes
    message_id: str | None = None
    event_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer of the adapter's own: the handshake of a vendor, or an answer that it demands."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


class MalformedError(Exception):
    """The delivery is not in the protocol's form at all (not JSON, no batch): answered 400, nothing is kept.

    Only for protocols whose sender can act on a 400 (Segment's API). Webhooks yield `Bad` instead.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SourceConfig(BaseModel):
    """Base of every adapter's own keys: frozen, strangers refused, secrets as SecretStr and never empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")


C = TypeVar("C", bound=SourceConfig)


class Adapter(ABC, Generic[C]):
    """One vendor's or protocol's dialect, for one configured source.

    Attributes:
        name: = the module, the settings' `adapter`, a metric label, and the folder of recorded deliveries.
        channels: what it can produce.
        intake: how its deliveries arrive.
        takes_get: whether a GET is a delivery (its query is the body), and not a handshake.
        Config: its own keys.
    """

    name: ClassVar[str]
    channels: ClassVar[frozenset[Channel]]
    intake: ClassVar[Literal["http", "smtp", "file"]] = "http"
    takes_get: ClassVar[bool] = False
    Config: ClassVar[type[SourceConfig]]

    def __init__(self, config: C) -> None:
        self.config = config

    @abstractmethod
    def verify(self, delivery: Delivery) -> Refused | None:
        """Whether the delivery is authentic: None, or why not.

        Called before anything else, over the raw bytes. Compare secrets as bytes with hmac.compare_digest. There is
        no default: every adapter says what it trusts. Never raises on any bytes.
        """

    @abstractmethod
    def decode(self, delivery: Delivery) -> Iterable[Draft | Bad]:
        """The interactions of an authentic delivery, in their order.

        Pure: no clock (use delivery.received_at), no randomness, no I/O. Any bytes must come out as drafts, as `Bad`,
        or as MalformedError; nothing else may be raised.
        """

    def handshake(self, delivery: Delivery) -> Reply | None:  # noqa: ARG002  most vendors have none
        """The answer to a vendor's GET that proves who owns the URL; None where the vendor has none."""
        return None

    def reply(self) -> Reply | None:
        """The answer to an accepted delivery, where the vendor demands one; None for ours."""
        return None
