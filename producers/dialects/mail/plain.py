"""The text of a page of HTML, as a mail's reader would see it. Never raises; linear in the page's size.

Not html.parser: 100 KB of `<a ` take it 48 seconds, and a stray `<![` makes it raise.
"""

import html
import re
from typing import Final

_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]{0,30})")
_UNSEEN: Final = frozenset({"script", "style", "title", "template"})
_LINES: Final = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1"}
    | {"h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_CELLS: Final = frozenset({"td", "th"})
_LONG_REFERENCE: Final = re.compile(r"&#(?:[xX][0-9a-fA-F]|[0-9]){8,}")  # int() raises on thousands of digits


def text_of(page: str) -> str:
    """The page's text: blocks on lines of their own, list items dashed, scripts, styles and comments left out."""
    pieces: list[str] = []
    at = 0
    while (tag := page.find("<", at)) >= 0:
        pieces.append(_characters(page[at:tag]))
        at = _after(page, tag, pieces)
        if at < 0:
            break
    else:
        pieces.append(_characters(page[at:]))
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _characters(text: str) -> str:
    """Character data: references resolved, line ends as spaces."""
    if "&" in text:
        text = html.unescape(_LONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text))
    return " ".join(re.split(r"[\r\n\f]+", text))


def _after(page: str, tag: int, pieces: list[str]) -> int:
    """Where the text goes on after the `<` at `tag`; -1: nowhere."""
    if page.startswith("<!--", tag):
        return _beyond(page, "-->", tag + 4)
    match = _TAG.match(page, tag)
    if match is None:
        if page[tag + 1 : tag + 2] in ("!", "?", "/"):
            return _beyond(page, ">", tag)
        pieces.append("<")
        return tag + 1
    name = match[1].lower()
    if name == "li" and page[tag + 1] != "/":
        pieces.append("\n- ")
    elif name in _LINES:
        pieces.append("\n")
    elif name in _CELLS:
        pieces.append(" ")
    if name in _UNSEEN and page[tag + 1] != "/":
        end = re.compile(rf"</{name}\b", re.IGNORECASE).search(page, tag)
        return _beyond(page, ">", end.start()) if end else -1
    return _beyond(page, ">", tag)


def _beyond(page: str, mark: str, at: int) -> int:
    end = page.find(mark, at)
    return end + len(mark) if end >= 0 else -1
