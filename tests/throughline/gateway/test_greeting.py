import pytest

from throughline.gateway.greeting import greeting, greets
from throughline.gateway.statement import read

QUESTION = "SELECT displayName(), version(), revision(), timezone()"


@pytest.mark.parametrize(
    ("sql", "revision", "format_", "expected"),
    [
        (QUESTION, "54471", "Native", True),
        (QUESTION.replace(", ", ",\n "), "54454", "Native", True),
        (QUESTION, "54405", "Native", False),
        (QUESTION, "x", "Native", False),
        (QUESTION, "54471", "TSV", False),
        ("SELECT version()", "54471", "Native", False),
    ],
)
def test_the_question_of_the_go_client(sql: str, revision: str, format_: str, expected: bool) -> None:
    statement = read(sql.encode(), complete=True)
    assert statement is not None
    assert greets({"client_protocol_version": revision}, statement, format_) is expected


def test_the_answer_names_revision_0() -> None:
    """One row of four columns, in Native with block info and serialization marks."""
    data = greeting("host", "26.9", "UTC")
    assert data[:10] == b"\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01"
    assert data[10:] == (
        b"\x0ddisplayName()\x06String\x00\x04host\x09version()\x06String\x00\x0426.9"
        b"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00\x0atimezone()\x06String\x00\x03UTC"
    )
