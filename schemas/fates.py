"""What can become of an interaction, and why it may be rejected: closed unions.

A reason is a metric label, a header of the rejected record and a row in the docs, so the list is short and closed;
what exactly is wrong stands in `Fault.detail`, where it is wrong in `Fault.path`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, get_args

Fate = Literal["stored", "duplicate", "rejected"]
FATES: Final[tuple[Fate, ...]] = get_args(Fate)

Stage = Literal["intake", "process", "sink"]


class Reason(StrEnum):
    """Why something could not be accepted as an interaction."""

    NOT_JSON = "not_json"
    SCHEMA_UNKNOWN = "schema_unknown"
    SCHEMA_INVALID = "schema_invalid"
    IDENTIFIER_MISSING = "identifier_missing"
    TIME_INVALID = "time_invalid"
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    ID_CONFLICT = "id_conflict"
    STORE_REFUSED = "store_refused"

    @property
    def meaning(self) -> str:
        """One sentence for the docs, with the remedy."""
        return _MEANINGS[self]


_MEANINGS: Final[dict[Reason, str]] = {
    Reason.NOT_JSON: "The bytes are not a JSON object in UTF-8; send one.",
    Reason.SCHEMA_UNKNOWN: "The schema's version is not known here; upgrade the processors before the producers.",
    Reason.SCHEMA_INVALID: "A field is missing, unknown, or of the wrong type; the path names it.",
    Reason.IDENTIFIER_MISSING: "Nothing in it names a customer; send at least one identifier.",
    Reason.TIME_INVALID: "A time is no RFC 3339 time in UTC from 1970 to 2099; mend the sender's clock or format.",
    Reason.TOO_LARGE: "The interaction is larger than the limit; send less, or raise http.max_interaction.",
    Reason.UNDECODABLE: "The delivery was authentic, but the adapter cannot read it; see the detail, mend the adapter.",
    Reason.ID_CONFLICT: "An interaction of this id but other content came before; give each its own id.",
    Reason.STORE_REFUSED: "ClickHouse refused the row as data; see the detail.",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A data fault, as a value: what is wrong with one item and where. Never an exception.

    Attributes:
        reason: the closed reason.
        detail: what exactly is wrong, for a person.
        path: where in the document, as `identifiers[0].value`; empty for the whole.
    """

    reason: Reason
    detail: str
    path: str = ""
