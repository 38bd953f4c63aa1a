"""The commands' SQL as it is sent."""

import pytest

from throughline.reading import statement

OPTIONAL = {"since", "until", "channel", "type", "others"}


@pytest.mark.parametrize("name", ["timeline", "timeline_printed"])
@pytest.mark.parametrize("given", [set[str](), {"channel"}, {"since", "until"}, OPTIONAL])
def test_a_condition_is_sent_where_its_parameter_is_given(name: str, given: set[str]) -> None:
    text = statement(name, {"tenant", "subjects", "limit", *given})
    sent = {one for one in OPTIONAL if f"{{{one}:" in text}
    assert sent == given
    assert text.count("(") == text.count(")")
    assert text.endswith("LIMIT {limit:UInt32}")
