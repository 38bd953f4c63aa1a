"""What happened to customers is told once, with the evidence."""

from typing import Any

from schemas.evidence import Evidence
from tests.stream_processors.core.identity_memory import Resolver
from tests.stream_processors.core.identity_worlds import RULES, command, keep_apart, link, name, retract, tie


def told(resolver: Resolver, *facts: Evidence) -> list[dict[str, Any]]:
    """What one run of these facts changed."""
    before = len(resolver.changes)
    resolver.take(list(facts))
    return resolver.changes[before:]


def now(resolver: Resolver, short: str) -> str:
    return resolver.owners([name(short)])[name(short)][-1]["profile"]


def test_identifiers_that_join_are_told_with_the_link() -> None:
    resolver, fact = Resolver(RULES), link("U1", "A1", 5)
    [change] = told(resolver, fact)
    assert (change["what"], change["identifiers"]) == ("linked", [name("A1"), name("U1")])
    assert change["profiles"] == [now(resolver, "U1")]
    assert change["evidence"] == [str(fact.fact_id)]
    assert (change["version"], change["at"], change["tenant"]) == (1, "1970-01-01T00:00:00.001Z", "default")
    assert told(resolver, fact) == []


def test_profiles_that_become_one_name_the_one_that_remains_first() -> None:
    resolver = Resolver(RULES)
    told(resolver, link("E1", "A1", 1))
    told(resolver, link("P1", "A2", 1))
    gone, fact = now(resolver, "P1"), link("E1", "P1", 9)
    [change] = told(resolver, fact)
    assert (change["what"], change["profiles"]) == ("merged", [now(resolver, "E1"), gone])
    assert change["identifiers"] == [name("A2"), name("P1")]
    assert resolver.profiles[gone]["absorbed_by"] == now(resolver, "E1")


def test_a_pointer_follows_to_whoever_has_the_root_now() -> None:
    resolver = Resolver(RULES)
    told(resolver, link("P1", "A1", 1))
    first = now(resolver, "P1")
    told(resolver, link("E1", "P1", 2))
    told(resolver, link("U1", "E1", 3))
    assert resolver.profiles[first]["absorbed_by"] == now(resolver, "U1")


def test_a_split_tells_who_left_and_the_profiles_live_again() -> None:
    resolver, merged = Resolver(RULES), tie("U1", "U2", 9)
    told(resolver, link("U1", "A1", 1), link("U2", "A2", 1))
    second = now(resolver, "U2")
    told(resolver, merged)
    assert resolver.profiles[second]["state"] == "absorbed"
    order, change = told(resolver, retract(merged, 10))
    assert (order["what"], order["command"], order["author"], order["reason"]) == (
        "command",
        "retract",
        "ann",
        "a mistake",
    )
    assert (change["what"], change["profiles"]) == ("split", [now(resolver, "U1"), second])
    assert change["identifiers"] == [name("A2"), name("U2")]
    assert resolver.profiles[second]["state"] == "live"


def test_a_refused_link_tells_the_rule_and_who_is_in_doubt_and_both_are_cleared() -> None:
    resolver, second = Resolver(RULES), link("U2", "A1", 5)
    told(resolver, link("U1", "A1", 1))
    contested, refused = told(resolver, second)
    assert (contested["what"], contested["identifiers"]) == ("contested", [name("A1")])
    assert (refused["what"], refused["rule"], refused["evidence"]) == (
        "refused",
        "unique:user_id",
        [str(second.fact_id)],
    )
    assert refused["profiles"] == sorted([now(resolver, "A1"), now(resolver, "U2")])
    changes = told(resolver, command("handover", 5, ["A1"]))
    assert {"command", "cleared", "accepted", "linked", "split"} == {change["what"] for change in changes}


def test_a_hub_is_told_once() -> None:
    resolver = Resolver(RULES)
    whats = [change["what"] for n in range(60) for change in told(resolver, link("P1", f"U{n}", n))]
    assert whats.count("hub") == 1
    assert whats.count("linked") == 1
    assert whats.count("refused") == 59


def test_refusals_are_counted_by_the_first_word_of_the_rule() -> None:
    resolver = Resolver(RULES)
    done = resolver.take([link("U1", "A1", 1), link("U2", "A1", 5), keep_apart(["U1"], ["U2"], 9)])
    assert (dict(done.refused), done.links["accepted"], done.links["refused"]) == ({"unique": 1}, 1, 1)


def test_merges_and_profiles_are_counted() -> None:
    resolver = Resolver(RULES)
    assert resolver.take([link("E1", "A1", 1), link("P1", "A2", 1)]).profiles_delta == 2
    done = resolver.take([link("E1", "P1", 9)])
    assert (done.merges, done.profiles_delta) == (1, -1)
