"""Evidence for tests, and what the map says of it."""

import random
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, get_args
from uuid import UUID

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.evidence import Evidence, command_fact_id, link_id, shard_of
from schemas.identity import BEGIN, END, Range, Rules, State, milliseconds
from schemas.ids import profile_id
from schemas.kafka.clients import producer_config
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from stream_processors.core.judge import judge

Map = dict[str, list[Range]]
STATES: Final[tuple[State, ...]] = get_args(State)


def link(one: str, other: str, at: int, tenant: str = "t") -> Evidence:
    when = datetime.fromtimestamp(at / 1000, UTC)
    return Evidence(tenant, link_id(tenant, one, other), "link", when, [one], [other], source="web")


def retract(fact: Evidence, at: int = 1000) -> Evidence:
    said = command_fact_id(fact.tenant, "retract", at, left=fact.left, right=fact.right, target=fact.fact_id)
    when = datetime.fromtimestamp(at / 1000, UTC)
    return Evidence(
        fact.tenant, said, "retract", when, fact.left, fact.right, target=fact.fact_id, target_fact=fact.fact
    )


def links(count: int, seed: int = 1, *, tenants: int = 6, people: int = 0) -> list[Evidence]:
    """Devices, e-mails and accounts of some people, with a few that are shared, so that rules refuse some."""
    dice = random.Random(seed)
    people = people or max(3, count // 4)
    made = []
    for _ in range(count):
        person = dice.randrange(people)
        device = f"anonymous_id:d{dice.choice((person, person, person, dice.randrange(people)))}.{dice.randrange(2)}"
        strong = dice.choice((f"user_id:u{person}", f"email:e{person}.{dice.randrange(2)}@x.org", f"phone:+1{person}"))
        other = device if dice.random() < 0.7 else f"user_id:u{person}"
        if other != strong:
            made.append(link(strong, other, dice.randrange(1_000, 2_000_000), f"t{person % tenants}"))
    return made


def send(kafka: KafkaSettings, facts: Iterable[Evidence]) -> None:
    topic = Topics(kafka.prefix).evidence
    producer = Producer(producer_config(kafka, "test"))
    for number, fact in enumerate(facts):
        for partition in range(4) if fact.fact == "rules" else (shard_of(fact.tenant, 4),):
            producer.produce(topic, fact.encode(), str(fact.fact_id), partition)
        if number % 1000 == 0:
            producer.poll(0)
    assert not producer.flush(60)


def judged(facts: Iterable[Evidence], rules: Rules | None = None) -> Map:
    """What the map must say: every subject that is more than its own implicit profile, by tenant:subject."""
    said: Map = {}
    for tenant, known in _by_tenant(facts).items():
        for subject, ranges in judge(known.values(), rules or Rules()).owners.items():
            if ranges != [Range(BEGIN, END, profile_id(tenant, subject), "own")]:
                said[f"{tenant}:{subject}"] = ranges
    return said


def _by_tenant(facts: Iterable[Evidence]) -> dict[str, dict[UUID, Evidence]]:
    by_tenant: dict[str, dict[UUID, Evidence]] = {}
    for fact in facts:
        if fact.tenant:
            known = by_tenant.setdefault(fact.tenant, {})
            before = known.get(fact.fact_id)
            known[fact.fact_id] = fact if before is None or fact.at < before.at else before
    return by_tenant


def folded(rows: Iterable[bytes]) -> Map:
    """What rows of the map come to, in whatever order they are; no two of one version may differ."""
    latest: dict[str, tuple[int, bytes]] = {}
    versions: dict[tuple[str, int], bytes] = {}
    for row in rows:
        document = orjson.loads(row)
        key, version = f"{document['tenant']}:{document['subject']}", document["version"]
        ranges = orjson.dumps(document["ranges"])
        assert versions.setdefault((key, version), ranges) == ranges, (key, version)
        if key not in latest or latest[key][0] < version:
            latest[key] = (version, ranges)
    found = {key: [_range(said) for said in orjson.loads(ranges)] for key, (_, ranges) in latest.items()}
    return {key: ranges for key, ranges in found.items() if ranges}


def _range(said: dict[str, str]) -> Range:
    since, until = (milliseconds(datetime.fromisoformat(said[name])) for name in ("since", "until"))
    [state] = [known for known in STATES if known == said["state"]]
    return Range(since, until, UUID(said["profile"]), state)


def customers(rows: Iterable[bytes]) -> set[str]:
    """The ids of the profiles that live and have two identifiers or more, as their records come to."""
    latest: dict[str, tuple[int, bytes]] = {}
    for row in rows:
        document = orjson.loads(row)
        key, version = document["profile_id"], document.pop("version")
        said = orjson.dumps(document)
        assert latest.get(key, (-1, b""))[0] != version or latest[key][1] == said, (key, version)
        latest[key] = max(latest.get(key, (-1, b"")), (version, said))
    known = [orjson.loads(said) for _, said in latest.values()]
    return {one["profile_id"] for one in known if one["state"] == "live" and len(one["identifiers"]) > 1}


def judged_customers(facts: Iterable[Evidence], rules: Rules | None = None) -> set[str]:
    """Those that there must be: profiles to which two identifiers belong, at some time."""
    said = (judge(known.values(), rules or Rules()) for known in _by_tenant(facts).values())
    owned = (owners for one in said for owners in one.owners.values())
    held = Counter(profile for owners in owned for profile in {span.profile for span in owners})
    return {str(profile) for profile, count in held.items() if count > 1}


def emitted(kafka: KafkaSettings, topic: str | None = None) -> list[bytes]:
    """Every row of a topic, by default of the map, as it is now."""
    topic = topic or Topics(kafka.prefix).identity_map
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "-", "log_level": 2})
    left = 0
    for number in range(4):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=20)
        left += high - low
    consumer.assign([TopicPartition(topic, number, 0) for number in range(4)])
    rows: list[bytes] = []
    deadline = time.monotonic() + 60
    while len(rows) < left and time.monotonic() < deadline:
        for record in consumer.consume(5000, 1.0):
            assert record.error() is None
            rows.append(record.value() or b"")
    consumer.close()
    assert len(rows) >= left
    return rows
