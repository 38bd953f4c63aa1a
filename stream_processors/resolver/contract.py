"""What the shell asks of the core."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.core.kept import Memory
from stream_processors.core.outputs import Output
from stream_processors.core.resolution import Resolution

__all__ = ["Core", "Memory", "Output", "Resolution"]


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
