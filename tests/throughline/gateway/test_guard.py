import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.gateway.guard import check, check_get, check_reader
from throughline.gateway.refusal import RefusedError
from throughline.gateway.statement import Statement, read


def _read(sql: str) -> Statement:
    statement = read(sql.encode(), complete=True)
    assert statement is not None
    return statement


_HARMLESS = [
    "'file'",
    "'INTO OUTFILE'",
    "-- file(\n",
    "/* INTO OUTFILE */",
    "t.file",
    "`t`.`file`",
    "files",
    "profile",
    "$$file$$",
]
_HARMFUL = [
    "file",
    "FILE('a')",
    "`file`",
    '"file"',
    "INTO OUTFILE 'a'",
    "outfile",
    "FROM INFILE 'a'",
    "`fi\\x6ce`",
    "1e--1\n, file",
]


@given(st.lists(st.sampled_from(_HARMLESS), max_size=5).map(" , ".join))
def test_words_of_files_in_strings_and_columns_pass(text: str) -> None:
    check(_read(f"SELECT 1 {text}"), {"a": "file"})


@given(
    st.lists(st.sampled_from(_HARMLESS), max_size=3),
    st.sampled_from(_HARMFUL),
    st.lists(st.sampled_from(_HARMLESS), max_size=3),
)
def test_files_are_refused(before: list[str], harm: str, after: list[str]) -> None:
    with pytest.raises(RefusedError, match="ACCESS_DENIED"):
        check(_read(" , ".join(["SELECT 1", *before, harm, *after])), {})


@pytest.mark.parametrize("value", ["file", " File ", "f\\x69le", "f\\\\ile"])
def test_files_by_parameter_are_refused(value: str) -> None:
    with pytest.raises(RefusedError, match="ACCESS_DENIED"):
        check(_read("SELECT arrayMap({f:Identifier}, ['a'])"), {"f": value})
    check(_read("SELECT {f:String}"), {"f": value})


def test_reading_and_changing() -> None:
    for sql in ("SELECT 1", "(SELECT 1)", "WITH 1 AS a SELECT a", "show tables", "DESC t", "SET a = 1"):
        check_reader(_read(sql))
        check_get(_read(sql))
    for sql in (
        "INSERT INTO t VALUES (1)",
        "DROP TABLE t",
        "KILL QUERY WHERE 1",
        "SYSTEM FLUSH LOGS",
        "",
        "file('a')",
        "`SELECT`",
    ):
        for refuse in (check_reader, check_get):
            with pytest.raises(RefusedError, match="READONLY"):
                refuse(_read(sql))
