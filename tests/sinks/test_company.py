"""Which partitions' records go together, and what must go alone."""

from array import array
from uuid import UUID

import pytest

from sinks.company import FEW, PATIENCE_S, companies
from sinks.gather import Gather, Limits
from sinks.lease import Lease
from sinks.ranges import MEMBERS, Mark, Range, Span, Start, Where

LIMITS = Limits(rows=10, size=1000, linger=1.0, interval=2.0)
ID = UUID(int=1)


def lease(
    partition: int, count: int, at: float = 0.0, *, topic: str = "t", mark: Mark | None = None, is_patient: bool = False
) -> Lease:
    """A partition with some records of ten bytes that arrived at a moment."""
    where = Where(topic, ID, partition)
    gather = Gather(where, Start(0, 0, mark), lambda value: value.startswith(b"{"), LIMITS)
    if count:
        gather.add(array("q", range(count)), [b"{" + b"x" * 9] * count, at, written=at + 100)
    return Lease(where, gather, is_patient=is_patient)


def taken(leases: list[Lease], now: float, *, flush: bool = False) -> list[list[Span]]:
    found = companies(leases, LIMITS, pressed=False)
    return [[batch.span for batch in ranges] for one in found for _, ranges in one.take(now, flush=flush)]


def test_what_waits_beside_what_is_due_goes_with_it() -> None:
    leases = [lease(2, 1, at=0.9), lease(1, 2, at=0.0), lease(0, 0), lease(7, 1, topic="other", at=0.5)]
    assert taken(leases, 0.99) == []
    assert taken(leases, 1.0) == [[Span(1, 0, 1), Span(2, 0, 0)]]
    assert [one.flying_written for one in leases[:2]] == [100.9, 100.0]


def test_while_an_insert_is_under_way_more_gathers_until_it_is_full_or_has_waited() -> None:
    def leases(count: int) -> list[Lease]:
        flying = lease(1, 5)
        flying.flying = Range(flying.where, 0, 0, array("q", [0]), [b"{"])
        return [flying, lease(0, count, at=5.0), lease(0, 1, at=5.0, topic="other")]

    assert [spans[0].last for spans in taken(leases(2), 6.0 + PATIENCE_S / 2, flush=True)] == [1, 0]
    assert taken(leases(2), 5.0 + PATIENCE_S / 2) == []
    assert taken(leases(10), 5.0 + PATIENCE_S / 2) == [[Span(0, 0, 9)]]
    assert sorted(taken(leases(2), 5.0 + PATIENCE_S)) == [[Span(0, 0, 0)], [Span(0, 0, 1)]]


def test_what_is_patient_goes_at_once_where_nothing_is_urgent() -> None:
    assert taken([lease(0, 1, is_patient=True), lease(0, 0, topic="urgent")], 1.0) == [[Span(0, 0, 0)]]


def test_what_is_patient_lets_the_urgent_go_first_until_it_has_waited() -> None:
    def leases(*, is_flying: bool) -> list[Lease]:
        urgent = lease(0, 0 if is_flying else 1, at=0.9 + PATIENCE_S, topic="urgent")
        if is_flying:
            urgent.flying = Range(urgent.where, 0, 0, array("q", [0]), [b"{"])
        return [lease(1, 2, at=1.0, is_patient=True), urgent]

    for is_flying in (False, True):
        assert taken(leases(is_flying=is_flying), 0.999 + PATIENCE_S) == []
        assert taken(leases(is_flying=is_flying), 1.0 + PATIENCE_S) == [[Span(1, 0, 1)]]


def test_what_is_patient_lets_nobody_go_first_once_it_is_much() -> None:
    much = Limits(rows=10 * FEW, size=10 * FEW, linger=0.0, interval=2.0)
    for count, goes in ((1, False), (FEW // 10 + 1, True)):
        leases = [lease(0, count, is_patient=True), lease(0, 1, topic="urgent")]
        patient = next(one for one in companies(leases, much, pressed=False) if one.yields)
        assert bool(patient.take(0.9 * PATIENCE_S, flush=False)) == goes


def test_the_limits_are_of_all_of_them() -> None:
    leases = [lease(number, 4, at=number / 10) for number in range(5)]
    assert taken(leases, 0.5) == [[Span(0, 0, 3), Span(1, 0, 3), Span(2, 0, 1)]]  # full: nobody need be due
    assert not companies([lease(0, 4), lease(1, 5)], LIMITS, pressed=False)[0].is_full


def test_so_many_at_most_as_a_mark_can_name() -> None:
    limits = Limits(rows=10_000, size=1 << 20)
    [company] = companies([lease(number, 1) for number in range(MEMBERS + 1)], limits, pressed=False)
    [(_, ranges)] = company.take(0.0, flush=True)
    assert len(ranges) == MEMBERS


def test_what_must_go_as_it_once_went_goes_alone() -> None:
    beside = (Span(9, 1, 2),)
    leases = [
        lease(0, 2, mark=Mark(refused=False, last=0, topic_id=ID, beside=beside)),
        lease(1, 1),
        lease(2, 1, mark=Mark(refused=True, last=0, topic_id=ID)),
        lease(3, 1),
    ]
    leases[3].gather.add(array("q", [1]), [b"junk"], 0.0)
    [company] = companies(leases, LIMITS, pressed=False)
    loads = [ranges for _, ranges in company.take(5.0, flush=False)]
    assert [[batch.where.partition for batch in ranges] for ranges in loads] == [[0], [2], [1, 3]]
    assert loads[0][0].beside == beside
    assert loads[1][0].state == "refused"


@pytest.mark.parametrize(("pressed", "first"), [(False, "small"), (True, "large")])
def test_who_waits_longest_goes_first_and_the_fullest_when_much_waits(pressed: bool, first: str) -> None:
    leases = [lease(0, 9, at=1.0, topic="large"), lease(0, 1, at=0.0, topic="small")]
    [company, _] = companies(leases, LIMITS, pressed=pressed)
    [([one], _)] = company.take(9.0, flush=True)
    assert one.where.topic == first
