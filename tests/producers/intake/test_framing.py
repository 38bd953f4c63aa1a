"""Records come whole, with their numbers and offsets, from any place in the file."""

import csv
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.intake import framing
from producers.intake.framing import Record, UnreadableFileError, cells, columns_of, lines, rows

CELL = st.text(st.sampled_from('ab,;"\n é'), max_size=6)
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8)


def fits(body: bytes) -> bool:
    try:
        found = cells(body, ",", "utf-8")
    except csv.Error:
        return False
    return len(found) == 1 and len(found[0]) == 3


def records(data: bytes) -> list[Record]:
    return list(rows(lines(BytesIO(data)), ",", fits))


@given(st.binary(max_size=400), st.integers(0, 20))
def test_lines_join_to_the_file_and_go_on_from_any_of_them(data: bytes, number: int) -> None:
    found = list(lines(BytesIO(data)))
    assert b"".join(line.body for line in found) == data.removeprefix(framing.BOM)
    assert [line.line for line in found] == list(range(1, len(found) + 1))
    if number and number <= len(found):
        last = found[number - 1]
        rest = BytesIO(data)
        rest.seek(last.end)
        assert list(lines(rest, last.next_line, last.end)) == found[number:]


@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_a_csv_writer_wrote_is_read_row_by_row(table: list[list[str]], newline: str, quoting: int) -> None:
    written = StringIO()
    csv.writer(written, lineterminator=newline, quoting=quoting).writerows(table)  # type: ignore[arg-type]  # one of its constants
    data = written.getvalue().encode()
    found = records(data)
    assert b"".join(record.body for record in found) == data
    assert [cells(record.body, ",", "utf-8")[0] for record in found] == table
    for record in found:
        rest = BytesIO(data)
        rest.seek(record.end)
        assert next(rows(lines(rest, record.next_line, record.end), ",", fits), None) == next(
            (later for later in found if later.line == record.next_line), None
        )


@given(st.text(st.sampled_from('a,"\n'), max_size=60))
def test_rows_of_any_text_join_to_it(text: str) -> None:
    assert b"".join(record.body for record in records(text.encode())) == text.encode()


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    data = b'1,2,"oops\n4,5,6\n7,"eight\nand more",9\n1,"x,2\n3,4,5\n'
    assert [(record.line, record.body) for record in records(data)] == [
        (1, b'1,2,"oops\n'),
        (2, b"4,5,6\n"),
        (3, b'7,"eight\nand more",9\n'),
        (5, b'1,"x,2\n'),
        (6, b"3,4,5\n"),
    ]


def test_a_line_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "LONGEST", 10)
    data = b"short\n" + b"x" * 95 + b"\nlast"
    assert [(r.line, r.body[:5], r.end, r.too_long) for r in lines(BytesIO(data))] == [
        (1, b"short", 6, False),
        (2, b"xxxxx", 102, True),
        (3, b"last", 106, False),
    ]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (None, "the file is empty"),
        (b"a,b,a\n", "'a' twice"),
        (b"a,,b\n", "must name every column"),
        (b"a;b;c\n", "set `delimiter`, perhaps to ';'"),
        (b"a\rb\rc", "lines must end with a newline"),
        (b"a,\xff\n", "not utf-8: set `encoding`"),
        (b'a,"b\n', "not CSV"),
    ],
)
def test_a_header_row_that_is_none_says_what_to_do(header: bytes | None, said: str) -> None:
    record = None if header is None else Record(1, header, len(header), 2)
    with pytest.raises(UnreadableFileError, match=said):
        columns_of(record, ",", "utf-8")
