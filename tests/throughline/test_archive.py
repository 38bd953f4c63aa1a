from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from schemas.identity import Rules
from schemas.settings import ClickHouseSettings, Settings
from sinks.tables import MAP
from stream_processors.resolver.begin import version_of
from stream_processors.resolver.configured import rules_fact
from stream_processors.resolver.rebuild import ArchiveError
from tests.ports import free_port
from tests.sinks.conftest import Store
from tests.stream_processors.core.identity_worlds import RULES, TENANT, random_facts, traits
from tests.throughline.identity.stored import keep
from throughline.archive import EvidenceArchive

pytestmark = pytest.mark.chdb


def archive(url: str) -> EvidenceArchive:
    return EvidenceArchive(Settings(clickhouse=ClickHouseSettings(url=url)))


def test_facts_come_back_as_they_were(store: Store) -> None:
    facts = {fact.fact_id: fact for fact in random_facts(Random(3), size=60, commands=0.3)}
    said = [traits(f"user_id:u{number}", number, {"plan": number}) for number in range(25)]
    keep(store, [*facts.values(), *said, rules_fact(Rules())])
    kept = archive(store.url)
    assert kept.tenants() == [TENANT]
    found = {fact.fact_id: fact.encode() for fact in kept.facts(TENANT)}
    assert found == {fact.fact_id: fact.encode() for fact in (*facts.values(), *said)}


def test_rules_and_generation_are_the_latest(store: Store) -> None:
    kept = archive(store.url)
    assert (kept.generation(), kept.rules(), kept.tenants()) == (0, None, [])
    rules = rules_fact(RULES)
    keep(store, [rules])
    for generation in (7, 9, 8):
        row = f'{{"tenant":"t","subject":"user_id:u","version":{version_of(generation, 5)},"ranges":[]}}'
        assert store.client.insert_ready(MAP, row.encode(), uuid4().hex) is None
    assert (kept.generation(), kept.rules(), kept.tenants()) == (9, bytes(rules.rules), [])
    row = f'{{"tenant":"t","subject":"user_id:u","version":{version_of(12, -1)},"ranges":[]}}'
    assert store.client.insert_ready(MAP, row.encode(), uuid4().hex) is None
    assert kept.generation() == 12


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="is it running"):
        archive(f"http://127.0.0.1:{free_port()}/throughline").generation()
