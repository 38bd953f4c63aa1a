from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.mail.headers import Headers, words
from producers.dialects.mail.structure import fields

texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=60)


def header(value: bytes | str, name: str = "From") -> Headers:
    return Headers(fields(name.encode() + b": " + (value.encode() if isinstance(value, str) else value) + b"\r\n\r\n"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [  # RFC 2047, section 8
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
        ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        ("=?utf-8?B?4oI=?= =?utf-8?B?rA==?= 5", "€ 5"),  # a character cut in two
        ("=?utf-8*en?q?colour?=", "colour"),  # RFC 2231, section 5
        ("=?utf-8?B?a?=", "=?utf-8?B?a?="),
        ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
        ("=?unknown?Q?caf=C3=A9?=", "café"),
        ("a\t b", "a b"),
    ],
)
def test_encoded_words(value: str, expected: str) -> None:
    assert header(value, "Subject").text("subject") == expected


@given(texts)
def test_what_the_standard_library_encodes_is_read(text: str) -> None:
    encoded = Header(text, "utf-8", header_name="Subject").encode()
    assert header(encoded, "Subject").text("subject") == " ".join(text.split())


@given(st.text())
def test_no_text_raises(text: str) -> None:
    words(text)
    for name in ("From", "Subject", "References"):
        read = header(text.encode(errors="replace"), name)
        read.addresses(name.lower())
        read.ids(name.lower())


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    read = Headers(fields(data))
    for name, _ in read.items(100):
        read.addresses(name)
        read.text(name).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"Doe, Jane" <jane@example.com>', [("Doe, Jane", "jane@example.com")]),
        ("=?utf-8?q?Doe=2C_Jane?= <jane@example.com>", [("Doe, Jane", "jane@example.com")]),
        ("jane@example.com (Jane Doe)", [("Jane Doe", "jane@example.com")]),
        ("<jane@example.com>", [("", "jane@example.com")]),
        ("a@x.test, b@y.test", [("", "a@x.test"), ("", "b@y.test")]),
        ("Undisclosed recipients:;", []),
        ("Jane Doe", []),
        ("=?utf-8?q?jane=40example=2Ecom?=", [("", "jane@example.com")]),
        ("(" * 5000 + "jane@example.com", [("", "jane@example.com")]),
        ("J\xf8rn <j@example.com>".encode("latin-1"), [("Jørn", "j@example.com")]),
    ],
)
def test_mailboxes(value: bytes | str, expected: list[tuple[str, str]]) -> None:
    assert header(value).addresses("from") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@x>", ["<a@x>"]),
        ("<a@x> <b@y>\r\n\t<c@z>", ["<a@x>", "<b@y>", "<c@z>"]),
        ("a@x", ["a@x"]),
        ("<>", []),
        ("", []),
        ("<" + "a" * 2000 + "@x> <b@y>", ["<b@y>"]),
    ],
)
def test_message_ids(value: str, expected: list[str]) -> None:
    assert header(value, "References").ids("references") == expected
