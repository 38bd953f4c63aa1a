from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.gateway.asked import asked, credentials, identifier, literal
from throughline.gateway.lexer import Kind, tokens
from throughline.gateway.refusal import RefusedError


def test_settings_are_what_belongs_to_the_engine() -> None:
    wants = asked(
        {
            "query": "SELECT 1",
            "user": "u",
            "param_a": "1",
            "ext_structure": "n Int8",
            "max_threads": "2",
            "readonly": "1",
        },
        {},
    )
    assert wants.settings() == {"max_threads": "2"}
    assert wants.parameters == {"a": "1"}
    assert wants.readonly


@pytest.mark.parametrize("name", ["", "a b", "a=1, readonly", "a;b", "a'b", "1a"])
def test_a_settings_name_is_checked(name: str) -> None:
    with pytest.raises(RefusedError, match="UNKNOWN_SETTING"):
        asked({name: "1"}, {}).settings()


def test_headers_win() -> None:
    wants = asked(
        {"database": "a", "default_format": "CSV"}, {"x-clickhouse-database": "b", "x-clickhouse-format": "TSV"}
    )
    assert (wants.database, wants.format) == ("b", "TSV")
    assert (asked({}, {}).database, asked({}, {}).format) == (None, "TabSeparated")


@pytest.mark.parametrize(
    ("options", "headers", "expected"),
    [
        ({}, {}, ("default", "", False)),
        ({"user": "a", "password": "b"}, {}, ("a", "b", True)),
        ({"user": "a"}, {"x-clickhouse-user": "c", "x-clickhouse-key": "d"}, ("c", "d", True)),
        ({}, {"authorization": "Basic " + b64encode(b"e:f:g").decode()}, ("e", "f:g", True)),
    ],
)
def test_credentials(options: dict[str, str], headers: dict[str, str], expected: tuple[str, str, bool]) -> None:
    told = credentials(options, headers)
    assert (told.user, told.password, told.given) == expected


@given(st.text())
def test_literals_and_identifiers_are_one_token(value: str) -> None:
    for text, kind in ((literal(value), Kind.STRING), (identifier(value), Kind.QUOTED)):
        data = text.encode("utf-8", "surrogatepass")
        assert [(token.kind, token.text) for token in tokens(data, complete=True)] == [(kind, data)]
