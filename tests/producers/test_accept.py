import asyncio
import time
from collections.abc import Iterator
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.accept import FOR_EVER, LARGE, PATIENCE_S
from producers.contract import Bad, Delivery, Draft, MalformedError, Refused
from producers.outcomes import Accepted, Held, Malformed, TooLarge
from schemas.check import Checked, check
from schemas.fates import Fault, Reason
from schemas.telemetry import Metrics
from tests.producers.doubles import KeptPublisher, acceptor, delivery, double, draft, metrics, source

BAD = Bad(Fault(Reason.SCHEMA_INVALID, "no user", "items[1]"), b"its bytes", "m2")


def value(measured: Metrics, name: str, **labels: str) -> float:
    return measured.registry.get_sample_value(f"throughline_{name}_total", labels) or 0


async def test_an_accepted_delivery_is_in_kafka_with_its_receipt() -> None:
    publisher, measured = KeptPublisher(), metrics()
    outcome = await acceptor(publisher, measured).accept(source(), delivery(b"m1"))
    assert isinstance(outcome, Accepted)
    (receipt,) = outcome.receipts
    ((topic, key, published),) = publisher.records
    checked = check(published)
    assert isinstance(checked, Checked)
    assert receipt == {"event_id": str(checked.event_id), "message_id": "m1", "status": "accepted"}
    assert (topic, key) == ("interactions.chat", f"default:{checked.event_id}".encode())
    assert publisher.patience == PATIENCE_S
    assert value(measured, "interactions_accepted", channel="chat", source="shop") == 1
    assert value(measured, "deliveries", source="shop", outcome="accepted") == 1


async def test_a_bad_item_is_rejected_alone_and_kept() -> None:
    publisher, measured, shop = KeptPublisher(), metrics(), source()
    double(shop).decoding = lambda _: [draft("m1"), BAD, draft("m3", identifiers=[]), draft("m4")]
    outcome = await acceptor(publisher, measured).accept(shop, delivery(authorization="hush"))
    assert isinstance(outcome, Accepted)
    assert [receipt["status"] for receipt in outcome.receipts] == ["accepted", "rejected", "rejected", "accepted"]
    told = outcome.receipts[1]
    assert (told["reason"], told["detail"], told["path"]) == ("schema_invalid", "no user", "items[1]")
    assert outcome.receipts[2]["reason"] == "identifier_missing"
    assert [topic for topic, _, _ in publisher.records].count("interactions.rejected") == 2
    kept = orjson.loads(publisher.records[1][2])
    assert (kept["body"], kept["message_id"], kept["channel"]) == ("its bytes", "m2", "chat")
    assert b"hush" not in publisher.records[1][2]
    assert publisher.records[1][1] == kept["rejected_id"].encode()
    assert [receipt.get("rejected_id") for receipt in outcome.receipts][:2] == [None, kept["rejected_id"]]
    assert value(measured, "interactions_rejected", channel="chat", source="shop", reason="schema_invalid") == 1


async def test_a_delivery_of_nothing_is_accepted_without_kafka() -> None:
    publisher, shop = KeptPublisher(), source()
    publisher.failure = Held("unavailable", "away", "later", 5)
    double(shop).decoding = lambda _: []
    assert await acceptor(publisher).accept(shop, delivery()) == Accepted([])


async def test_what_is_not_authentic_is_counted_and_never_decoded() -> None:
    publisher, measured, shop = KeptPublisher(), metrics(), source()
    refused = double(shop).refusal = Refused("signature_wrong", "no", "mend it")
    double(shop).decoding = fail
    assert await acceptor(publisher, measured).accept(shop, delivery()) == refused
    assert not publisher.records
    assert value(measured, "deliveries", source="shop", outcome="signature_wrong") == 1


def fail(_: Delivery) -> Iterator[Draft]:
    yield draft("m1")
    raise KeyError("ada@example.com")


async def test_a_defect_of_an_adapter_keeps_the_delivery_whole_and_logs_no_personal_data(
    capsys: pytest.CaptureFixture[str],
) -> None:
    publisher, shop = KeptPublisher(), source()
    double(shop).decoding = fail
    outcome = await acceptor(publisher).accept(shop, delivery(b"all of it"))
    assert isinstance(outcome, Accepted)
    assert [receipt.get("reason") for receipt in outcome.receipts] == ["undecodable"]
    ((topic, _, kept),) = publisher.records
    assert topic == "interactions.rejected"
    assert orjson.loads(kept)["body"] == "all of it"
    logged = capsys.readouterr()
    assert "adapter_failed" in logged.out + logged.err
    assert "test_accept.py" in logged.out + logged.err
    assert "ada@" not in logged.out + logged.err


async def test_a_draft_that_cannot_be_sealed_is_a_defect_too() -> None:
    publisher, shop = KeptPublisher(), source()
    double(shop).decoding = lambda _: [draft("m1", identifiers=[("email", None)])]
    outcome = await acceptor(publisher).accept(shop, delivery())
    assert isinstance(outcome, Accepted)
    assert outcome.receipts[0].get("reason") == "undecodable"


async def test_a_verification_that_fails_is_held_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    publisher, shop = KeptPublisher(), source()

    def broken(_: Delivery) -> Refused | None:
        raise ValueError

    monkeypatch.setattr(shop.adapter, "verify", broken)
    outcome = await acceptor(publisher).accept(shop, delivery())
    assert isinstance(outcome, Held)
    assert outcome.code == "failed"
    assert not publisher.records


async def test_what_is_not_the_protocol_at_all_is_malformed_and_nothing_is_kept() -> None:
    publisher, shop = KeptPublisher(), source()

    def malformed(_: Delivery) -> Iterator[Draft]:
        yield draft("m1")
        raise MalformedError("not JSON", "send JSON")

    double(shop).decoding = malformed
    assert await acceptor(publisher).accept(shop, delivery()) == Malformed("not JSON", "send JSON")
    assert not publisher.records


async def test_without_kafka_it_is_held_and_not_counted_as_accepted() -> None:
    publisher, measured = KeptPublisher(), metrics()
    publisher.failure = Held("unavailable", "away", "later", 5)
    assert await acceptor(publisher, measured).accept(source(), delivery()) == publisher.failure
    assert value(measured, "interactions_accepted", channel="chat", source="shop") == 0
    assert value(measured, "deliveries", source="shop", outcome="unavailable") == 1


async def test_an_interaction_over_the_limit_is_kept_and_a_record_that_kafka_cannot_hold_is_refused() -> None:
    publisher, shop = KeptPublisher(), source()
    double(shop).decoding = lambda _: [draft("m1", text="x" * 5000)]
    outcome = await acceptor(publisher, max_interaction=1000).accept(shop, delivery())
    assert isinstance(outcome, Accepted)
    assert outcome.receipts[0].get("reason") == "too_large"
    large = delivery(b"x" * (publisher.max_record + 1))
    assert isinstance(await acceptor(publisher, max_interaction=1000).accept(shop, large), TooLarge)
    assert len(publisher.records) == 1


async def test_large_deliveries_are_decoded_one_at_a_time_and_hold_nobody_up() -> None:
    publisher, shop = KeptPublisher(), source()
    spans: list[tuple[float, float]] = []

    def slow(_: Delivery) -> list[Draft | Bad]:
        began = time.monotonic()
        time.sleep(0.05)
        spans.append((began, time.monotonic()))
        return [draft("m1")]

    double(shop).decoding = slow
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    accepting = acceptor(publisher)
    await asyncio.gather(*(accepting.accept(shop, delivery(b"x" * (LARGE + 1))) for _ in range(4)))
    ticking.cancel()
    assert ticks > 4
    assert all(ended <= began for (_, ended), (began, _) in pairwise(spans))


async def test_many_deliveries_have_an_outcome_each_and_wait_for_ever() -> None:
    publisher, shop = KeptPublisher(), source()

    def decode(delivered: Delivery) -> list[Draft | Bad]:
        if delivered.body == b"malformed":
            raise MalformedError("no", "mend it")
        return [draft(delivered.body.decode())]

    double(shop).decoding = decode
    outcomes = await acceptor(publisher).accept_all(shop, [delivery(b"a"), delivery(b"malformed"), delivery(b"b")])
    assert [type(outcome) for outcome in outcomes] == [Accepted, Malformed, Accepted]
    assert publisher.patience == FOR_EVER
    assert len(publisher.records) == 2


items = st.lists(
    st.one_of(
        st.builds(draft, st.text(max_size=5) | st.none(), text=st.text(max_size=20)),
        st.builds(draft, st.none(), properties=st.dictionaries(st.text(), st.floats() | st.text())),
        st.builds(draft, identifiers=st.lists(st.tuples(st.text(), st.text()), max_size=3)),
        st.builds(Bad, st.builds(Fault, st.sampled_from(Reason), st.text()), st.binary()),
    ),
    max_size=8,
)


@given(items)
async def test_every_item_has_one_record_and_one_receipt(drawn: list[Draft | Bad]) -> None:
    publisher, shop = KeptPublisher(), source()
    double(shop).decoding = lambda _: drawn
    outcome = await acceptor(publisher).accept(shop, delivery())
    assert isinstance(outcome, Accepted)
    assert len(outcome.receipts) == len(publisher.records) == len(drawn)
    for receipt, (topic, _, published) in zip(outcome.receipts, publisher.records, strict=True):
        is_kept = topic == "interactions.rejected"
        assert (receipt["status"] == "rejected") == is_kept
        assert is_kept or isinstance(check(published), Checked)
