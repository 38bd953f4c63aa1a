"""A bounded memory of what was said lately."""

from collections.abc import Callable
from sys import getsizeof
from typing import Any, Final, Generic, TypeVar

ENTRY: Final = 100  # bytes of an entry beside its key: its rank, and its place in the dictionary

Rank = TypeVar("Rank")


class Recent(Generic[Rank]):
    """The best rank that was said of each key, until it is forgotten.

    Keys live in two halves, so that a look costs next to nothing: a young half that is full becomes the old one, whose
    keys are forgotten unless they were met again. Keys that do not fit a half are said each time.
    """

    def __init__(self, most: int, covers: Callable[[Any, Any], bool]) -> None:
        """`most`: bytes; `covers(said, new)`: whether `new` adds nothing to what was said."""
        self._half = most // 2
        self._left = self._half  # bytes that the young half has still
        self._covers = covers
        self._young: dict[str, Rank] = {}
        self._old: dict[str, Rank] = {}

    def __len__(self) -> int:
        """Entries; a key that was met again may have two."""
        return len(self._young) + len(self._old)

    def knows(self, key: str, rank: Rank) -> bool:
        """Whether this would say nothing new; if it would, it counts as said from now on."""
        said = self._young.get(key)
        if said is not None and self._covers(said, rank):
            return True
        if said is None and (said := self._old.get(key)) is not None and self._covers(said, rank):
            self._keep(key, said)
            return True
        self._keep(key, rank)
        return False

    def _keep(self, key: str, rank: Rank) -> None:
        size = getsizeof(key) + ENTRY
        if size > self._left:
            if size > self._half:
                return
            self._old, self._young, self._left = self._young, {}, self._half
        self._young[key] = rank
        self._left -= size
