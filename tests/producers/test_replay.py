from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import SecretStr

from producers.adapters import ROLL
from producers.adapters.segment import Segment, SegmentConfig
from producers.conformance import golden
from producers.contract import Bad, Delivery
from producers.judge import Judge, Judged
from producers.keep import rejected
from producers.replay import Again, Replayer, Unsent
from producers.seal import Origin
from producers.sources import Source
from schemas.fates import Fault, Reason
from schemas.headers import INSTEAD_OF
from schemas.ids import event_id
from schemas.records import CUT, Position, Rejected
from schemas.topics import Topics
from tests.conftest import ROOT
from tests.producers.doubles import NOW
from throughline.replay.patch import parse_patch, patched

TOPICS = Topics()
JUDGE = Judge(TOPICS, 1 << 18, 8 << 20)
WEB = Source(Origin("default", "web", "segment"), Segment(SegmentConfig(write_key=SecretStr("wk"))))
POSITION = Position("interactions.web", UUID(int=7), 2, 9)
SENT = {"type": "track", "event": "E", "messageId": "m1", "timestamp": "2026-01-31T12:00:01Z"}


def kept(source: Source, delivery: Delivery) -> list[Rejected]:
    """What the intake keeps of a delivery."""
    judged = JUDGE.judge(source, delivery)
    assert isinstance(judged, Judged)
    found = [orjson.loads(value) for topic, _, value in judged.records if topic == TOPICS.rejected]
    return [record_of(one) for one in found]


def record_of(told: dict[str, Any]) -> Rejected:
    assert told["body_encoding"] == "utf8"
    return Rejected(
        Fault(Reason(told["reason"]), told["detail"], told["path"]), told["stage"], told["tenant"], told["source"],
        told["adapter"], told["channel"], told["received_at"], told["body"].encode(), orjson.loads(told["headers"]),
        Position(told["raw_topic"], UUID(told["raw_topic_id"]), told["raw_partition"], told["raw_offset"]),
        told["event_id"] and UUID(told["event_id"]), told["message_id"],
    )  # fmt: skip


def again(record: Rejected, *patches: str, sources: tuple[Source, ...] = (WEB,)) -> Again | Unsent:
    replayer = Replayer({source.name: source for source in sources}, JUDGE, TOPICS)
    return replayer.again(record, partial(patched, patches=[parse_patch(one) for one in patches]))


def sent(record: Rejected, *patches: str) -> dict[str, Any]:
    done = again(record, *patches)
    assert isinstance(done, Again), done
    [(_, key, value)] = done.judged.records
    document: dict[str, Any] = orjson.loads(value)
    assert key == f"default:{document['event_id']}".encode() or "rejected_id" in document
    return document


def batch(*messages: dict[str, Any]) -> Delivery:
    body = {"batch": messages, "context": {"app": "x"}, "writeKey": "wk"}
    return Delivery("POST", "/v1/batch", "", {"authorization": "Basic d2s6"}, orjson.dumps(body), NOW)


def process(document: dict[str, Any], reason: Reason = Reason.SCHEMA_INVALID, **members: Any) -> Rejected:  # noqa: ANN401  members of any type
    return replace(
        Rejected(Fault(reason, "no"), "process", "default", "web", "segment", "web", "2026-01-31T12:00:00.000Z",
                 orjson.dumps(document), {}, POSITION, UUID(document["event_id"])),
        **members,
    )  # fmt: skip


def interaction(message_id: str = "m1", **members: object) -> dict[str, Any]:
    good = JUDGE.judge(WEB, batch(SENT | {"userId": "u", "messageId": message_id}))
    assert isinstance(good, Judged)
    document: dict[str, Any] = orjson.loads(good.records[0][2])
    return document | members


@pytest.mark.parametrize("name", ROLL)
def test_what_the_intake_rejected_is_rejected_for_the_same_reason_while_nothing_is_mended(name: str) -> None:
    seen = 0
    for folder in golden.folders(ROOT / "tests/golden", name):
        case = golden.load(folder)
        adapter = golden.build(ROLL[name], case.config)
        if adapter.verify(case.delivery) is not None or (case.delivery.method == "GET" and not adapter.takes_get):
            continue
        source = Source(Origin("default", name, name), adapter)
        for number, item in enumerate(golden.items(adapter, case.delivery)):
            if not isinstance(item, Bad):
                continue
            record = rejected(item, source, case.delivery, number=number)
            done = again(record, sources=(source,))
            assert isinstance(done, Again), done
            assert done.judged.receipts[0].get("reason") == item.fault.reason.value
            assert done.judged.receipts[0]["message_id"] == item.message_id
            is_same_place = done.judged.receipts[0].get("path", "") == item.fault.path
            assert bool(done.judged.records) != is_same_place  # kept already, where it is the very same record
            seen += 1
    assert seen


def test_an_item_of_a_batch_gets_the_id_and_the_content_that_it_would_have_had() -> None:
    good = SENT | {"userId": "u"}
    [record] = kept(WEB, batch(good | {"messageId": "m0"}, SENT))
    assert b"wk" not in record.body
    document = sent(record, "batch[0].userId=u")
    [whole] = [orjson.loads(JUDGE.judge(WEB, batch(good)).records[0][2])]  # type: ignore[union-attr]  # it is judged
    assert document == whole | {"replay_of": str(record.rejected_id)}
    assert document["event_id"] == str(event_id("default", "web", "m1"))


def test_what_is_rejected_again_after_a_patch_is_another_record_that_names_the_first() -> None:
    [record] = kept(WEB, batch(SENT))
    document = sent(record, "batch[0].timestamp=soon", "batch[0].userId=u")
    assert (document["reason"], document["replay_of"]) == ("time_invalid", str(record.rejected_id))
    assert document["rejected_id"] != str(record.rejected_id)


def test_an_interaction_goes_back_as_it_is_and_names_what_it_was() -> None:
    wrong = interaction(zzz=1)
    record = process(wrong)
    document = sent(record, "del(zzz)")
    assert document == interaction() | {"replay_of": str(record.rejected_id)}
    once_more = sent(record)
    assert (once_more["reason"], once_more["stage"], once_more["path"]) == ("schema_invalid", "intake", "zzz")
    assert sent(record_of(once_more), "del(zzz)")["event_id"] == wrong["event_id"]


def test_a_patched_interaction_has_the_ids_of_what_it_says() -> None:
    patched_text = sent(process(interaction()), "text=hello")
    assert patched_text["event_id"] == interaction()["event_id"]
    assert patched_text["fingerprint"] != interaction()["fingerprint"]
    assert sent(process(interaction()), "text=hello", "del(text)")["fingerprint"] == interaction()["fingerprint"]
    assert sent(process(interaction()), "message_id=m2")["event_id"] == str(event_id("default", "web", "m2"))
    given = str(UUID(int=5))
    assert sent(process(interaction()), "message_id=m2", f"event_id={given}")["event_id"] == given


def test_a_conflict_needs_an_id_of_its_own() -> None:
    record = process(interaction(), Reason.ID_CONFLICT)
    for patches in ((), ("text=other",)):
        refused = again(record, *patches)
        assert isinstance(refused, Unsent)
        assert "message_id" in refused.advice
    assert sent(record, "message_id=m9")["event_id"] == str(event_id("default", "web", "m9"))


def test_what_the_store_refused_takes_the_place_of_its_first_try_as_often_as_it_takes() -> None:
    record = process(interaction(), Reason.STORE_REFUSED, stage="sink")
    done = again(record)
    assert isinstance(done, Again)
    assert done.headers == {INSTEAD_OF: POSITION.text.encode()}
    failed = sent(record, "zzz=1")
    assert failed["stage"] == "intake"
    later = again(record_of(failed), "del(zzz)")
    assert isinstance(later, Again)
    assert later.headers == done.headers
    front = {"subject": "user_id:u"} | POSITION.as_members()
    assert sent(process(front | interaction(), stage="sink")) == sent(record) | {
        "replay_of": str(process(front | interaction(), stage="sink").rejected_id)
    }


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (process(interaction(), headers={CUT: "9000000"}), "of its 9000000 bytes"),
        (process(interaction(), stage="sink", position=replace(POSITION, topic="identity.evidence")), "no interaction"),
        (process(interaction(first_offset=1), stage="sink"), "another record"),
        (replace(kept(WEB, batch(SENT))[0], source="gone"), "[sources.gone]"),
        (replace(kept(WEB, batch(SENT))[0], adapter="webhook"), "was webhook of tenant default"),
        (replace(kept(WEB, batch(SENT))[0], tenant="acme"), "was segment of tenant acme"),
        (replace(kept(WEB, batch(SENT))[0], body=b'{"batch":[]}'), "no interaction in it"),
        (replace(kept(WEB, batch(SENT))[0], body=b"{"), "not JSON"),
    ],
)
def test_what_cannot_be_sent_says_what_to_do(record: Rejected, said: str) -> None:
    refused = again(record)
    assert isinstance(refused, Unsent)
    assert said in refused.advice
