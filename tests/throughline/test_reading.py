"""The commands' SQL as it is sent."""

import pytest

from throughline.reading import statement

OPTIONAL = {"profile", "since", "until", "channel", "type", "others"}


@pytest.mark.parametrize("given", [set[str](), {"channel"}, {"since", "until"}, {"profile"}, OPTIONAL])
def test_a_line_is_sent_where_its_parameter_is_given(given: set[str]) -> None:
    text = statement("timeline", {"tenant", "subjects", "limit", *given})
    sent = {one for one in OPTIONAL if f"{{{one}:" in text}
    assert sent == given
    assert text.count("(") == text.count(")")
    assert text.endswith("LIMIT {limit:UInt32}")
