import pytest

from benchmarks.contest.verify import event_id_of

ID = b"0f4cdd7e-6f5c-5b53-8f7e-0123456789ab"


@pytest.mark.parametrize(
    "value",
    [
        b'{"schema":1,"event_id":"' + ID + b'","tenant":"default"}',
        b'{"subject": "user_id:u1", "event_id": "' + ID + b'"}',
        b'{"event_id":"' + ID + b'","properties":{"event_id":"another"}}',
    ],
)
def test_the_event_id_is_found_however_json_was_written(value: bytes) -> None:
    assert event_id_of(value) == ID


def test_a_record_without_one_is_no_output() -> None:
    with pytest.raises(ValueError, match="subsection not found"):
        event_id_of(b'{"schema":1}')
