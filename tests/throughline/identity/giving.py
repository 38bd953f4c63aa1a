"""Commands as tests give them, on evidence in memory."""

from collections.abc import Iterable, Sequence

from schemas.evidence import Evidence
from schemas.identity import Range, Rules
from stream_processors.core.judge import judge
from tests.stream_processors.core.identity_worlds import RULES, TENANT, name
from tests.throughline.identity.shelf import MemoryShelf
from throughline.identity.command import Command, Name
from throughline.identity.outlook import Outlook

NOW = 1_000_000


def given(what: Name, *words: str, at: int = NOW) -> Command:
    """A command of Grace's."""
    return Command(what, TENANT, at, "grace", "she phoned", words)


def outlook(facts: Iterable[Evidence], names: Sequence[str], rules: Rules = RULES) -> Outlook:
    """How things stand around some identifiers, in short form."""
    return Outlook(MemoryShelf(facts), TENANT, rules, [name(short) for short in names])


def owners(facts: Sequence[Evidence], rules: Rules = RULES) -> dict[str, list[Range]]:
    """Whose every identifier is and was."""
    return judge(facts, rules).owners


def together(facts: Sequence[Evidence], *names: str, rules: Rules = RULES) -> bool:
    """Whether identifiers, in short form, are one customer now."""
    every = owners(facts, rules)
    return len({every[name(short)][-1].profile for short in names}) == 1
