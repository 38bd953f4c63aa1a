"""What becomes of a delivery at the intake, as values: each way in (HTTP, SMTP, files) says it in its own words."""

from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

from producers.contract import Refused


class Receipt(TypedDict):
    """What became of one item of a delivery, as it is answered in JSON.

    Attributes:
        event_id: a UUID; None where none could be made.
        rejected_id: of what was rejected: what `throughline rejected show` and `replay` go by.
        message_id: the provider's own id of it, where it has one.
        reason, detail, path: why and where, of what was rejected.
    """

    event_id: str | None
    message_id: str | None
    status: Literal["accepted", "rejected"]
    rejected_id: NotRequired[str]
    reason: NotRequired[str]
    detail: NotRequired[str]
    path: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Kafka has every item, acknowledged by all replicas: in `interactions.<channel>` or in `interactions.rejected`."""

    receipts: list[Receipt]


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not in the protocol's form at all; nothing was kept, and sending it again will not help."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Larger than a record of Kafka can be; nothing was kept, and sending it again will not help."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Held:
    """Not now: send the whole again later. What of it has reached Kafka already will be found to be a copy.

    Attributes:
        code: overloaded (the backlog is over its budget), unavailable (Kafka does not answer), failed (a defect of an
            adapter before the delivery could be trusted).
        retry_after: seconds.
    """

    code: Literal["overloaded", "unavailable", "failed"]
    message: str
    hint: str
    retry_after: int


Outcome = Accepted | Refused | Malformed | TooLarge | Held
