"""A component: identifiers that links hold together, or that operators name together, and what they came to last."""

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from schemas.evidence import Evidence, decode
from schemas.identity import BEGIN, END
from stream_processors.core.clusters import Link
from stream_processors.core.commands import Commands, named, read_commands
from stream_processors.core.evaluate import Evaluation
from stream_processors.core.kept import Kept
from stream_processors.core.owners import Owner, Row, Span, implicit


class Component:
    """A component as a run works on it.

    Attributes:
        number: which; never 0.
        members: its identifiers.
        links: by the first 8 bytes of their ids; the ends are numbers of members. Ties are among the commands.
        commands: operators' facts, by id.
        special: the members whose seats say more than where they sit.
        recorded: profiles that have a record, and are no more, or are one identifier without traits.
        refused: by the first 8 bytes of their ids, the rules that refused links and ties.
        rows: by member, whose it is; as it was last, until it is evaluated.
        found: what it came to in this run.
    """

    __slots__ = (
        "_numbers", "commands", "found", "links", "members", "number", "recorded", "refused", "rows", "special",
    )  # fmt: skip

    def __init__(self, number: int, members: list[str]) -> None:
        self.number = number
        self.members = members
        self.links: dict[int, Link] = {}
        self.commands: dict[UUID, Evidence] = {}
        self.special: set[str] = set()
        self.recorded: set[Owner] = set()
        self.refused: dict[int, str] = {}
        self.rows: list[Row] = [implicit(identifier) for identifier in members]
        self.found: Evaluation | None = None
        self._numbers: dict[str, int] = {}

    @classmethod
    def of(cls, number: int, kept: Kept) -> "Component":
        """A component as it was kept."""
        self = cls(number, [])
        self.members = kept.members
        self.links = {link[2]: link for link in kept.links}
        self.commands = {fact.fact_id: fact for fact in map(decode, kept.commands) if isinstance(fact, Evidence)}
        self.special = {kept.members[n] for n in kept.special}
        self.recorded = set(kept.recorded)
        self.refused = kept.refused
        self.rows = kept.rows or unpack_roots(kept.members, kept.roots)
        return self

    def keep(self) -> Kept:
        """What to keep of it."""
        roots = pack_roots(self.members, self.rows)
        return Kept(
            members=self.members,
            links=sorted(self.links.values()),
            roots=roots,
            refused=self.refused,
            special=sorted(map(self.place, self.special)),
            recorded=sorted(self.recorded),
            rows=[] if roots else self.rows,
            commands=[self.commands[i].encode() for i in sorted(self.commands)],
        )

    @property
    def said(self) -> Commands:
        """What operators have said of it."""
        return read_commands(self.commands.values())

    def place(self, identifier: str) -> int:
        """The number of a member."""
        if len(self._numbers) != len(self.members):
            self._numbers = {name: n for n, name in enumerate(self.members)}
        return self._numbers[identifier]

    def degree(self, identifier: str) -> int:
        """How many links a member has here."""
        n = self.place(identifier)
        return sum(1 for link in self.links.values() if n in link[3:])

    def add(self, cls: int, t: int, prefix: int, ends: tuple[str, str]) -> None:
        """A link between two members; in place of what was known of it."""
        self.links[prefix] = (cls, t, prefix, self.place(ends[0]), self.place(ends[1]))

    def absorb(self, other: "Component") -> None:
        """Take in another component, whole."""
        size = len(self.members)
        self.members.extend(other.members)
        self.rows.extend(other.rows)
        for prefix, (cls, t, _, x, y) in other.links.items():
            self.links[prefix] = (cls, t, prefix, x + size, y + size)
        self.commands |= other.commands
        self.special |= other.special
        self.recorded |= other.recorded
        self.refused |= other.refused

    def judged(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """The pairs of sides that commands speak of: links between them are never put aside."""
        return [
            (frozenset(fact.left), frozenset(fact.right)) if fact.fact == "keep_apart" else (named(fact), named(fact))
            for fact in self.commands.values()
            if fact.fact in {"keep_apart", "retract"} and len(named(fact)) > 1
        ]


def pack_roots(members: Sequence[str], rows: Iterable[Row]) -> list[int]:
    """Rows as numbers of roots, where no more need be said of any; else nothing."""
    numbers = {name: n for n, name in enumerate(members)}
    roots = []
    for row in rows:
        owner = row[0].owner
        if len(row) > 1 or owner.epoch or owner.alone or owner.since != BEGIN:
            return []
        roots.append(numbers[owner.identifier])
    return roots[:1] if len(set(roots)) == 1 else roots


def unpack_roots(members: Sequence[str], roots: Sequence[int]) -> list[Row]:
    """The rows that these roots say."""
    every = list(roots) if len(roots) == len(members) else list(roots) * len(members)
    rows: dict[int, Row] = {
        root: (Span(BEGIN, END, Owner(members[root]), "linked" if size > 1 else "own"),)
        for root, size in Counter(every).items()
    }
    return [rows[root] for root in every]
