import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.gateway.refusal import RefusedError
from throughline.gateway.statement import SHORT, read

_NOISE = [
    "'FORMAT CSV'",
    "'it''s; VALUES'",
    "/* FORMAT ; */",
    "-- VALUES ;\n",
    "`FORMAT x`",
    "$q$ ; FORMAT $q$",
    "1.5",
    "f(x)",
]
noise = st.lists(st.sampled_from(_NOISE), max_size=4).map(" ".join)
data = st.binary(min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("text", "verb", "sql", "format_"),
    [
        ("SELECT 1", "SELECT", "SELECT 1", None),
        ("SELECT 1;", "SELECT", "SELECT 1", None),
        ("SELECT 1 ; ; -- done", "SELECT", "SELECT 1", None),
        ("(SELECT 1) UNION ALL (SELECT 2)", "SELECT", "(SELECT 1) UNION ALL (SELECT 2)", None),
        ("SELECT 1 FORMAT JSON", "SELECT", "SELECT 1 FORMAT JSON", "JSON"),
        ("SELECT 1 format JSON settings max_threads = 1", "SELECT", None, "JSON"),
        ("SELECT 1 SETTINGS max_threads = 1 FORMAT CSV", "SELECT", None, "CSV"),
        ("SELECT format FROM t", "SELECT", None, None),
        ("SELECT x AS format FROM t", "SELECT", None, None),
        ("SELECT ';' FROM (SELECT 1 FORMAT CSV)", "SELECT", None, None),
        ("WITH 1 AS a SELECT a", "WITH", None, None),
        ("INSERT INTO t SELECT 1", "INSERT", None, None),
        ("INSERT INTO t SELECT * FROM format(CSV, '1')", "INSERT", None, None),
        ("create table t (x Int8) engine = Memory", "CREATE", None, None),
        ("", "", "", None),
    ],
)
def test_statements_without_data(text: str, verb: str, sql: str | None, format_: str | None) -> None:
    statement = read(text.encode(), complete=True)
    assert statement is not None
    assert (statement.verb, statement.format, statement.data) == (verb, format_, None)
    assert statement.sql == (text if sql is None else sql)


@pytest.mark.parametrize(
    ("head", "rest", "sql", "format_"),
    [
        ("INSERT INTO t VALUES", " (1, 'FORMAT CSV;')", "INSERT INTO t ", "Values"),
        ("INSERT INTO t (a, b) VALUES", "(1, 'x'); (2, 'y')", "INSERT INTO t (a, b) ", "Values"),
        ("INSERT INTO t FORMAT CSV\n", "1;2\n", "INSERT INTO t ", "CSV"),
        ("INSERT INTO t FORMAT CSV  \r\n", "\n1", "INSERT INTO t ", "CSV"),
        ("insert into values format Values ", "(1)", "insert into values ", "Values"),
        ("INSERT INTO format FORMAT TSV\n", "1", "INSERT INTO format ", "TSV"),
        ("INSERT INTO d.values VALUES", "(1)", "INSERT INTO d.values ", "Values"),
        ("INSERT INTO t (format, values) FORMAT TSV\n", "1", "INSERT INTO t (format, values) ", "TSV"),
        (
            "INSERT INTO TABLE FUNCTION null('x Int8') VALUES",
            "(1)",
            "INSERT INTO TABLE FUNCTION null('x Int8') ",
            "Values",
        ),
        (
            "INSERT INTO t SETTINGS a = 1, b = 'FORMAT x' FORMAT CSV\n",
            "1",
            "INSERT INTO t SETTINGS a = 1, b = 'FORMAT x' ",
            "CSV",
        ),
        (
            "INSERT INTO t SELECT x FROM input('x Int8') FORMAT CSV\n",
            "1",
            "INSERT INTO t SELECT x FROM input('x Int8') ",
            "CSV",
        ),
        ("INSERT INTO t -- FORMAT x\n FORMAT Native\n", "\x00'", "INSERT INTO t -- FORMAT x\n ", "Native"),
    ],
)
def test_statements_with_data(head: str, rest: str, sql: str, format_: str) -> None:
    statement = read((head + rest).encode(), complete=True)
    assert statement is not None
    assert (statement.sql, statement.format, statement.data) == (sql, format_, len(head))


@given(noise, data)
def test_data_begins_after_the_format_whatever_it_is(settings: str, rows: bytes) -> None:
    head = f"INSERT INTO t (a, `FORMAT`) SETTINGS x = 1 {settings} FORMAT Native\n".encode()
    statement = read(head + rows, complete=False)
    assert statement is not None
    assert (statement.format, statement.data) == ("Native", len(head))
    assert statement.sql.encode() == head.removesuffix(b"FORMAT Native\n")


@given(noise, noise)
def test_a_second_statement_is_refused(first: str, second: str) -> None:
    with pytest.raises(RefusedError, match="Multi-statements"):
        read(f"SELECT {first} ; SELECT {second}".encode(), complete=True)


@given(noise)
def test_one_statement_stays_whole(text: str) -> None:
    statement = read(f"SELECT {text}\nFORMAT JSON ;".encode(), complete=True)
    assert statement is not None
    assert statement.format == "JSON"
    assert statement.sql == f"SELECT {text}\nFORMAT JSON"


@pytest.mark.parametrize(
    "text", ["SELECT 1", "INSERT INTO t FORMAT CS", "INSERT INTO t FORMAT", "INSERT INTO t VALUE", "a '"]
)
def test_more_is_asked_for(text: str) -> None:
    assert read(text.encode(), complete=False) is None


def test_a_semicolon_after_the_format_is_refused_as_a_server_does() -> None:
    with pytest.raises(RefusedError, match="excessive ';'"):
        read(b"INSERT INTO t FORMAT CSV; 1", complete=True)


def test_text_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(RefusedError, match="UTF-8"):
        read(b"SELECT '\xff'", complete=True)


def test_a_short_text_is_read_once() -> None:
    text = b"SELECT {a:Int8} -- " + b"x" * SHORT
    assert read(text[:SHORT], complete=True) is read(bytes(bytearray(text[:SHORT])), complete=True)
    assert read(text, complete=True) is not read(text, complete=True)
