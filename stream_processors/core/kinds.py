"""Kinds, numbered as they are met, so that the kinds of a cluster are the bits of one number."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.identity import Rules

TIE, ACCOUNT, CONTACT, DEVICE = range(4)  # classes of links, in the order in which they are taken
CLASSES: Final = ("tie", "account", "contact", "device")


@dataclass(frozen=True, slots=True)
class KindRow:
    """`schemas.identity.Kind`, with its name and its bit."""

    name: str
    bit: int
    priority: int
    limit: int
    unique: bool
    shared: bool
    blocked: frozenset[str]

    def blocks(self, identifier: str) -> bool:
        """Whether its value is one that this kind does not take for an identifier."""
        return bool(self.blocked) and identifier[identifier.index(":") + 1 :] in self.blocked

    def is_among(self, identifiers: Iterable[str]) -> bool:
        """Whether one of them is of this kind."""
        start = f"{self.name}:"
        return bool([identifier for identifier in identifiers if identifier.startswith(start)])


class Kinds:
    """The kinds of one set of rules.

    Attributes:
        rules: those.
        most: links, or identifiers, that make neither a hub nor too large a profile.
        rows: by number; the bit of the n-th is 1 << n.
        unique, strong: the bits of kinds that are unique; that are neither unique nor shared.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.most = min(rules.cap, rules.hub, rules.degree)
        self.rows: list[KindRow] = []
        self.unique = 0
        self.strong = 0
        self._by_name: dict[str, KindRow] = {}

    def of(self, identifier: str) -> KindRow:
        """The kind of an identifier, `kind:value`."""
        name = identifier[: identifier.index(":")]
        return self._by_name.get(name) or self._meet(name)

    def is_blocked(self, identifier: str) -> bool:
        """Whether its value is one that its kind does not take for an identifier."""
        return self.of(identifier).blocks(identifier)

    def least(self, bits: int) -> str:
        """The name, first in the alphabet, of some kinds."""
        return min(row.name for row in self.rows if row.bit & bits)

    def _meet(self, name: str) -> KindRow:
        kind = self.rules.of(name)
        bit = 1 << len(self.rows)
        row = KindRow(name, bit, kind.priority, kind.limit, kind.unique, kind.shared, kind.blocked)
        self._by_name[name] = row
        self.rows.append(row)
        if kind.unique:
            self.unique |= bit
        elif not kind.shared:
            self.strong |= bit
        return row


def class_of(one: KindRow, other: KindRow) -> int:
    """The class of a link that was seen between two kinds: its weakest end decides."""
    if one.shared or other.shared:
        return DEVICE
    return ACCOUNT if one.unique or other.unique else CONTACT
