import pytest

from stream_processors.transport.start import Found, Start, known, start


@pytest.mark.parametrize(
    ("committed", "from_beginning", "expected"),
    [(-1001, True, 10), (-1001, False, 20), (10, True, 10), (15, True, 15), (20, False, 20)],
)
def test_where_nothing_is_lost(committed: int, from_beginning: bool, expected: int) -> None:
    assert start(committed, 10, 20, from_beginning=from_beginning) == Start(expected)


def test_records_that_were_deleted_unread_are_an_alarm() -> None:
    begin = start(4, 10, 20, from_beginning=False)
    assert begin.offset == 10
    assert begin.alarm.startswith("6 records were deleted")


def test_a_topic_made_anew_is_an_alarm_and_read_from_its_beginning() -> None:
    begin = start(21, 0, 20, from_beginning=False)
    assert begin.offset == 0
    assert "beyond the end 20" in begin.alarm


@pytest.mark.parametrize(
    ("committed", "begin", "expected"),
    [
        (15, Start(17), 15),
        (4, Start(10, "6 records were deleted"), 4),
        (-1001, Start(10), 10),
        (-1001, Start(20), 10),  # others count what a group that begins behind the last record has yet to read
        (15, Start(17, mark="generation=2", is_declared=True), 17),
    ],
)
def test_what_others_take_a_group_to_have_read(committed: int, begin: Start, expected: int) -> None:
    assert known(Found(committed, "", 10, 20), begin) == expected
