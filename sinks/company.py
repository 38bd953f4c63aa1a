"""Which partitions' records go to ClickHouse in one insert. Pure: the caller brings the clock."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from sinks.gather import Limits
from sinks.lease import Lease
from sinks.ranges import MEMBERS, Range, together

PATIENCE_S: Final = 1.0  # how long what waits lets an insert of the same topic, or of an urgent one, go first
FEW: Final = 128 << 10  # bytes, from which on it lets no other topic go first

Load = tuple[Sequence[Lease], Sequence[Range]]


class Company:
    """Partitions of one topic whose writers are idle and of which records wait.

    Attributes:
        size: bytes that wait.
        oldest: when the oldest of their records arrived.
        busy: whether an insert of the same topic is under way: then more gathers meanwhile.
        yields: whether records of topics that are urgent wait or are under way, and it is none: then those go first.
    """

    def __init__(self, leases: Iterable[Lease], limits: Limits, *, busy: bool = False, yields: bool = False) -> None:
        self.busy = busy
        self.yields = yields
        self._leases = sorted(leases, key=lambda lease: lease.gather.oldest or 0.0)
        self._limits = limits
        self.size = sum(lease.gather.size for lease in self._leases)
        self.oldest = self._leases[0].gather.oldest or 0.0

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a whole insert."""
        return self.size >= self._limits.size or sum(lease.gather.rows for lease in self._leases) >= self._limits.rows

    def take(self, now: float, *, flush: bool) -> list[Load]:
        """What goes now: once one range is due, whatever waits beside it goes with it.

        What must go as it once went, and what must be refused, goes alone.
        """
        gives_way = self.busy or (self.yields and self.size < FEW)
        if gives_way and not (flush or self.is_full) and now < self.oldest + PATIENCE_S:
            return []
        if not (flush or self.is_full or any(lease.gather.is_due(now) for lease in self._leases)):
            return []
        loads: list[Load] = []
        members: list[tuple[Lease, Range]] = []
        rows, size = self._limits.rows, self._limits.size
        for lease in self._leases:
            if rows <= 0 or size <= 0 or len(members) == MEMBERS:
                break
            replays, lease.flying_written = lease.gather.replays, lease.gather.written
            batch = lease.gather.take(now, flush=True, rows=rows, size=size)
            if batch is None:
                continue
            if replays or batch.state == "refused":
                loads.append(([lease], [batch]))
            else:
                members.append((lease, batch))
                rows -= len(batch.values)
                size -= sum(map(len, batch.values))
        if members:
            members.sort(key=lambda member: member[1].where.partition)
            loads.append(([lease for lease, _ in members], together([batch for _, batch in members])))
        return loads


def companies(leases: Iterable[Lease], limits: Limits, *, pressed: bool) -> list[Company]:
    """By topic: who waits longest first; when much waits, the fullest."""
    waiting: dict[str, list[Lease]] = defaultdict(list)
    busy: set[str] = set()
    is_urgent = False
    for lease in leases:
        is_urgent |= not lease.is_patient and (lease.flying is not None or lease.gather.oldest is not None)
        if lease.flying is not None:
            busy.add(lease.where.topic)
        elif lease.gather.oldest is not None:
            waiting[lease.where.topic].append(lease)
    found = [
        Company(some, limits, busy=topic in busy, yields=is_urgent and some[0].is_patient)
        for topic, some in waiting.items()
    ]
    return sorted(found, key=lambda company: -company.size if pressed else company.oldest)
