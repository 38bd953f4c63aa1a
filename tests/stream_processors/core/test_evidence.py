"""However the log is cut and whatever is forgotten, the facts come to the same; and it says no more than it must."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import orjson
from hypothesis import given
from hypothesis import strategies as st

from schemas.check import Passed, check_all
from schemas.evidence import Evidence, command_fact_id, decode, link_id
from schemas.fates import Fault
from schemas.identifiers import is_blocked
from schemas.identity import milliseconds
from stream_processors.core.evidence import Lane

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
SHARED = frozenset({"anonymous_id", "device_id"})
LOGOUT = frozenset({"Signed Out"})

Pairs = Sequence[tuple[str, str]]


def event(
    *pairs: tuple[str, str],
    at: int = 0,
    traits: object = None,
    number: int = 1,
    name: str = "Seen",
    source: str = "web",
) -> Passed:
    """`at`: milliseconds after dawn."""
    moment = (DAWN + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document = {
        "schema": 1, "event_id": str(UUID(int=number)), "fingerprint": "0" * 16, "tenant": "acme", "source": source,
        "adapter": "segment", "channel": "web", "type": "action", "name": name, "occurred_at": moment,
        "received_at": moment, "identifiers": [{"kind": kind, "value": value} for kind, value in pairs],
    }  # fmt: skip
    [verdict] = check_all([orjson.dumps(document | ({} if traits is None else {"traits": traits}))])
    assert not isinstance(verdict, Fault)
    return verdict


def lane(links: int = 1 << 20, traits: int = 1 << 20) -> Lane:
    return Lane(shared=SHARED, logout_events=LOGOUT, links=links, traits=traits)


def facts(into: Lane, *events: Passed) -> list[Evidence]:
    return into.facts(events)


@dataclass
class Known:
    """What facts come to: the earliest time of each link, the latest value of each trait, all handovers."""

    links: dict[UUID, datetime] = field(default_factory=dict)
    traits: dict[tuple[str, str], tuple[datetime, UUID, object, str]] = field(default_factory=dict)
    handovers: dict[UUID, datetime] = field(default_factory=dict)


def merged(told: Iterable[Evidence]) -> Known:
    known = Known()
    for fact in told:
        if fact.fact == "link":
            known.links[fact.fact_id] = min(fact.at, known.links.get(fact.fact_id, fact.at))
        elif fact.fact == "handover":
            known.handovers[fact.fact_id] = fact.at
        else:
            assert fact.event_id is not None
            for name, value in msgspec.json.decode(fact.traits).items():
                said = fact.at, fact.event_id, value, fact.source
                known.traits[fact.left[0], name] = max(said, known.traits.get((fact.left[0], name), said))
    return known


pairs = st.sampled_from(
    [("user_id", "u1"), ("user_id", "null"), ("email", "a@b.c"), ("anonymous_id", "a1"), ("anonymous_id", "a2")]
)
events = st.builds(
    lambda pairs, at, traits, number, name, source: event(
        *pairs, at=at, traits=traits, number=number, name=name, source=source
    ),
    pairs=st.lists(pairs, min_size=1, max_size=3, unique=True),
    at=st.integers(0, 3),
    traits=st.none() | st.dictionaries(st.sampled_from("nm"), st.integers(0, 1), max_size=2),
    number=st.integers(1, 4),
    name=st.sampled_from(["Seen", "Signed Out"]),
    source=st.sampled_from(["web", "shop"]),
)

rooms = st.integers(0, 2000)  # bytes: of six at most


@given(st.lists(events, max_size=30), st.data())
def test_cut_and_forgotten_as_you_like_it_comes_to_the_same(log: list[Passed], data: st.DataObject) -> None:
    """Two workers, small memories, and a copy here and there, as after a crash."""
    everything = merged(fact for each in log for fact in facts(lane(), each))
    workers = [lane(links=data.draw(rooms), traits=data.draw(rooms)) for _ in range(2)]
    told, at = list[Evidence](), 0
    while at < len(log):
        end = data.draw(st.integers(at + 1, len(log)))
        told += facts(data.draw(st.sampled_from(workers)), *log[at:end])
        at = data.draw(st.integers(at, end)) if data.draw(st.booleans()) else end
    assert merged(told) == everything


@given(events)
def test_a_fact_is_sound_and_has_the_same_bytes_each_time(one: Passed) -> None:
    told = [fact.encode() for fact in facts(lane(), one)]
    assert told == [fact.encode() for fact in facts(lane(), one)]
    for value in told:
        fact = decode(value)
        assert isinstance(fact, Evidence)
        assert (fact.tenant, fact.event_id, fact.source) == ("acme", one[0].event_id, one[0].source)
        assert not any(is_blocked(name.partition(":")[2]) for name in (*fact.left, *fact.right))


def test_a_star_from_the_subject() -> None:
    one = event(("anonymous_id", "a1"), ("user_id", "u1"), ("email", "a@b.c"), at=5)
    first, second = facts(lane(), one)
    assert (first.fact, first.left, first.right) == ("link", ("user_id:u1",), ("anonymous_id:a1",))
    assert (second.left, second.right) == (("user_id:u1",), ("email:a@b.c",))
    assert first.fact_id == link_id("acme", "anonymous_id:a1", "user_id:u1")
    assert first.at == one[0].occurred_at


def test_only_what_is_new_or_earlier_is_said() -> None:
    seen = lane()
    pair = ("user_id", "u1"), ("anonymous_id", "a1")
    assert [len(facts(seen, event(*pair, at=at))) for at in (5, 5, 9, 3, 4)] == [1, 0, 0, 1, 0]


def test_identifiers_that_look_alike_when_joined_are_told_apart() -> None:
    seen = lane()
    assert facts(seen, event(("email", "a email:b"), ("phone", "c")))
    assert facts(seen, event(("email", "a"), ("phone", "b phone:c")))
    assert facts(seen, event(("email", "a"), ("email", "b phone:c")))


def test_one_identifier_and_nothing_blocked_says_nothing() -> None:
    assert not facts(
        lane(), event(("user_id", "u1")), event(("user_id", "null"), ("email", "undefined"), traits={"n": 1})
    )
    (link,) = facts(lane(), event(("user_id", "null"), ("email", "a@b.c"), ("anonymous_id", "a1")))
    assert (link.left, link.right) == (("email:a@b.c",), ("anonymous_id:a1",))


def test_of_a_run_with_the_same_traits_the_latest_is_said() -> None:
    copies = [event(("user_id", "u1"), at=at, traits={"plan": "pro"}, number=at + 1) for at in (1, 3, 2)]
    seen = lane()
    (fact,) = facts(seen, *copies)
    assert (fact.fact, fact.left, fact.event_id, bytes(fact.traits)) == (
        "traits", ("user_id:u1",), UUID(int=4), b'{"plan":"pro"}'
    )  # fmt: skip
    assert not facts(seen, *copies)
    assert facts(seen, event(("user_id", "u1"), at=4, traits={"plan": "pro"}, number=9))


def test_no_traits_say_nothing() -> None:
    assert not facts(lane(), event(("user_id", "u1"), traits={}))


def test_traits_of_a_device_are_always_said() -> None:
    copies = [event(("anonymous_id", "a1"), at=at, traits={"plan": "pro"}, number=at) for at in (1, 2)]
    assert len(facts(lane(), *copies)) == 2


def test_a_logout_hands_the_device_over_from_the_next_moment_on() -> None:
    out = event(("user_id", "u1"), ("anonymous_id", "a1"), ("device_id", "0000"), at=7, name="Signed Out")
    link, handover = facts(lane(), out)
    assert (link.fact, link.at) == ("link", out[0].occurred_at)
    assert (handover.fact, handover.left) == ("handover", ("anonymous_id:a1",))
    assert handover.at == out[0].occurred_at + timedelta(milliseconds=1)
    assert handover.fact_id == command_fact_id("acme", "handover", milliseconds(handover.at), left=handover.left)
    assert (handover.author, handover.reason) == ("throughline", "logout event: Signed Out")


def test_the_last_moment_of_all_hands_nothing_over() -> None:
    end = int((datetime(2100, 1, 1, tzinfo=UTC) - DAWN) / timedelta(milliseconds=1)) - 1
    assert not facts(lane(), event(("anonymous_id", "a1"), at=end, name="Signed Out"))
