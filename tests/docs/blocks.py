"""Fenced code blocks of a Markdown page."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: str | Path, language: str) -> list[str]:
    """The blocks of one language, in order."""
    return [text for name, text in _FENCE.findall((ROOT / page).read_text()) if name == language]
