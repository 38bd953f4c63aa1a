"""The interaction, schema 1: the value of `interactions.<channel>` and, with its position, of `timeline.events`.

This model is the truth. The JSON Schema in docs/ is generated from it, and `schemas.check`, the fast decoder of the
processor, is held to the same verdict by a property test.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

SCHEMA: Final = 1

Channel = Literal["web", "mobile", "social", "call_center", "email", "chat", "sms", "survey", "store"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)

Type = Literal["view", "action", "message", "call", "delivery", "order", "survey", "case", "identity"]
TYPES: Final[tuple[Type, ...]] = get_args(Type)

Direction = Literal["inbound", "outbound"]

NAME: Final = r"^[a-z][a-z0-9_]{0,63}$"  # tenants, sources, adapters and identifier kinds
UUID_TEXT: Final = r"^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"
TIME_TEXT: Final = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]00:?00)$"
FINGERPRINT: Final = r"^[0-9a-fA-F]{16}$"
FIRST_YEAR: Final = 1970  # the table is partitioned by year: the range keeps the partitions few
LAST_YEAR: Final = 2099
MAX_IDENTIFIERS: Final = 64
MAX_VALUE: Final = 512  # characters of an identifier's value
MAX_SHORT: Final = 1024  # characters of names and ids that come from outside
MAX_NUMBER: Final = 1e15  # amounts, scores and durations lie within it, so that Decimal columns hold them

_fullmatch: Final = re.compile(NAME.strip("^$"), re.ASCII).fullmatch


def is_name(text: str) -> bool:
    """Whether a text is a name as tenants, sources, adapters and identifier kinds have it."""
    return _fullmatch(text) is not None


def _uuid_text(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(UUID_TEXT, value):
        msg = "must be a UUID"
        raise ValueError(msg)
    return value


def _utc_time(value: object) -> object:
    """Parsed by msgspec, as `schemas.check` does, so that both see the same instant."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(TIME_TEXT, value, re.ASCII):
        msg = "must be a UTC time of RFC 3339, as 2026-01-31T12:00:00.000Z"
        raise ValueError(msg)
    return msgspec.convert(value, datetime)


def _in_range(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        msg = f"the year must be from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(msg)
    return value


Time = Annotated[
    AwareDatetime,
    Field(strict=False),  # strict would refuse every string after a validator of ours
    AfterValidator(_in_range),
    BeforeValidator(_utc_time),
]
Id = Annotated[UUID, Field(strict=False), BeforeValidator(_uuid_text)]
Name = Annotated[str, Field(pattern=NAME)]
Short = Annotated[str, Field(min_length=1, max_length=MAX_SHORT)]
Number = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER, allow_inf_nan=False)]
Open = dict[str, Any]  # an open JSON object: its keys belong to whoever sent it


class Identifier(BaseModel):
    """What names a customer in one system, in normal form."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Name = Field(description="user_id, email, phone, anonymous_id, device_id, or a social network's own id")
    value: str = Field(min_length=1, max_length=MAX_VALUE, description="the normalised value")


class Interaction(BaseModel):
    """One contact of a customer with a company, whatever the channel."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, title="Interaction")

    schema_: int = Field(
        alias="schema", ge=SCHEMA, le=SCHEMA, json_schema_extra={"const": SCHEMA}, description="version of this schema"
    )
    event_id: Id = Field(description="UUID of (tenant, source, the provider's own id); the same on every retry")
    fingerprint: Annotated[str, Field(pattern=FINGERPRINT)] | None = Field(
        None,
        description="64 bits of BLAKE2b over what was said, times and context left out: tells a copy from a conflict",
    )
    message_id: Short | None = Field(None, description="the provider's own id, as it came")
    tenant: Name = Field(description="whose customer this is")
    source: Name = Field(description="the configured source that took it")
    adapter: Name = Field(description="the adapter that decoded it")
    channel: Channel = Field(description="the medium")
    type: Type = Field(description="what kind of contact")
    name: Short | None = Field(
        None, description="the event's name, page's title, subject line, or the vendor's own event"
    )
    occurred_at: Time = Field(description="when it happened, as it was sent; the first receipt where nothing was sent")
    sent_at: Time | None = Field(
        None, description="when the device says that it sent it; with received_at its clock's skew"
    )
    received_at: Time = Field(description="when the intake had it")
    direction: Direction | None = Field(None, description="inbound: from the customer; outbound: to the customer")
    identifiers: list[Identifier] = Field(
        min_length=1, max_length=MAX_IDENTIFIERS, description="everything in it that names the customer"
    )
    traits: Open = Field(default_factory=dict, description="facts about the customer")
    conversation: Short | None = Field(None, description="what ties messages or calls together: thread, call, ticket")
    agent: Short | None = Field(None, description="who served the customer")
    text: str | None = Field(None, description="what was written or said")
    amount: Number | None = Field(None, description="money, in units of currency")
    currency: Annotated[str, Field(min_length=3, max_length=3)] | None = Field(None, description="ISO 4217")
    score: Number | None = Field(None, description="a survey's score")
    score_scale: Number | None = Field(None, description="the highest score possible")
    duration_s: Annotated[float, Field(ge=0, le=MAX_NUMBER)] | None = Field(None, description="seconds")
    properties: Open = Field(default_factory=dict, description="what else was said about the act")
    context: Open = Field(
        default_factory=dict, description="the circumstances: page, device, library, campaign, headers"
    )
    replay_of: Id | None = Field(None, description="the rejected record that was sent again as this interaction")
