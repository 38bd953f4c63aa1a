import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from schemas.evidence import Evidence, shard_of
from schemas.identity import Rules
from schemas.settings import KafkaSettings, Settings
from stream_processors.core import resolve as core
from stream_processors.database import HeldError
from stream_processors.resolver.begin import begin
from stream_processors.resolver.graphs import PART, Graphs
from stream_processors.resolver.halt import Halt
from stream_processors.resolver.rebuild import is_incomplete, rebuild
from tests.stream_processors.resolver.evidence import folded, judged, links
from tests.stream_processors.resolver.lives import AT, NOW, Fate, Kafka, Life, living

PARTITIONS = [(AT[0], number) for number in range(4)]


@dataclass
class Kept:
    """An archive in memory."""

    kept: list[Evidence] = field(default_factory=list)
    latest: Rules | None = None
    highest: int = 0

    def generation(self) -> int:
        return self.highest

    def rules(self) -> bytes | None:
        return None if self.latest is None else msgspec.json.encode(self.latest.as_document())

    def tenants(self) -> list[str]:
        return sorted({fact.tenant for fact in self.kept})

    def facts(self, tenant: str) -> Iterator[Evidence]:
        return (fact for fact in self.kept if fact.tenant == tenant)


def rebuilt(folder: Path, kept: Kept, partitions: list[tuple[str, int]]) -> None:
    graphs = Graphs(folder)
    assert rebuild(graphs, partitions, kept, core, Halt())
    graphs.close()


def test_a_store_filled_anew_goes_on_as_if_it_had_never_been_lost(tmp_path: Path) -> None:
    dice, kafka, fate = random.Random(1), Kafka(), Fate()
    facts = links(80, tenants=2)
    kafka.send(facts)
    with living(tmp_path, fate) as graphs:
        Life(kafka, graphs, core, fate).work(dice)
    before, kafka.low = kafka.mark, 50  # what came first was deleted
    shutil.rmtree(tmp_path / f"{AT[0]}-0")
    graphs = Graphs(tmp_path)
    assert begin(graphs.of(AT).state, kafka.topic_id, kafka.found, NOW) is None
    graphs.close()
    rebuilt(tmp_path, Kept(facts[:70], Rules(hub=2), 20_005), [AT])
    late = links(20, seed=5, tenants=2)
    kafka.send(late)
    with living(tmp_path, fate) as graphs:
        life = Life(kafka, graphs, core, fate)
        assert life.read == 50
        life.work(dice)
    assert (before, kafka.mark) == ("generation=20000", "generation=20006")
    assert folded(kafka.rows) == judged([*facts, *late], Rules(hub=2))


def test_each_shard_has_its_own_tenants(tmp_path: Path) -> None:
    facts = links(100, tenants=8)
    rebuilt(tmp_path, Kept(facts), PARTITIONS)
    graphs = Graphs(tmp_path)
    for topic, number in PARTITIONS:
        graph = graphs.of((topic, number))
        assert graph.state.covers
        assert {fact.tenant for fact in core.facts_of(graph)} == {
            fact.tenant for fact in facts if shard_of(fact.tenant, 4) == number
        }
    graphs.close()


def test_a_damaged_store_is_filled_anew_and_one_in_use_is_not(tmp_path: Path) -> None:
    graphs = Graphs(tmp_path)
    graphs.of(AT)
    with pytest.raises(HeldError):
        rebuild(Graphs(tmp_path, patience_s=0.1), [AT], Kept(links(9)), core, Halt())
    graphs.close()
    (tmp_path / f"{AT[0]}-0" / "store.json").write_text("junk")
    rebuilt(tmp_path, Kept(links(9)), [AT])
    graphs = Graphs(tmp_path)
    assert list(core.facts_of(graphs.of(AT)))
    graphs.close()


def test_given_up_it_leaves_what_was_there(tmp_path: Path) -> None:
    rebuilt(tmp_path, Kept(links(9)), [AT])
    halt = Halt()
    halt.ending.set()
    graphs = Graphs(tmp_path)
    known = list(core.facts_of(graphs.of(AT)))
    assert not rebuild(graphs, [AT], Kept(links(30, seed=2)), core, halt)
    assert list(core.facts_of(graphs.of(AT))) == known
    graphs.close()


def test_a_rebuild_that_did_not_reach_every_partition_is_seen(tmp_path: Path) -> None:
    settings = Settings(kafka=KafkaSettings(), data_dir=tmp_path)
    assert is_incomplete(settings)
    rebuilt(tmp_path / PART, Kept(), PARTITIONS[:3])
    assert is_incomplete(settings)
    rebuilt(tmp_path / PART, Kept(), PARTITIONS)
    assert not is_incomplete(settings)
