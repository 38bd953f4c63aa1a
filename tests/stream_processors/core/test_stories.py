"""Stories that vendors publish of how identities are stitched, and ours; each told forwards, backwards, and at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from schemas.evidence import Evidence
from schemas.identity import Rules
from tests.stream_processors.core.identity_memory import Resolver, assert_as_model
from tests.stream_processors.core.identity_worlds import RULES, command, keep_apart, link, name, retract, tie

Told = Callable[..., "Story"]
ORDERS: dict[str, Callable[[list[Evidence]], list[list[Evidence]]]] = {
    "as it happened": lambda facts: [[fact] for fact in facts],
    "backwards": lambda facts: [[fact] for fact in reversed(facts)],
    "at once": lambda facts: [facts],
}


class Story:
    """Who is whose, after all facts."""

    def __init__(self, facts: Sequence[Evidence], order: str, rules: Rules) -> None:
        self.resolver = Resolver(rules)
        for run in ORDERS[order](list(facts)):
            self.resolver.take(run)
        assert_as_model(self.resolver, facts)

    def owner(self, short: str, t: int) -> str:
        [row] = self.resolver.owners([name(short)]).values()
        moment = f"1970-01-01T00:00:{t / 1000:06.3f}Z"
        [span] = [span for span in row if span["since"] <= moment < span["until"]]
        return span["profile"]

    def one(self, *shorts: str, t: int = 50) -> bool:
        """Whether they are one customer at a moment."""
        return len({self.owner(short, t) for short in shorts}) == 1

    def states(self, short: str) -> list[str]:
        [row] = self.resolver.owners([name(short)]).values()
        return [span["state"] for span in row]

    @property
    def rules(self) -> set[str]:
        """The rules that refuse links."""
        return {rule for rule in self.resolver.refused.values() if rule}


@pytest.fixture(params=ORDERS)
def told(request: pytest.FixtureRequest) -> Told:
    return lambda *facts, rules=RULES: Story(facts, request.param, rules)


def test_segment_an_anonymous_visitor_who_logs_in_on_two_devices_is_one_profile(told: Told) -> None:
    story = told(link("U1", "A1", 5), link("U1", "A2", 9), link("U1", "E1", 9))
    assert story.one("U1", "A1", "A2", "E1", t=1)
    assert story.one("U1", "A1", "A2", "E1")


def test_segment_more_mail_addresses_than_the_limit_are_not_taken_in(told: Told) -> None:
    story = told(*[link("U1", f"E{n}", n) for n in range(1, 8)])
    assert story.one("U1", "E1", "E2", "E3", "E4", "E5")
    assert story.rules == {"limit:email"}
    assert not story.one("U1", "E6")
    assert story.states("E6") == ["own"]


def test_segment_a_value_that_is_blocked_joins_nobody(told: Told) -> None:
    kinds = dict(RULES.kinds)
    kinds["user_id"] = replace(kinds["user_id"], blocked=frozenset({"null"}))
    facts = [link("user_id:null", f"A{n}", n) for n in range(1, 5)] + [link("U1", "A1", 9)]
    story = told(*facts, rules=replace(RULES, kinds=kinds))
    assert story.rules == {"blocked"}
    assert story.one("U1", "A1", t=1)
    assert not story.one("A1", "A2")


def test_snowplow_two_profiles_become_one_by_an_identifier_that_they_share(told: Told) -> None:
    story = told(link("E1", "A1", 1), link("P1", "A2", 2), link("E1", "P1", 9))
    assert story.one("E1", "P1", "A1", "A2", t=1)


def test_snowplow_who_browses_with_a_new_cookie_is_known_after_the_next_login(told: Told) -> None:
    story = told(link("U1", "A1", 1), link("A2", "D1", 3), link("U1", "A2", 9))
    assert story.one("U1", "A1", "A2", "D1", t=4)


def test_posthog_two_identified_people_are_not_merged(told: Told) -> None:
    story = told(link("U1", "A1", 1), link("U2", "A2", 2), link("U1", "U2", 9))
    assert not story.one("U1", "U2")
    assert story.rules == {"unique:user_id"}
    assert story.one("U2", "A2")


def test_posthog_an_operator_may_merge_them_and_take_it_back(told: Told) -> None:
    merged = tie("U1", "U2", 9)
    facts = [link("U1", "A1", 1), link("U2", "A2", 2), merged]
    assert told(*facts).one("U1", "A1", "U2", "A2", t=1)
    story = told(*facts, retract(merged, 10))
    assert not story.one("U1", "U2", t=1)
    assert story.one("U2", "A2", t=1)


def test_mixpanel_chains_of_aliases_are_followed(told: Told) -> None:
    names = ["loyalty_id:1", "loyalty_id:2", "loyalty_id:3", "loyalty_id:4"]
    story = told(*[link(a, b, t) for t, (a, b) in enumerate(pairwise(names))], link(names[3], "U1", 9))
    assert story.one("U1", *names, t=1)


def test_mixpanel_a_device_of_two_users_is_the_first_ones_until_the_second_comes(told: Told) -> None:
    story = told(link("D1", "U1", 1), link("D1", "U2", 5))
    assert story.one("D1", "U1", t=3)
    assert not story.one("D1", "U1", t=5)
    assert not story.one("D1", "U2", t=5)
    assert not story.one("U1", "U2")


def test_adobe_two_people_on_one_tablet_have_three_timelines(told: Told) -> None:
    story = told(link("U1", "E1", 1), link("U2", "E2", 1), link("E1", "D1", 2), link("E2", "D1", 7))
    assert len({story.owner(short, 8) for short in ("U1", "U2", "D1")}) == 3
    assert story.one("E1", "D1", t=6)
    assert story.states("D1") == ["linked", "contested"]


def test_adobe_two_guests_with_mail_addresses_on_one_device_are_two(told: Told) -> None:
    story = told(link("E1", "A1", 1), link("E2", "A1", 2))
    assert not story.one("E1", "E2")
    assert story.one("E1", "A1", t=1)
    assert story.rules == {"guest:email"}


def test_adobe_an_account_may_claim_what_a_guest_did(told: Told) -> None:
    story = told(link("E1", "A1", 1), link("U1", "A1", 5))
    assert story.one("E1", "A1", "U1", t=1)


def test_rudderstack_whatever_is_joined_by_any_path_is_one(told: Told) -> None:
    story = told(
        link("E1", "P1", 1), link("P1", "S1", 2), link("S1", "A1", 3), link("A1", "U1", 4), link("U1", "D1", 5)
    )
    assert story.one("E1", "P1", "S1", "A1", "U1", "D1", t=0)


def test_a_login_that_arrives_a_day_late_changes_history(told: Told) -> None:
    story = told(link("E1", "A1", 20), link("U1", "A2", 20), link("U1", "E1", 1))
    assert story.one("U1", "E1", "A1", "A2", t=0)


def test_one_person_by_web_instagram_phone_and_mail_is_on_one_timeline(told: Told) -> None:
    story = told(link("U1", "A1", 1), link("E1", "S1", 2), link("P1", "E1", 3), link("U1", "E1", 4))
    assert story.one("U1", "A1", "E1", "S1", "P1", t=0)


def test_a_family_shares_a_mail_address_and_an_operator_settles_it(told: Told) -> None:
    facts = [link("U1", "E9", 1), link("U2", "E9", 5)]
    assert told(*facts).states("E9") == ["linked", "contested"]
    assert told(*facts, keep_apart(["E9"], ["U2"], 9)).one("U1", "E9", t=20)
    assert told(*facts, tie("E9", "U1", 9)).one("U1", "E9", t=20)
    later = told(*facts, command("handover", 5, ["E9"]))
    assert later.one("U1", "E9", t=4)
    assert later.one("U2", "E9", t=5)


def test_a_switchboards_number_belongs_to_nobody_and_joins_nobody_after_the_limit(told: Told) -> None:
    calls = [link(f"U{n}", "P1", n) for n in range(1, 61)]
    story = told(*calls)
    assert story.states("P1") == ["hub"]
    assert len({story.owner(f"U{n}", 50) for n in range(1, 61)}) == 60
    assert "unique:user_id" in story.rules


def test_a_phone_number_that_changed_hands_is_two_peoples(told: Told) -> None:
    story = told(link("U1", "P1", 1), command("handover", 10, ["P1"]), link("U2", "P1", 12))
    assert story.one("U1", "P1", t=9)
    assert story.one("U2", "P1", t=10)
    assert not story.one("U1", "U2")


def test_who_is_erased_is_new_afterwards(told: Told) -> None:
    story = told(link("U1", "E1", 1), command("erase", 5, ["U1"]), link("U1", "E2", 7))
    assert story.one("U1", "E2")
    assert not story.one("U1", "E1")
    assert story.owner("U1", 50) != told(link("U1", "E2", 7)).owner("U1", 50)


def test_what_is_kept_apart_is_so_by_whatever_path_and_of_others_it_says_nothing(told: Told) -> None:
    story = told(link("E1", "P1", 1), link("P1", "E2", 2), link("E2", "A2", 3), keep_apart(["E1"], ["E2"], 9))
    assert not story.one("E1", "E2", t=20)
    assert story.one("E2", "A2", t=20)
    assert story.one("E1", "P1", t=1)


def test_what_is_blocked_links_nothing_until_that_is_taken_back(told: Told) -> None:
    block = command("block", 9, ["E1"])
    facts = [link("U1", "E1", 1), link("E1", "A1", 2), block]
    assert not told(*facts).one("U1", "E1")
    assert told(*facts, retract(block, 10)).one("U1", "E1", "A1")
