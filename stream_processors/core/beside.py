"""Links that are kept aside, of one tenant during one run: found by their ids, and by either end in order of time."""

from collections.abc import Iterable, Iterator
from heapq import merge
from uuid import UUID

from schemas.identity import END
from stream_processors.core import kept
from stream_processors.core.kept import OUT, STRONG, WEAK, Memory
from stream_processors.core.kinds import Kinds


class Beside:
    """The links aside of one tenant: what the memory has, and what changed in this run."""

    def __init__(self, tenant: str, memory: Memory, kinds: Kinds) -> None:
        self._memory = memory
        self._kinds = kinds
        self._start = kept.prefix(b"a", tenant)
        self._pair = kept.prefix(b"p", tenant)
        self._changed: dict[bytes, dict[bytes, bytes | None]] = {}  # by how the keys of an identifier begin
        self._pairs: dict[bytes, bytes | None] = {}

    def find(self, links: Iterable[UUID]) -> dict[UUID, tuple[int, bool]]:
        """Those of these links that are aside: their time, and whether they count."""
        keys = {self._pair + link.bytes: link for link in links}
        stored = [key for key in keys if key not in self._pairs]
        values = dict(zip(stored, self._memory.get(stored), strict=True)) if stored else {}
        found = {link: self._pairs.get(key, values.get(key)) for key, link in keys.items()}
        return {
            link: (int.from_bytes(value[:8], "big"), value[8:] != OUT)
            for link, value in found.items()
            if value is not None
        }

    def has_still(self, link: UUID) -> bool:
        """Whether a link that was found here is so still."""
        return self._pairs.get(self._pair + link.bytes, b"") is not None

    def put(self, link: UUID, t: int, ends: tuple[str, str], *, counts: bool) -> list[tuple[str, bytes]]:
        """Keep a link; each end, and the status that it has there."""
        self._pairs[self._pair + link.bytes] = t.to_bytes(8, "big") + (STRONG if counts else OUT)
        return [self._write(link, t, ends, end, counts=counts, is_here=True) for end in (0, 1)]

    def drop(self, link: UUID, t: int, ends: tuple[str, str], *, counts: bool) -> list[tuple[str, bytes]]:
        """Keep it no more; each end, and the status that it had there."""
        self._pairs[self._pair + link.bytes] = None
        return [self._write(link, t, ends, end, counts=counts, is_here=False) for end in (0, 1)]

    def of(self, identifier: str, status: bytes, since: int = 0, until: int = END) -> Iterator[tuple[int, UUID, str]]:
        """The links aside of an identifier, of one status, in order of time: time, id, the other end."""
        start = kept.aside_prefix(self._start, identifier)
        changed = self._changed.get(start, {})
        low, high = (start + status + t.to_bytes(8, "big") for t in (since, until))
        fresh = sorted((key, value) for key, value in changed.items() if value is not None and low <= key < high)
        stored = ((key, value) for key, value in self._memory.scan(low, high) if key not in changed)
        for key, value in merge(stored, fresh):
            _, t, link = kept.read_place(key)
            yield t, link, value.decode()

    def all_of(self, identifier: str) -> list[tuple[int, UUID, str, bool]]:
        """All links aside of an identifier: time, id, the other end, and whether it counts."""
        return [
            (t, link, other, status != OUT)
            for status in (STRONG, WEAK, OUT)
            for t, link, other in self.of(identifier, status)
        ]

    def writes(self) -> dict[bytes, bytes | None]:
        """What changed, as keys and values; None: the key goes."""
        writes = dict(self._pairs)
        for changed in self._changed.values():
            writes |= changed
        return writes

    def _write(
        self, link: UUID, t: int, ends: tuple[str, str], end: int, *, counts: bool, is_here: bool
    ) -> tuple[str, bytes]:
        identifier, other = ends[end], ends[1 - end]
        status = OUT if not counts else WEAK if self._kinds.of(other).shared else STRONG
        start = kept.aside_prefix(self._start, identifier)
        key = kept.aside_key(start, status, t, link)
        self._changed.setdefault(start, {})[key] = other.encode() if is_here else None
        return identifier, status
