import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.dialects.mail.plain import text_of


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>one<p>two", "one\ntwo"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("a <b>bold</b>\n  claim", "a bold claim"),
        ("<style>p{}</style><title>t</title><script>x<y</script>seen<!-- not -->", "seen"),
        ("<!DOCTYPE html><?xml?>x", "x"),
        ("2 < 3 &amp; 4 &gt; 3&nbsp;&euro;", "2 < 3 & 4 > 3 €"),
        ("<td>a</td><td>b</td>", "a b"),
        ("&#" + "9" * 5000 + ";", "\N{REPLACEMENT CHARACTER};"),
        ("a<script>never closed", "a"),
        ("a<p never closed", "a"),
        ("<p>a</p>\n<p></p><p></p><div></div><p>b</p>", "a\n\nb"),
        ("", ""),
    ],
)
def test_a_page_as_its_reader_sees_it(page: str, expected: str) -> None:
    assert text_of(page) == expected


@given(st.text() | st.text("<>!-/&;#x=\"' abp"))
def test_no_page_raises(page: str) -> None:
    text_of(page)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])))
def test_escaped_text_is_itself(text: str) -> None:
    assert text_of(f"<p>{html.escape(text)}</p>") == text


@pytest.mark.parametrize("fragment", ["<", "<!", "<![", "<!--", "<a", "<a x", "</", '<a "', "<script>", "&#"])
def test_a_million_unclosed_things_end(fragment: str) -> None:
    text_of(fragment * (200_000 // len(fragment)))  # html.parser takes minutes: the suite's time limit is the judge
