"""What is too large is rejected beside the others, and nothing of it is remembered."""

from dataclasses import replace

import orjson
import pytest

from schemas.topics import MAX_INTERACTION
from stream_processors.core.learn import learn
from stream_processors.core.step import step
from tests.stream_processors.core.world import TODAY, WINDOW, Kept, Sent, outputs, raw


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.check.MAX_INTERACTION", 1000)


def large(event: int) -> Sent:
    return Sent(junk=Sent(event).value + b" " * 1000)


def test_it_is_rejected_and_all_others_have_the_fates_that_they_would_have() -> None:
    sent = [Sent(1), large(2), Sent(1), large(1), Sent(junk=b"x"), Sent(2)]
    done = step(raw(sent), Kept(), {}, WINDOW)
    assert [role for role, _, _ in outputs(done)] == [
        "stored",
        "rejected",
        "duplicate",
        "rejected",
        "rejected",
        "stored",
    ]
    told = {record["raw_offset"]: record for record in map(orjson.loads, (value for _, value in done.rejected))}
    assert {offset: record["reason"] for offset, record in told.items()} == {
        1: "too_large", 3: "too_large", 4: "not_json"
    }  # fmt: skip
    assert told[3]["body"].encode() == large(1).value
    assert sorted(reason.value for _, reason in done.reasons) == ["not_json", "too_large", "too_large"]
    assert len(done.writes) == 2


def test_where_all_are_too_large_all_are_rejected() -> None:
    some = raw([large(1), large(2)])
    done = step(some, Kept(), {}, WINDOW)
    assert (len(done.rejected), done.timeline, done.writes) == (2, [], {})


def test_a_memory_that_is_made_again_knows_nothing_of_it_either() -> None:
    sent = [large(1), Sent(1, says=2), large(3)]
    some = raw(sent, topic_ids=(TODAY,))
    writes = learn(some, Kept(), WINDOW)
    assert writes == step(some, Kept(), {}, WINDOW).writes
    assert len(writes) == 1
    assert learn(replace(some, values=[b"x" * 1001] * 3), Kept(), WINDOW) == {}


def test_the_limit_leaves_room_for_what_is_put_around_it() -> None:
    assert 2 * MAX_INTERACTION < (8 << 20) - (1 << 20)
