"""How things stand around some identifiers, and how they would stand with facts more."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from schemas.evidence import Evidence
from schemas.identity import Rules
from throughline.identity.gather import Links, Shelf, gather
from throughline.identity.world import World


class Supposing:
    """A shelf with facts that nobody has said yet."""

    def __init__(self, shelf: Shelf, facts: Sequence[Evidence]) -> None:
        self._shelf = shelf
        self._facts = facts

    def links(self, identifiers: Sequence[str], limit: int, shared: Sequence[str]) -> Links:
        """Links as they are: nobody supposes any."""
        return self._shelf.links(identifiers, limit, shared)

    def commands(self, identifiers: Sequence[str]) -> list[Evidence]:
        """What operators said, and what is supposed."""
        names = set(identifiers)
        supposed = [fact for fact in self._facts if names & {*fact.left, *fact.right}]
        return [*self._shelf.commands(identifiers), *supposed]


class Outlook:
    """What holds around some identifiers."""

    def __init__(self, shelf: Shelf, tenant: str, rules: Rules, start: Iterable[str]) -> None:
        self.tenant = tenant
        self.rules = rules
        self._shelf = shelf
        self._start = frozenset(start)

    @cached_property
    def now(self) -> World:
        """As it is."""
        return gather(self._shelf, self.tenant, self._start, self.rules)

    def supposing(self, facts: Sequence[Evidence]) -> tuple[World, World]:
        """As it is and as it would be with facts more, of the same identifiers: all that can be concerned.

        Raises:
            Failed: too many identifiers hang together.
        """
        named = {name for fact in facts for name in (*fact.left, *fact.right)}
        before, start = self.now, self.now.inside | named
        while True:
            after = gather(Supposing(self._shelf, facts), self.tenant, start, self.rules)
            if after.inside == before.inside:
                return before, after
            before = gather(self._shelf, self.tenant, after.inside, self.rules)
            start = before.inside
