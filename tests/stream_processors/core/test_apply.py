"""Links aside that turn out to be older, and facts that come before what they speak of."""

from dataclasses import replace

import pytest

from schemas.evidence import Evidence
from schemas.identity import Rules
from tests.stream_processors.core.identity_memory import Resolver, assert_as_model
from tests.stream_processors.core.identity_worlds import NARROW, RULES, command, keep_apart, link, retract

SMALL = replace(NARROW, hub=2, degree=9, cap=9)


def told(rules: Rules, *runs: list[Evidence]) -> Resolver:
    resolver, seen = Resolver(rules), list[Evidence]()
    for run in runs:
        resolver.take(run)
        seen += run
        assert_as_model(resolver, seen)
    return resolver


def test_a_link_aside_that_is_older_than_an_erasure_counts_for_no_hub() -> None:
    calls = [link("P1", f"E{n}", n) for n in (3, 4, 5)]
    told(SMALL, calls, [command("erase", 4, ["E5"])], [link("P1", "E5", 1)])


def test_a_link_aside_that_is_older_moves_the_hub_to_an_earlier_time() -> None:
    calls = [link("P1", f"E{n}", 10 * n) for n in range(1, 7)]
    told(SMALL, calls, [link("P1", "E6", 1)], [link("P1", "E5", 2)], [link("P1", "E4", 3)])


def test_a_number_that_was_a_hub_joins_again_when_its_calls_are_taken_back() -> None:
    calls = [link("P1", f"A{n}", n) for n in range(1, 5)]
    rules = replace(SMALL, degree=3)
    told(rules, calls, *([retract(call, 20)] for call in calls[:3]), [link("P1", "A1", 0)])


@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_retract_may_come_before_what_it_takes_back(late: int) -> None:
    first = link("U1", "E1", 3)
    back = retract(first, 5)
    facts = [first, back, retract(back, 7)]
    told(RULES, [facts[late]], [fact for n, fact in enumerate(facts) if n != late])
    told(RULES, *[[fact] for fact in reversed(facts)], [link("U1", "E1", 1)])


def test_a_copy_of_a_link_after_its_retract_is_known() -> None:
    first = link("U1", "E1", 3)
    resolver = told(RULES, [first], [retract(first, 5)])
    done = resolver.take([first])
    assert (done.links["known"], done.map) == (1, [])


def test_what_is_kept_apart_after_it_was_put_aside_counts_for_no_hub() -> None:
    calls = [link("P1", f"E{n}", n) for n in range(1, 6)]
    told(SMALL, calls, [keep_apart(["P1"], ["E5", "E4"], 9)], [keep_apart(["E1", "E2"], ["P1"], 9)])
    told(SMALL, calls, [keep_apart(["P1"], ["E5"], 9)], [retract(call, 10) for call in calls[:2]])


def test_a_blocked_identifier_takes_its_links_back_into_the_count() -> None:
    block = command("block", 9, ["E4"])
    calls = [link("P1", f"E{n}", n) for n in range(1, 6)]
    told(SMALL, [block], calls, [retract(block, 10)], [command("block", 11, ["E1"])])
    more = command("block", 11, ["E3"])
    told(SMALL, calls[:4], [block], [more], [retract(more, 12)])


def test_a_link_of_a_contested_device_is_redundant_once_its_ends_are_one_customer() -> None:
    told(
        RULES,
        [link("U1", "A1", 1), link("U2", "A1", 2), link("A1", "E1", 3)],
        [link("U1", "E1", 4)],
        [link("U1", "A2", 0), link("A2", "A1", 0)],
        [command("handover", 2, ["A1"])],
    )


def test_a_link_that_no_hub_stops_any_more_is_redundant_though_its_end_is_in_doubt() -> None:
    mails = [link("A1", "E2", 3), link("A1", "E3", 4)]
    facts = [link("U1", "E1", 0), link("U1", "A1", 1), link("U2", "A1", 2), *mails, link("A1", "E1", 5)]
    told(replace(SMALL, hub=3), facts, *([retract(mail, 9)] for mail in mails))


def test_what_is_kept_apart_counts_for_no_hub_when_an_erasure_is_taken_back() -> None:
    calls = [link("P1", f"E{n}", n) for n in range(1, 5)]
    erase = command("erase", 10, ["E4"])
    told(SMALL, [keep_apart(["P1"], ["E4"], 0)], [erase], calls, [retract(erase, 11)], [retract(calls[0], 12)])


def test_a_link_of_a_contested_device_may_become_redundant_within_its_component() -> None:
    facts = [link("A1", "U1", 1), link("A1", "U2", 2), link("P1", "U2", 1), link("A1", "P1", 5)]
    told(RULES, facts, [link("P1", "U1", 0)])


def test_what_is_kept_apart_from_within_a_larger_customer_counts_for_no_hub() -> None:
    calls = [link("P1", f"E{n}", n) for n in range(1, 6)]
    larger = [link("E5", other, 1) for other in ("A1", "A2", "D1", "U1")]
    runs = [keep_apart(["P1"], ["E5"], 9)], [retract(call, 10) for call in calls[:2]]
    told(replace(SMALL, hub=2, degree=30), larger, calls, *runs)
    told(replace(SMALL, hub=4, degree=30), larger, [*calls, link("P1", "E6", 0), link("P1", "E7", 0)], *runs)


def test_a_stronger_link_settles_what_weaker_ones_had_put_in_doubt() -> None:
    facts = [link("U1", "E1", 1), link("U2", "E2", 1), link("E1", "P1", 2), link("E2", "P1", 3)]
    resolver = told(RULES, facts, [link("U1", "P1", 9)])
    assert resolver.refused == {str(facts[3].fact_id): "unique:user_id"}


def test_a_doubt_that_becomes_a_weaker_one_lets_stronger_links_in() -> None:
    accounts = [link("U1", "S1", 1), link("U2", "S1", 5)]
    contacts = [link("U3", "P1", 1), link("U4", "P2", 1), link("S1", "P1", 1), link("S1", "P2", 5)]
    told(RULES, [*accounts, *contacts], [link("U5", "S1", 7)], [retract(fact, 9) for fact in accounts])
