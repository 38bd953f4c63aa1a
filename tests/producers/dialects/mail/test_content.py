from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.mail.content import Content, content_of
from producers.dialects.mail.structure import parse

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], include_characters="\n"), max_size=200
)
names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)


def read(body: bytes) -> Content:
    return content_of(parse(body))


@given(texts, st.sampled_from(["quoted-printable", "base64", "8bit"]))
def test_composed_text_comes_back(text: str, encoding: str) -> None:
    mail = EmailMessage(policy=SMTP)
    mail.set_content(text, cte=encoding)
    assert read(mail.as_bytes()).text == text.rstrip().lstrip("\n")


@given(texts, st.binary(max_size=200), names)
def test_composed_attachments_are_described(text: str, data: bytes, name: str) -> None:
    mail = EmailMessage(policy=SMTP)
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p>", subtype="html")
    mail.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    content = read(mail.as_bytes())
    assert content.text == text.rstrip().lstrip("\n") or not text.strip()
    assert content.attachments == [{"name": name, "type": "application/pdf", "size": len(data)}]


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-8", "koi8-r", "iso-2022-jp"])
def test_charsets(charset: str) -> None:
    mail = EmailMessage(policy=SMTP)
    text = {"koi8-r": "Привет", "iso-2022-jp": "日本語"}.get(charset, "Grüße aus Köln")
    mail.set_content(text, charset=charset)
    assert read(mail.as_bytes()).text == text


def part(kind: str, text: str, more: str = "") -> str:
    return f"--b\r\nContent-Type: {kind}\r\n{more}\r\n{text}\r\n"


def several(kind: str, *parts: str) -> Content:
    return read(f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n{''.join(parts)}--b--\r\n".encode())


def test_of_alternatives_the_plain_one_that_says_something() -> None:
    page = part("text/html", "<p>page</p>")
    assert several("alternative", page, part("text/plain", "plain")).text == "plain"
    assert several("alternative", part("text/plain", "  "), page).text == "page"
    assert several("alternative", part("image/png", "x"), page).attachments == [{"type": "image/png", "size": 1}]


def test_parts_beside_one_another_are_all_read() -> None:
    assert several("mixed", part("text/plain", "one"), part("text/html", "<i>two</i>")).text == "one\n\ntwo"


def test_text_with_a_name_is_an_attachment() -> None:
    for more in ('Content-Disposition: inline; filename="log.txt"\r\n', "Content-Disposition: attachment\r\n"):
        content = several("mixed", part("text/plain", "log", more))
        assert content.text == ""
        assert content.attachments[0]["size"] == 3


def test_a_forwarded_mail_is_an_attachment_named_by_its_subject() -> None:
    content = several("mixed", part("message/rfc822", "Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\ninner"))
    assert content.attachments[0] | {"size": 0} == {"name": "café", "type": "message/rfc822", "size": 0}


def test_a_multipart_without_a_boundary_is_text() -> None:
    assert read(b"Content-Type: multipart/mixed\r\n\r\nhello").text == "hello"


def test_broken_transfer_encodings_are_read_as_far_as_they_go() -> None:
    assert read(b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=!!!").text == "hello"
    assert read(b"Content-Transfer-Encoding: quoted-printable\r\n\r\nh=C3=A9=ZZ").text == "hé=ZZ"
    assert read(b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\nM!!!\r\nend\r\n").text
    assert read(b"Content-Transfer-Encoding: none\r\n\r\nhello").text == "hello"


def test_a_long_page_is_read_in_part() -> None:
    content = read(b"Content-Type: text/html\r\n\r\n" + b"<p>x</p>" * 200_000)
    assert not content.whole
    assert content.text.startswith("x\n\nx")
