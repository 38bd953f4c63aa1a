"""A resolver's memory in a dictionary, and a resolver that is fed run by run."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from schemas.evidence import Evidence
from schemas.identity import BEGIN, END, Range, Rules, moment
from schemas.ids import profile_id
from stream_processors.core import kept
from stream_processors.core.judge import Node
from stream_processors.core.resolve import Resolution, resolve
from tests.stream_processors.core.identity_model import Model, judge_slowly, moment_of
from tests.stream_processors.core.identity_model import profile_id as profile_of
from tests.stream_processors.core.identity_worlds import TENANT


class DictMemory:
    """Implements `stream_processors.core.kept.Memory`."""

    def __init__(self) -> None:
        self.keys: dict[bytes, bytes] = {}

    def get(self, keys: list[bytes]) -> list[bytes | None]:
        return [self.keys.get(key) for key in keys]

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted((key, value) for key, value in self.keys.items() if start <= key < stop))

    def write(self, writes: dict[bytes, bytes | None]) -> None:
        for key, value in writes.items():
            if value is None:
                self.keys.pop(key, None)
            else:
                self.keys[key] = value


class Resolver:
    """All that a shell does: runs in, records out, folded by version."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.memory = DictMemory()
        self.version = 0
        self.map: dict[str, list[dict[str, str]]] = {}
        self.profiles: dict[str, dict[str, Any]] = {}
        self.changes: list[dict[str, Any]] = []
        self.refused: dict[str, str] = {}
        self.sizes = 0

    def take(self, facts: Sequence[Evidence]) -> Resolution:
        self.version += len(facts)
        done = resolve(facts, self.memory, self.rules, version=self.version, at=self.version)
        self.memory.write(done.writes)
        self.fold(done)
        return done

    def fold(self, done: Resolution) -> None:
        for key, value in done.map:
            row = orjson.loads(value)
            assert key == f"{row['tenant']}:{row['subject']}".encode()
            assert row["version"] == self.version
            self.map[row["subject"]] = row["ranges"]
        for key, value in done.profiles:
            profile = orjson.loads(value)
            assert key == profile["profile_id"].encode()
            self.profiles[profile["profile_id"]] = profile
        for _, value in done.changes:
            change = orjson.loads(value)
            self.changes.append(change)
            if change["what"] in ("refused", "accepted"):
                self.refused[change["evidence"][0]] = change["rule"]
        self.sizes += done.profiles_delta

    def owners(self, identifiers: Iterable[str]) -> dict[str, list[dict[str, str]]]:
        """The map, folded, and where it says nothing the implicit profile."""
        return {i: self.map.get(i) or implicit_row(i) for i in identifiers}


def implicit_row(identifier: str) -> list[dict[str, str]]:
    own = Range(BEGIN, END, profile_id(TENANT, identifier), "own")
    return document([own])


def document(rows: Iterable[Range]) -> list[dict[str, str]]:
    return [
        {"since": moment(r.since), "until": moment(r.until), "profile": str(r.profile), "state": r.state} for r in rows
    ]


def assert_as_model(resolver: Resolver, facts: Sequence[Evidence]) -> None:
    """What the resolver has said, all runs together, is what the model says of all facts."""
    model = judge_slowly(facts, resolver.rules, TENANT)
    said = {identifier: document(rows) for identifier, rows in model.owners.items()}
    assert resolver.owners(said) == said
    assert resolver.map.keys() <= said.keys()
    assert_turns(resolver, model, facts)
    assert_profiles(resolver, model, facts)
    assert_counted(resolver.memory)


def assert_turns(resolver: Resolver, model: Model, facts: Sequence[Evidence]) -> None:
    """Of each link, the last that was said is whether it holds."""
    ties = {str(fact.fact_id) for fact in facts if fact.fact == "tie"}
    said = {i for i, rule in resolver.refused.items() if rule}
    assert said - ties == {str(i) for i in model.refused} - ties
    assert said <= {str(i) for i in model.refused}


def assert_profiles(resolver: Resolver, model: Model, facts: Sequence[Evidence]) -> None:
    """Profiles of several have their records; all others that ever had one say whose they are now."""
    held: dict[str, list[str]] = {}
    for identifier, rows in model.owners.items():
        for row in rows:
            held.setdefault(str(row.profile), []).append(identifier)
    several = {profile: names for profile, names in held.items() if len(names) > 1}
    assert resolver.sizes == len(several)
    for profile, names in several.items():
        record = resolver.profiles[profile]
        assert record["state"] == "live"
        assert sorted(f"{i['kind']}:{i['value']}" for i in record["identifiers"]) == sorted(names)
    roots = possible_profiles(model, facts)
    for profile, record in resolver.profiles.items():
        now = str(model.owners[roots[profile]][-1].profile)
        if record["state"] == "absorbed":
            assert profile not in several
            assert record["absorbed_by"] == now
        elif record["state"] == "live" and not record["traits"] and profile not in several:
            assert now == profile


def possible_profiles(model: Model, facts: Sequence[Evidence]) -> dict[str, str]:
    """The roots of all profiles that there can have been."""
    return {
        str(profile_of(TENANT, Node(name, since), epoch, alone=alone)): name
        for name in model.owners
        for since in {BEGIN, *(moment_of(fact) for fact in facts if fact.fact == "handover")}
        for epoch in range(1 + sum(fact.fact == "erase" and fact.left == (name,) for fact in facts))
        for alone in (False, True)
    }


def assert_counted(memory: DictMemory) -> None:
    """Each link aside is there three times, and counted at both its ends."""
    counts: Counter[tuple[str, bytes]] = Counter()
    links = Counter(key[-16:] for key in memory.keys if key[:1] == b"a")
    for key in memory.keys:
        if key[:1] == b"a":
            counts[kept.split_aside(key)[1], kept.read_place(key)[0]] += 1
    assert {key[-16:] for key in memory.keys if key[:1] == b"p"} == links.keys()
    assert set(links.values()) <= {2}
    seats = {kept.split_key(k)[1].decode(): kept.read_seat(v) for k, v in memory.keys.items() if k[:1] == b"i"}
    for name, seat in seats.items():
        for status, number in ((kept.STRONG, seat.strong), (kept.WEAK, seat.weak), (kept.OUT, seat.out)):
            assert counts.pop((name, status), 0) == number
    assert not counts
