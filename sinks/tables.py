"""Which topic goes into which table, and what its records look like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.topics import MAX_RECORD, Topics

INTERACTIONS: Final = "interactions"
REJECTED: Final = "interactions_rejected"
DUPLICATES: Final = "interactions_duplicates"
EVIDENCE: Final = "identity_evidence"
MAP: Final = "identity_map"
CHANGES: Final = "identity_change_log"
PROFILES: Final = "profiles"


@dataclass(frozen=True, slots=True)
class Target:
    """A table, how each record of its topic begins, and whether its rows may come a second later.

    They may where the view `timeline` is not made of them: while much comes, what it is made of goes first.

    Records are joined unparsed. That each begins like this and ends with a brace makes it impossible that two of them,
    broken, read as one row: if the first ended within a string, the second's opening quote would end it, and letters
    follow. Anything else may be wrong with a record; then ClickHouse refuses it.
    """

    table: str
    prefix: bytes
    is_patient: bool = True

    def is_row(self, value: bytes) -> bool:
        """Whether the record may be joined with others."""
        return value.startswith(self.prefix) and value.endswith(b"}") and len(value) <= MAX_RECORD


def targets(topics: Topics) -> Mapping[str, Target]:
    """By topic, all that the sink reads."""
    return {
        topics.timeline: Target(INTERACTIONS, b'{"subject":"', is_patient=False),
        topics.duplicates: Target(DUPLICATES, b'{"tenant":"'),
        topics.rejected: Target(REJECTED, b'{"rejected_id":"'),
        topics.evidence: Target(EVIDENCE, b'{"tenant":"'),
        topics.identity_map: Target(MAP, b'{"tenant":"', is_patient=False),
        topics.identity_changes: Target(CHANGES, b'{"tenant":"'),
        topics.profiles: Target(PROFILES, b'{"tenant":"'),
    }
