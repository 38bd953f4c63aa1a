"""Rows in the text of an INSERT are the same rows, and have no empty line."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from throughline.gateway.rows import with_rows

SPACE = st.text(alphabet=" \n\r\t", max_size=6)


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=20), max_size=3), min_size=1), SPACE, SPACE)
def test_no_empty_line_is_left_and_no_row_is_another(rows: list[dict[str, str]], between: str, within: str) -> None:
    loose = (orjson.dumps(row).replace(b"{", b"{" + within.encode(), 1) for row in rows)
    sent = within.encode() + (between.encode() + b"\n").join(loose) + between.encode()
    head = b"INSERT INTO t\nFORMAT JSONEachRow\n"
    statement = with_rows("INSERT INTO t", sent)
    assert statement.startswith(head)
    assert b"\n\n" not in statement
    assert b"".join(statement[len(head) :].split()) == b"".join(sent.split())
