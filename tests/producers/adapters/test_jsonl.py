"""JSON Lines: any line is an interaction or is kept with its number."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from producers.adapters.jsonl import JsonLines
from producers.contract import Bad, Delivery, Draft
from producers.seal import Origin, Sealed, seal

ADAPTER = JsonLines(JsonLines.Config.model_validate({"channel": "store"}))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def delivery(body: bytes, line: int = 7) -> Delivery:
    return Delivery("FILE", "history.jsonl", "", {"x-record": str(line)}, body, NOW)


@given(st.binary(max_size=200))
def test_any_line_is_one_item(body: bytes) -> None:
    (item,) = ADAPTER.decode(delivery(body))
    if isinstance(item, Bad):
        assert item.body == body
        assert item.fault.path.startswith("line 7")


def test_the_same_line_is_the_same_interaction_wherever_it_stands() -> None:
    ids = set()
    for line in (1, 2):
        (draft,) = ADAPTER.decode(delivery(b'{"email":"a@b.example","name":"visit"}', line))
        assert isinstance(draft, Draft)
        sealed = seal(draft, Origin("default", "shop", "jsonl"), NOW, 1 << 18)
        assert isinstance(sealed, Sealed)
        ids.add(sealed.event_id)
    assert len(ids) == 1
