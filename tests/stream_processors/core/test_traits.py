"""Traits merge by latest, in any order; of what customers permit the most restrictive counts."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.core.kept import Trait
from stream_processors.core.traits import latest, together, traits_of
from tests.stream_processors.core.identity_memory import Resolver
from tests.stream_processors.core.identity_worlds import RULES, command, link, name, retract, traits

CONSENT = Rules(consent=frozenset({"email_consent"}))
some = st.dictionaries(
    st.sampled_from(["plan", "name", "email_consent"]),
    st.builds(Trait, st.integers(0, 5), st.sampled_from([b"", b"\x01"]), st.just("web"), st.sampled_from([b"1", b"2"])),
)


def told(facts: Sequence[Evidence], rules: Rules = RULES, *, each: bool = True) -> Resolver:
    resolver = Resolver(rules)
    for run in [[fact] for fact in facts] if each else [list(facts)]:
        resolver.take(run)
    return resolver


def values(resolver: Resolver, short: str) -> dict[str, object]:
    [row] = resolver.owners([name(short)]).values()
    record = resolver.profiles[row[-1]["profile"]]
    return {trait: said["value"] for trait, said in record["traits"].items()}


@given(some, some, some)
def test_latest_is_a_union(a: dict[str, Trait], b: dict[str, Trait], c: dict[str, Trait]) -> None:
    assert latest(a, b) == latest(b, a)
    assert latest(latest(a, b), c) == latest(a, latest(b, c))
    assert latest(a, a) == a


@given(st.lists(some, max_size=4), st.randoms(use_true_random=False))
def test_the_traits_of_a_profile_have_no_order(parts: list[dict[str, Trait]], random: Random) -> None:
    pairs = [pair for part in parts for pair in part.items()]
    mixed = random.sample(pairs, len(pairs))
    assert together(pairs, CONSENT.consent) == together(mixed, CONSENT.consent)


@pytest.mark.parametrize("said", [b"false", b'"no"', b"null", b"0", b'"maybe"', b'"opted_out"'])
def test_whatever_is_no_clear_yes_comes_before_a_later_yes(said: bytes) -> None:
    no, yes = Trait(1, b"", "web", said), Trait(9, b"", "web", b'"Granted"')
    assert together([("email_consent", yes), ("email_consent", no)], CONSENT.consent) == {"email_consent": no}
    assert together([("email_consent", yes), ("email_consent", no)], frozenset()) == {"email_consent": yes}


def test_a_customer_may_change_her_mind_by_one_identifier() -> None:
    facts = [traits("E1", 1, {"email_consent": False}), traits("E1", 5, {"email_consent": True}), link("E1", "U1", 2)]
    assert values(told(facts, CONSENT), "U1") == {"email_consent": True}
    assert values(told([*facts, traits("U1", 1, {"email_consent": False})], CONSENT), "U1") == {"email_consent": False}


@pytest.mark.parametrize("each", [True, False])
def test_a_single_identifier_with_traits_is_a_customer_until_another_takes_it_in(*, each: bool) -> None:
    alone = told([traits("E1", 3, {"plan": "gold"})], each=each)
    assert alone.map == {}
    [(own, record)] = alone.profiles.items()
    assert (record["state"], [one["value"] for one in record["identifiers"]]) == ("live", ["1"])
    alone.take([link("E1", "U1", 5)])
    assert alone.profiles[own]["state"] == "absorbed"
    assert alone.profiles[own]["identifiers"] == []
    assert values(alone, "U1") == {"plan": "gold"}
    assert alone.profiles[own]["absorbed_by"] == alone.owners([name("U1")])[name("U1")][-1]["profile"]


def test_a_trait_says_where_it_came_from() -> None:
    resolver = told([traits("U1", 3, {"plan": "gold"}), link("U1", "E1", 1)])
    [record] = [record for record in resolver.profiles.values() if record["state"] == "live"]
    assert record["traits"] == {"plan": {"value": "gold", "source": "web", "at": "1970-01-01T00:00:00.003Z"}}


def test_a_trait_counts_for_whose_its_identifier_was_at_that_moment() -> None:
    facts = [
        link("U1", "P1", 1),
        traits("P1", 3, {"city": "Oslo"}),
        command("handover", 10, ["P1"]),
        link("U2", "P1", 12),
    ]
    resolver = told(facts)
    assert values(resolver, "U1") == {"city": "Oslo"}
    assert values(resolver, "U2") == {}


def test_what_was_said_before_an_erasure_is_not_told_and_comes_back_with_its_retract() -> None:
    erase = command("erase", 5, ["E1"])
    resolver = told([link("U1", "E1", 6), traits("E1", 3, {"plan": "gold"}), traits("E1", 7, {"name": "Ann"}), erase])
    assert values(resolver, "U1") == {"name": "Ann"}
    resolver.take([retract(erase, 9)])
    assert values(resolver, "U1") == {"name": "Ann", "plan": "gold"}


@pytest.mark.parametrize("raw", [b"[1]", b"7", b'{"a":"\xff"}', b""])
def test_what_is_no_object_says_nothing(raw: bytes) -> None:
    fact = traits("E1", 3, {})
    assert (
        traits_of(Evidence(fact.tenant, fact.fact_id, "traits", fact.at, fact.left, traits=type(fact.traits)(raw)))
        == {}
    )


def test_an_older_value_and_a_copy_tell_nothing() -> None:
    said = traits("E1", 5, {"plan": "gold"})
    resolver = told([said])
    assert resolver.take([said]).profiles == []
    assert resolver.take([traits("E1", 3, {"plan": "free"})]).profiles == []
