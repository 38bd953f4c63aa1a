"""Writers beside one another, without Kafka and ClickHouse."""

from array import array
from collections.abc import Sequence
from threading import Barrier, Event
from uuid import UUID

from sinks.errors import LostError
from sinks.gather import Gather, Limits
from sinks.lease import Lease
from sinks.ranges import Range, Start, Where
from sinks.writers import Writers
from tests.waiting import until


def load(partition: int, *values: bytes) -> tuple[list[Lease], list[Range]]:
    where = Where("t", UUID(int=1), partition)
    lease = Lease(where, Gather(where, Start(0, 0), bool, Limits()))
    return [lease], [Range(where, 0, len(values) - 1, array("q", range(len(values))), values)]


def done(writers: Writers) -> dict[int, tuple[int, BaseException | None]]:
    """Of all loads by partition, when they are done: their bytes, and what stopped them."""
    told: dict[int, tuple[int, BaseException | None]] = {}

    def all_are() -> bool:
        told.update({leases[0].where.partition: (size, error) for leases, size, error in writers.done()})
        return not writers.busy

    until(all_are)
    return told


def test_loads_are_stored_beside_one_another_and_each_is_told_once() -> None:
    both = Barrier(3)  # two writers and this test: were one after the other, they would never meet

    def store(_: Sequence[Lease], __: Sequence[Range]) -> None:
        both.wait(60)

    writers = Writers(2, store)
    writers.start()
    (ada,), _ = first = load(0, b"abc", b"d")
    writers.give(*first)
    assert writers.has_idle()
    writers.give(*load(1, b"ef"))
    assert not writers.has_idle()
    assert (ada.flying, ada.flying_size) == (first[1][0], 4)
    assert list(writers.done()) == []
    both.wait(60)
    assert done(writers) == {0: (4, None), 1: (2, None)}
    assert ada.flying_size == 0
    assert list(writers.done()) == []


def test_what_stops_a_load_is_told_and_the_writer_goes_on() -> None:
    stored = Event()

    def store(leases: Sequence[Lease], _: Sequence[Range]) -> None:
        if leases[0].where.partition == 0:
            raise LostError
        stored.set()

    writers = Writers(1, store)
    writers.start()
    writers.give(*load(0, b"a"))
    writers.give(*load(1, b"b"))
    assert stored.wait(60)
    told = done(writers)
    assert isinstance(told[0][1], LostError)
    assert told[1] == (1, None)
