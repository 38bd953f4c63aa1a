import codecs
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.mail.charsets import decoded, from_parser


@pytest.mark.parametrize(
    ("text", "codec", "charset"),
    [
        ("Grüße", "utf-8", "UTF-8"),
        ("Grüße", "utf-8", "us-ascii"),  # what is no ASCII is tried as UTF-8
        ("Grüße", "latin-1", "ISO-8859-1"),
        ("5 € … 7 €", "cp1252", "ISO-8859-1"),  # what mailers call Latin-1
        ("5 € … 7 €", "cp1252", None),
        ("Привет", "koi8-r", "koi8-r"),
        ("Привіт", "koi8-u", "KOI8-U"),
        ("Привет", "cp1251", "windows-1251"),
        ("日本語", "iso-2022-jp", "ISO-2022-JP"),
        ("①", "cp932", "x-sjis"),
        ("朱镕基", "gb18030", "GB2312"),
        ("한글", "cp949", "ks_c_5601-1987"),
        ("שלום", "iso-8859-8", "ISO-8859-8"),
        ("x", "utf-16", "utf-16"),
        ("é", "utf-8", "base64"),
        ("é", "utf-8", "punycode"),
        ("é", "utf-8", "x" * 5000),
    ],
)
def test_text_is_read_as_it_was_meant(text: str, codec: str, charset: str | None) -> None:
    assert decoded(text.encode(codec), charset) == text


def test_one_fault_does_not_spoil_the_rest() -> None:
    assert decoded("Grüße und Küsse".encode() + b"\xff", "utf-8") == "Grüße und Küsse\N{REPLACEMENT CHARACTER}"


@given(st.binary(max_size=80), st.sampled_from(["utf-7", "utf-16", "cp1252", "hz", "iso2022_kr", "hex"]) | st.text())
def test_any_bytes_in_any_charset_are_text_that_json_can_hold(data: bytes, charset: str) -> None:
    json.dumps(decoded(data, charset)).encode()
    decoded(data, charset).encode()


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])))
def test_the_parsers_text_is_what_was_sent(text: str) -> None:
    assert from_parser(text.encode().decode("ascii", "surrogateescape")) == text


def test_unknown_names_are_not_looked_up() -> None:
    seen: list[str] = []

    def spy(name: str) -> None:
        seen.append(name)

    codecs.register(spy)
    try:
        decoded(b"x", "no-such-charset")
    finally:
        codecs.unregister(spy)
    assert seen == []
