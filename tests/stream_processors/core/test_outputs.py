import orjson
from hypothesis import given
from hypothesis import strategies as st

from schemas.check import check_all
from schemas.fates import Fault, Reason
from stream_processors.core import outputs
from stream_processors.core.raw import Headers, Raw
from tests.strategies import documents
from tests.stream_processors.core.world import Sent, raw


@given(documents)
def test_a_spliced_record_holds_all_that_came(document: dict[str, object]) -> None:
    value = orjson.dumps(document)
    [verdict] = check_all([value])
    assert not isinstance(verdict, Fault)
    _, who = verdict
    key, spliced = outputs.timeline(who, value, outputs.place(raw([Sent()])), 5)
    record = orjson.loads(spliced)
    assert record.pop("subject").encode() == key
    assert record.pop("raw_offset") == 5
    assert {name: member for name, member in record.items() if not name.startswith("raw_")} == document


@given(st.binary(), st.integers(-1, 2**62))
def test_any_bytes_can_be_rejected(value: bytes, arrival: int) -> None:
    headers: Headers = [("X-Trace", b"\xff"), ("empty", None)]
    one = Raw("web", "t", 0, raw([Sent()]).topic_ids, [value], [1], [arrival], [headers])
    record = orjson.loads(outputs.rejected(one, 0, Fault(Reason.NOT_JSON, "no")).encode())
    assert orjson.loads(record["headers"]) == {"x-trace": "\ufffd", "empty": ""}
    assert record["received_at"].endswith("Z")
