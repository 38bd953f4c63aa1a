"""What a mail says and what is attached to it (RFC 2045 to 2049, 2183, 2231)."""

from dataclasses import dataclass, field
from typing import Any, Final

from producers.dialects.mail.charsets import decoded
from producers.dialects.mail.headers import Headers, Mail, parts_of, words
from producers.dialects.mail.plain import text_of

_LONGEST_NAME: Final = 255
_LONGEST_PAGE: Final = 1 << 20  # bytes of HTML that are read
_Attachment = dict[str, Any]


@dataclass(slots=True)
class Content:
    """The content of a mail.

    Attributes:
        texts: the parts that a reader sees, in their order, line ends as newlines.
        attachments: `name` (where it has one), `type` and `size` (bytes, decoded) of everything else.
        whole: false where HTML was too long to be read to its end.
    """

    texts: list[str] = field(default_factory=list)
    attachments: list[_Attachment] = field(default_factory=list)
    whole: bool = True

    @property
    def text(self) -> str:
        """All that a reader sees."""
        return "\n\n".join(text for text in self.texts if text)


def content_of(mail: Mail) -> Content:
    """Text and attachments.

    Raises:
        Exception: of any kind, where the standard library fails on a part's parameters.
    """
    content = Content()
    _read(mail, content)
    return content


def _read(part: Mail, content: Content) -> None:
    if part.is_multipart() and part.get_content_type() == "multipart/alternative":
        _read_best(parts_of(part), content)
    elif part.is_multipart() and part.get_content_maintype() == "multipart":
        for child in parts_of(part):
            _read(child, content)
    elif part.is_multipart():
        content.attachments.append(_enclosed(part, parts_of(part)))
    elif _is_shown(part):
        content.texts.append(_shown(part, content))
    else:
        content.attachments.append(_described(part, len(bytes_of(part))))


def _read_best(children: list[Mail], content: Content) -> None:
    """Of alternatives the plain one, else the first that says something; attachments of all."""
    read = []
    for child in children:
        alternative = Content()
        _read(child, alternative)
        read.append((child.get_content_type() != "text/plain", not alternative.text, alternative))
    best = min(read, key=lambda one: (one[1], one[0]), default=None)
    if best is not None:
        content.texts += best[2].texts
        content.whole = content.whole and best[2].whole
    content.attachments += [each for *_, alternative in read for each in alternative.attachments]


def _is_shown(part: Mail) -> bool:
    """Text that is no attachment; a multipart without a boundary is read as the text that it is."""
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return False
    return part.get_content_type() in ("text/plain", "text/html") or part.get_content_maintype() == "multipart"


def _shown(part: Mail, content: Content) -> str:
    data = bytes_of(part)
    if part.get_content_type() != "text/html":
        text = decoded(data, part.get_content_charset())
    else:
        content.whole = content.whole and len(data) <= _LONGEST_PAGE
        text = text_of(decoded(data[:_LONGEST_PAGE], part.get_content_charset()))
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip().lstrip("\n")


def bytes_of(part: Mail) -> bytes:
    """A part's bytes, its transfer encoding undone as far as it can be."""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, TypeError, IndexError):  # uuencode with a broken line
        data = None
    if isinstance(data, bytes):
        return data
    raw = part.get_payload()
    return raw.encode(errors="surrogateescape") if isinstance(raw, str) else b""


def _enclosed(part: Mail, children: list[Mail]) -> _Attachment:
    """A message within the message: named by its subject, without a size where it cannot be written again."""
    try:
        size = sum(len(child.as_bytes()) for child in children)
    except Exception:  # noqa: BLE001  the generator raises many kinds on what the parser has let pass
        size = None
    described = _described(part, size)
    subject = Headers(children[0]).text("subject") if children else ""
    return {"name": subject[:_LONGEST_NAME]} | described if subject else described


def _described(part: Mail, size: int | None) -> _Attachment:
    described: _Attachment = {"type": part.get_content_type()[:_LONGEST_NAME]}
    if name := words(part.get_filename() or ""):
        described = {"name": name[:_LONGEST_NAME]} | described
    return described if size is None else described | {"size": size}
