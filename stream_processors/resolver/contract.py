"""What the shell asks of the core, and gives to it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from schemas.evidence import Evidence
from schemas.identity import Rules

Output = tuple[bytes, bytes]  # key, value of a record


class Memory(Protocol):
    """What the core reads of the store of one shard. Keys that begin with `!` are the shell's."""

    def get(self, keys: list[bytes]) -> list[bytes | None]:
        """The value of each key, None for a key that is not there."""

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values from `start` to before `stop`, in the order of the keys."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What some evidence changes.

    Attributes:
        map, changes, profiles: key and value of the records for each output topic.
        writes: what to remember, once Kafka has the outputs; None deletes a key.
        links: by outcome: accepted, refused, known.
        refused: by rule.
        merges: profiles that went into another one.
        profiles_delta: by how much the number of profiles of two and more has changed.
    """

    map: list[Output] = field(default_factory=list)
    changes: list[Output] = field(default_factory=list)
    profiles: list[Output] = field(default_factory=list)
    writes: dict[bytes, bytes | None] = field(default_factory=dict)
    links: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    merges: int = 0
    profiles_delta: int = 0


class Core(Protocol):
    """The module `stream_processors.core.resolve`, as a value."""

    def resolve(
        self, facts: Sequence[Evidence], memory: Memory, rules: Rules, *, version: int, at: int, quiet: bool = False
    ) -> Resolution:
        """What these facts change."""

    def everything(self, memory: Memory, rules: Rules, *, version: int, at: int) -> Iterator[Resolution]:
        """Every row and profile again, in pieces."""

    def facts_of(self, memory: Memory) -> Iterator[Evidence]:
        """All facts that the memory holds."""
