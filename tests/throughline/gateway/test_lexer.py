import httpx
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from throughline.gateway.lexer import Kind, Token, UnfinishedError, tokens

_FRAGMENTS = [
    *"'\"`\\$/*#;.()[]{}-+!=@%a_01 \n\t\0é日\u2018\u2019\u201c\u201d\u2212\xa0\u2009\u3000\ufeff",
    *("''", "$$", "$a$", "--", "//", "/*", "*/", "# ", "#!", "x'", "b'", "\\G"),
    *("0x1F", "0b1", "1.5e3", "1e", ".5", "1_000", "..", "FORMAT", "INTO", "OUTFILE", "file("),
]  # fmt: skip
texts = st.lists(st.sampled_from(_FRAGMENTS), max_size=14).map("".join)
_KINDS = {
    "BareWord": Kind.WORD,
    "StringLiteral": Kind.STRING,
    "HereDoc": Kind.STRING,
    "QuotedIdentifier": Kind.QUOTED,
    "Number": Kind.NUMBER,
}


def _told_before_the_end(text: bytes) -> list[Token]:
    seen: list[Token] = []
    try:
        for token in tokens(text, complete=False):
            seen.append(token)  # noqa: PERF402  what came before the error is wanted
    except UnfinishedError:
        return seen
    return seen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 'a;b' -- ;\n, `c;`", ["SELECT", "'a;b'", ",", "`c;`"]),
        ("a /* b /* ; */ c */ d", ["a", "d"]),
        ("a // ;\nb # ;\nc #! ;", ["a", "b", "c"]),
        ("$x$ ; ' $x$ ;", ["$x$ ; ' $x$", ";"]),
        ("'it''s' 'it\\'s'", ["'it''s'", "'it\\'s'"]),
        ("\u2018a;b\u2019 \u201cc;d\u201d", ["\u2018a;b\u2019", "\u201cc;d\u201d"]),
        ("x.1.2 .5INTO", ["x", ".", "1", ".", "2", ".", "5INTO"]),
        ("+.5INTO 1e--1", ["+", ".5", "INTO", "1e-", "-", "1"]),
        ("'open", ["'open"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert [token.text.decode() for token in tokens(text.encode(), complete=True)] == expected


@given(texts)
def test_every_byte_is_in_one_token_or_between_two(text: str) -> None:
    data = text.encode()
    at = 0
    for token in tokens(data, complete=True):
        assert at <= token.start < token.end <= len(data)
        assert data[token.start : token.end] == token.text
        at = token.end


@given(texts, texts)
@example("$a$", " $a$")
@example("1e", "-1")
@example("a '", "' b")
def test_what_is_told_of_a_beginning_stays_true(text: str, more: str) -> None:
    whole = list(tokens((text + more).encode(), complete=True))
    told = [token for token in _told_before_the_end(text.encode()) if token.kind is not Kind.MARK]
    assert told == [token for token in whole if token.kind is not Kind.MARK][: len(told)]


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    list(tokens(data, complete=True))


@pytest.mark.chdb
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(texts, min_size=50, max_size=100))
def test_the_engine_reads_the_same(http: httpx.Client, batch: list[str]) -> None:
    asked = http.post("/", params={"param_q": orjson.dumps(batch).decode().replace("\\", "\\\\")}, content=_QUESTION)
    assert asked.status_code == 200, asked.text
    for text, line in zip(batch, asked.text.splitlines(), strict=True):
        data = text.encode()
        theirs = orjson.loads(line)[0]
        end = next((int(token["begin"]) for token in theirs if token["type"].startswith("Error")), len(data) + 1)
        expected = [
            (int(token["begin"]), int(token["end"]), _KINDS.get(token["type"], Kind.MARK))
            for token in theirs
            if (token["type"] in _KINDS or token["type"] == "Semicolon") and int(token["begin"]) < end
        ]
        ours = [
            (token.start, token.end, token.kind)
            for token in tokens(data, complete=True)
            if token.start < end and (token.kind is not Kind.MARK or token.text == b";")
        ]
        assert ours == expected, text


_QUESTION = """
SELECT tokenizeQuery(q) FROM (SELECT arrayJoin(JSONExtract({q:String}, 'Array(String)')) AS q) FORMAT JSONCompactEachRow
"""
