import random
import shutil
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from rocksdict import Rdict

from schemas.evidence import Evidence, decode
from schemas.identity import Kind, Rules
from stream_processors.core import resolve as core
from stream_processors.resolver.configured import rules_fact
from stream_processors.resolver.graphs import Graphs
from tests.stream_processors.resolver.evidence import customers, folded, judged, judged_customers, link, links, retract
from tests.stream_processors.resolver.lives import AT, Fate, Kafka, Life, living

OTHERS = (Rules(hub=2), Rules(cap=3), Rules(kinds=dict(Rules().kinds) | {"email": Kind(20, 1)}))


def facts_of(kafka: Kafka) -> list[Evidence]:
    return [fact for value in kafka.log if not isinstance(fact := decode(value), str)]


def last_rules(kafka: Kafka) -> Rules:
    told = Rules()
    for fact in facts_of(kafka):
        if fact.fact == "rules":
            [told] = [rules for rules in (*OTHERS, Rules()) if rules_fact(rules).rules == fact.rules]
    return told


def check(kafka: Kafka, before: tuple[Evidence, ...] = ()) -> None:
    facts, rules = [*before, *facts_of(kafka)], last_rules(kafka)
    assert folded(kafka.rows) == judged(facts, rules)


def survives(kafka: Kafka, folder: Path, dice: random.Random, touches: int) -> bool:
    """One life; whether it came to its end."""
    fate = Fate(touches, dice.random() < 0.5)
    with living(folder, fate) as graphs:
        Life(kafka, graphs, core, fate).work(dice)
    return fate.touches != 0


@pytest.mark.parametrize("seed", range(12))
def test_killed_anywhere_the_map_is_the_same(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    kafka = Kafka()
    for _ in range(8):
        kafka.send(links(dice.randrange(60), dice.randrange(1 << 30), tenants=2, people=12))
        if kafka.log and dice.random() < 0.5:
            facts = [fact for fact in facts_of(kafka) if fact.fact == "link"]
            kafka.send(map(retract, dice.sample(facts, min(3, len(facts)))))
        if dice.random() < 0.3:
            kafka.send([rules_fact(dice.choice(OTHERS))])
        if dice.random() < 0.2:
            kafka.log.append(b"junk")
        survives(kafka, tmp_path, dice, dice.randrange(1, 60))
    while not survives(kafka, tmp_path, dice, 1 << 30):
        pass
    check(kafka)
    assert kafka.committed == len(kafka.log)


@pytest.mark.parametrize("touches", range(1, 9))
@pytest.mark.parametrize("is_after", [False, True])
def test_a_run_that_may_have_been_sent_is_the_same_run_again(tmp_path: Path, touches: int, is_after: bool) -> None:
    """What comes with it the next time takes back what it said: in one run with it nothing would change."""
    dice, kafka = random.Random(0), Kafka()
    first = link("user_id:u", "anonymous_id:a", 7)
    assert survives(kafka, tmp_path, dice, 1 << 30)
    kafka.send([first])
    fate = Fate(touches, is_after)
    with living(tmp_path, fate) as graphs:
        Life(kafka, graphs, core, fate).work(dice)
    kafka.send([retract(first)])
    fate = Fate()
    with living(tmp_path, fate) as graphs:
        life = Life(kafka, graphs, core, fate)
        life.arrive(2)
        life.work(dice)
    check(kafka)
    assert folded(kafka.rows) == {}


@pytest.mark.parametrize("touches", range(1, 9))
@pytest.mark.parametrize("is_after", [False, True])
def test_what_died_before_its_commit_is_committed_by_the_next_life_although_nothing_comes(
    tmp_path: Path, touches: int, is_after: bool
) -> None:
    """The intake may be closed because this group is behind: then nothing ever comes."""
    dice, kafka = random.Random(0), Kafka()
    assert survives(kafka, tmp_path, dice, 1 << 30)
    kafka.send([link("user_id:u", "anonymous_id:a", 7)])
    fate = Fate(touches, is_after)
    with living(tmp_path, fate) as graphs:
        Life(kafka, graphs, core, fate).work(dice)
    assert survives(kafka, tmp_path, dice, 1 << 30)
    assert kafka.committed == len(kafka.log)


@pytest.mark.parametrize("seed", range(6))
def test_workers_with_stores_of_their_own_and_lost_stores_give_the_same_map(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    kafka = Kafka()
    for _ in range(10):
        kafka.send(links(dice.randrange(40), dice.randrange(1 << 30), tenants=2, people=12))
        folder = tmp_path / dice.choice(("one", "two"))
        if dice.random() < 0.2:
            shutil.rmtree(folder, ignore_errors=True)
        survives(kafka, folder, dice, dice.choice((1 << 30, dice.randrange(1, 60))))
    assert survives(kafka, tmp_path / "one", dice, 1 << 30)
    check(kafka)


def test_one_that_has_lost_its_partition_and_does_not_know_it_spoils_nothing(tmp_path: Path) -> None:
    dice, kafka, fate = random.Random(3), Kafka(), Fate()
    kafka.send(links(60, tenants=2))
    with living(tmp_path / "old", fate) as mine, living(tmp_path / "new", fate) as others:
        old = Life(kafka, mine, core, fate)
        old.work(dice)
        kafka.send([link("user_id:late", "anonymous_id:d1.1", 5, "t1"), *links(40, seed=9, tenants=2)])
        old.arrive(30)
        new = Life(kafka, others, core, fate)
        new.work(dice)
        assert new.begins.generation > old.begins.generation
        while old.shard.step():
            pass
        assert folded(kafka.rows) == judged(facts_of(kafka))
        again = Life(kafka, mine, core, fate)
        assert again.begins.generation > new.begins.generation
        again.work(dice)
        check(kafka)


def test_a_topic_made_anew_loses_nothing_that_was_known(tmp_path: Path) -> None:
    dice, kafka = random.Random(4), Kafka()
    kafka.send(links(80, tenants=2))
    assert survives(kafka, tmp_path, dice, 1 << 30)
    before, kafka.log = tuple(facts_of(kafka)), []
    kafka.topic_id, kafka.mark, kafka.committed = UUID(int=2), "", -1001
    assert survives(kafka, tmp_path, dice, 1 << 30)
    check(kafka, before)
    kafka.send(links(10, seed=2, tenants=2))  # the first record has the offset that the rows above were written before
    assert survives(kafka, tmp_path, dice, 1 << 30)
    check(kafka, before)


def test_a_restart_writes_no_row_twice_and_a_new_generation_writes_all(tmp_path: Path) -> None:
    dice, kafka = random.Random(5), Kafka()
    kafka.send(links(50, tenants=2))
    assert survives(kafka, tmp_path, dice, 1 << 30)
    rows = len(kafka.rows)
    assert survives(kafka, tmp_path, dice, 1 << 30)
    assert len(kafka.rows) == rows
    kafka.mark = "generation=30000"
    assert survives(kafka, tmp_path, dice, 1 << 30)
    assert len(kafka.rows) > rows
    assert kafka.mark == "generation=30001"
    check(kafka)


def test_outputs_beyond_the_budget_are_sent_in_pieces(tmp_path: Path) -> None:
    kafka, fate = Kafka(), Fate()
    with living(tmp_path, fate) as graphs:
        life = Life(kafka, graphs, core, fate, budget=2000)
        life.work(random.Random(1))
        kafka.send(links(40, tenants=1))
        life.arrive(40)
        assert life.shard.step()
        assert life.shard.graph.state.pending is None
    assert len(kafka.pieces) > 8
    assert max(kafka.pieces) <= 2000
    check(kafka)


def test_the_configured_rules_are_made_known_once_and_put_in_force(tmp_path: Path) -> None:
    kafka, fate, dice = Kafka(), Fate(), random.Random(1)
    kafka.send(links(60, tenants=2))
    for _ in range(2):
        with living(tmp_path, fate) as graphs:
            life = Life(kafka, graphs, core, fate, configured=OTHERS[0])
            life.work(dice)
            assert life.shard.rules == OTHERS[0]
    assert [fact.fact for fact in facts_of(kafka)].count("rules") == 1
    check(kafka)


def test_other_rules_later_are_only_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kafka, fate, dice = Kafka(), Fate(), random.Random(1)
    for configured in (Rules(), OTHERS[1]):
        with living(tmp_path, fate) as graphs:
            life = Life(kafka, graphs, core, fate, configured=configured)
            life.work(dice)
            assert life.shard.rules == Rules()
    assert not kafka.log
    assert "rules_differed" in capsys.readouterr().out


def test_rules_that_are_none_change_nothing(tmp_path: Path) -> None:
    kafka, fate = Kafka(), Fate()
    kafka.log = [rules_fact(Rules()).encode().replace(b'"hub"', b'"hob"'), b"[]"]
    kafka.send(links(20, tenants=2))
    with living(tmp_path, fate) as graphs:
        life = Life(kafka, graphs, core, fate)
        life.work(random.Random(1))
        assert life.metrics.registry.get_sample_value("throughline_identity_unreadable_total") == 2
        assert life.shard.graph.rules is None
    assert folded(kafka.rows) == judged(facts_of(kafka)[1:])


def test_a_change_of_rules_leaves_one_store(tmp_path: Path) -> None:
    kafka, fate = Kafka(), Fate()
    kafka.send([*links(20, tenants=2), rules_fact(OTHERS[0])])
    with living(tmp_path, fate) as graphs:
        Life(kafka, graphs, core, fate).work(random.Random(1))
    [store] = (tmp_path / f"{AT[0]}-0").glob("graph-*")
    assert Rdict.list_cf(str(store)) == ["default"]
    graphs = Graphs(tmp_path)
    assert graphs.of(AT).rules == OTHERS[0]
    graphs.close()


def test_a_profile_that_only_a_lost_store_knew_is_taken_back(tmp_path: Path) -> None:
    kafka, dice = Kafka(), random.Random(0)
    alone, joined = link("user_id:u", "anonymous_id:a", 7), link("email:a@x.org", "phone:+1", 7)
    kafka.send([alone, joined])
    assert survives(kafka, tmp_path / "lost", dice, 1 << 30)
    assert len(customers(kafka.profiles)) == 2
    kafka.send([retract(alone), link("user_id:b", "email:a@x.org", 8)])
    assert survives(kafka, tmp_path / "new", dice, 1 << 30)
    check(kafka)
    assert customers(kafka.profiles) == judged_customers(facts_of(kafka))
    said = {document["profile_id"]: document for document in map(orjson.loads, kafka.profiles)}
    absorbed = [document for document in said.values() if document["state"] == "absorbed"]
    assert [document["absorbed_by"] for document in absorbed] == list(customers(kafka.profiles))
    count = len(kafka.profiles)
    assert survives(kafka, tmp_path / "third", dice, 1 << 30)
    again = kafka.profiles[count:]
    assert customers(again) == customers(kafka.profiles)  # what was taken back once is not told for ever
    assert all(orjson.loads(value)["state"] == "live" for value in again)


@pytest.mark.parametrize("seed", range(6))
def test_stores_that_are_lost_at_any_time_leave_no_customer_standing(tmp_path: Path, seed: int) -> None:
    dice, kafka = random.Random(seed), Kafka()
    for life in range(5):
        kafka.send(links(dice.randrange(40), dice.randrange(1 << 30), tenants=2, people=8))
        facts = [fact for fact in facts_of(kafka) if fact.fact == "link"]
        kafka.send(map(retract, dice.sample(facts, min(6, len(facts)))))
        survives(kafka, tmp_path / str(life), dice, dice.randrange(1, 60))
    assert survives(kafka, tmp_path / "last", dice, 1 << 30)
    check(kafka)
    assert customers(kafka.profiles) == judged_customers(facts_of(kafka))


@pytest.mark.parametrize("seed", range(4))
def test_profiles_that_other_rules_undo_say_whose_they_are(tmp_path: Path, seed: int) -> None:
    dice, kafka = random.Random(seed), Kafka()
    for rules in (None, *OTHERS, Rules()):
        kafka.send(links(60, seed, tenants=2, people=12) if rules is None else [rules_fact(rules)])
        assert survives(kafka, tmp_path, dice, 1 << 30)
        check(kafka)
        facts, told = facts_of(kafka), last_rules(kafka)
        assert customers(kafka.profiles) == judged_customers(facts, told)
    assert [orjson.loads(change)["what"] for change in kafka.changes].count("rules") == 4
