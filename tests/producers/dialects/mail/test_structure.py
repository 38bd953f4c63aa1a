from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.mail.structure import UnreadableError, fields, parse


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\n" * 700_000, "lines"),
        (b"\r" * 700_000, "lines"),
        (b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 3000, "parts"),
        (
            b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1500)),
            "Recursion",
        ),
        (b"Content-Type: message/rfc822\n\n" * 3000, "Recursion"),
    ],
)
def test_what_takes_too_much_is_not_taken_apart(body: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        parse(body)


def test_many_dashes_are_no_parts() -> None:
    assert parse(b"Subject: x\n\n" + b"-- \n--\n" * 5000).get_content_type() == "text/plain"


@pytest.mark.parametrize("fragment", [b";", b'a=";', b"a*0=b;", b'"', b"\\", b"("])
def test_a_million_parameters_end(fragment: bytes) -> None:
    mail = parse(b"Content-Type: text/plain; " + fragment * (1_000_000 // len(fragment)) + b"\n\nx")
    assert (mail.get_content_type(), mail.get_payload()) == ("text/plain", "x")


@given(st.binary(max_size=400))
def test_any_bytes_are_taken_apart_or_not(body: bytes) -> None:
    for read in (parse, fields):
        with suppress(UnreadableError):
            read(body)
