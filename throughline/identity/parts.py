"""All evidence of a tenant, cut into parts that nothing joins, so that each can be judged by itself.

Two passes. The first (`Sketch`) keeps of each link its ends and its time, and of each identifier its name: that bounds
the memory. It finds what hangs together, under any of the rules to be compared. A link does not hold two parts together
where a hub refuses it: else a switchboard's number would make one part of everything. The second pass (`Parts`) writes
the facts into files of a temporary folder, one a part, so that one part at a time is in memory.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self
from uuid import UUID

from schemas.evidence import Evidence, decode
from schemas.identity import Rules
from stream_processors.core.commands import moment_of
from stream_processors.core.kinds import Kinds
from throughline.identity.world import JOINING, alive

SIZE: Final = 50_000  # identifiers, and ends of links, in a part, about
MOST: Final = 200  # parts, about: each is an open file


class Sketch:
    """Who is linked with whom and when, of one tenant."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._one = array("I")
        self._other = array("I")
        self._at = array("q")
        self._commands: dict[UUID, Evidence] = {}
        self._told: set[int] = (
            set()
        )  # of whom an operator said something: what counts of them is known only once judged

    def add(self, facts: Iterable[Evidence]) -> None:
        """Note facts, in any order."""
        for fact in facts:
            named = [self._number(name) for name in (*fact.left, *fact.right)]
            if fact.fact == "link":
                self._one.append(named[0])
                self._other.append(named[1])
                self._at.append(moment_of(fact))
                continue
            self._told.update(named)
            self._commands[fact.fact_id] = fact

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def cut(self, alternatives: Sequence[Rules]) -> "Cut":
        """What hangs together under any of some rules."""
        order = sorted(range(len(self._at)), key=self._at.__getitem__)
        living = alive(self._commands).values()
        blocked = {self._numbers[fact.left[0]] for fact in living if fact.fact == "block"}
        closings = [self._closing(order, rules, blocked) for rules in alternatives]
        refused = set.intersection(*(closing.refused for closing in closings))
        parent = list(range(len(self._numbers)))
        for link in order:
            if link not in refused:
                _join(parent, self._one[link], self._other[link])
        for fact in living:
            if fact.fact in JOINING:
                _join(parent, self._numbers[fact.left[0]], self._numbers[fact.right[0]])
        cut = Cut(self._numbers, self._places([_root(parent, n) for n in range(len(parent))]))
        for closing in closings:
            self._witness(cut, closing, refused)
        self._tell(cut, refused)
        return cut

    def _places(self, roots: Sequence[int]) -> list[int]:
        """The part of each identifier: parts are filled one after the other with what hangs together."""
        weights = array("q", bytes(8 * len(roots)))
        for root, degree in zip(roots, self._degrees(), strict=True):
            weights[root] += degree + 1
        share = max(SIZE, sum(weights) // MOST)
        filled, places = 0, [0] * len(roots)
        for root, weight in enumerate(weights):
            places[root] = filled // share
            filled += weight
        return [places[root] for root in roots]

    def _closing(self, order: Sequence[int], rules: Rules, told: set[int]) -> "_Closing":
        kinds = Kinds(rules)
        shared = [kinds.of(name).shared for name in self._numbers]
        blocked = [number in told or kinds.is_blocked(name) for name, number in self._numbers.items()]
        degrees = self._degrees()
        few = min(rules.hub, rules.degree)
        strong: defaultdict[int, int] = defaultdict(int)
        near: defaultdict[int, list[int]] = defaultdict(list)
        closing = _Closing()
        for link in order:
            ends = self._one[link], self._other[link]
            if blocked[ends[0]] or blocked[ends[1]]:
                closing.refused.add(link)
                continue
            if not self._told.isdisjoint(ends):
                closing.refused.update([link] if not closing.busy.keys().isdisjoint(ends) else [])
                continue
            for end, far in (ends, ends[::-1]):
                if degrees[end] > few and end not in closing.busy:
                    near[end].append(link)
                    strong[end] += not shared[far]
                    if strong[end] > rules.hub or len(near[end]) > rules.degree:
                        closing.busy[end] = near.pop(end)
            if not closing.busy.keys().isdisjoint(ends):
                closing.refused.add(link)
        return closing

    def _degrees(self) -> "array[int]":
        degrees = array("I", bytes(4 * len(self._numbers)))
        for ends in (self._one, self._other):
            for end in ends:
                degrees[end] += 1
        return degrees

    def _witness(self, cut: "Cut", closing: "_Closing", refused: set[int]) -> None:
        """Where one end of a refused link is in another part, that part must learn that the end is busy."""
        afar: defaultdict[int, set[int]] = defaultdict(set)
        for link in refused:
            one, other = self._one[link], self._other[link]
            for end, far in ((one, other), (other, one)):
                if end in closing.busy:
                    afar[end].add(cut.places[far])
        for end, places in afar.items():
            for link in closing.busy[end]:
                cut.witnesses[self._one[link], self._other[link]] |= places

    def _tell(self, cut: "Cut", refused: set[int]) -> None:
        """What was said of one end of a refused link decides whether it counts at the other, in another part."""
        for link in refused:
            one, other = self._one[link], self._other[link]
            for end, far in ((one, other), (other, one)):
                if end in self._told:
                    cut.told[end].add(cut.places[far])


class _Closing:
    """Under some rules: the links that are refused for certain, and the links that made an identifier busy."""

    def __init__(self) -> None:
        self.refused: set[int] = set()
        self.busy: dict[int, list[int]] = {}


class Cut:
    """Which part each identifier is in.

    Attributes:
        places: by number of an identifier.
        witnesses: links, by the numbers of their ends, that other parts must see too.
        told: by number of an identifier, the other parts that must see what operators said of it.
    """

    def __init__(self, numbers: dict[str, int], places: list[int]) -> None:
        self._numbers = numbers
        self.places = places
        self.witnesses: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        self.told: defaultdict[int, set[int]] = defaultdict(set)

    def at_home(self, identifier: str, part: int) -> bool:
        """Whether this is the part of an identifier: only there all of its evidence is."""
        number = self._numbers.get(identifier)
        return number is not None and self.places[number] == part

    def of(self, fact: Evidence) -> set[int]:
        """The parts that must see a fact; none, where it came after the first pass."""
        named = [self._numbers[name] for name in (*fact.left, *fact.right) if name in self._numbers]
        places = {self.places[number] for number in named}
        if fact.fact != "link":
            return places.union(*(self.told.get(number, ()) for number in named))
        return places.union(self.witnesses.get((named[0], named[-1]), ())) if named else places


class Parts:
    """The facts in files, one a part."""

    def __init__(self, folder: Path, cut: Cut) -> None:
        self._paths = [folder / f"{part}.jsonl" for part in range(max(cut.places, default=-1) + 1)]
        self._files: list[BinaryIO] = []
        self._cut = cut

    def __enter__(self) -> Self:
        self._files = [path.open("wb") for path in self._paths]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def add(self, facts: Iterable[Evidence]) -> None:
        """Write facts to the parts that must see them."""
        for fact in facts:
            for part in self._cut.of(fact):
                self._files[part].write(fact.encode() + b"\n")

    def each(self) -> Iterator[tuple[int, list[Evidence]]]:
        """One part after the other: its number and its facts. After the files were closed."""
        for part, path in enumerate(self._paths):
            facts = []
            with path.open("rb") as lines:
                for line in lines:
                    fact = decode(line)
                    if isinstance(fact, Evidence):
                        facts.append(fact)
            yield part, facts


def _root(parent: list[int], n: int) -> int:
    while parent[n] != n:
        parent[n] = parent[parent[n]]
        n = parent[n]
    return n


def _join(parent: list[int], one: int, other: int) -> None:
    one, other = _root(parent, one), _root(parent, other)
    parent[max(one, other)] = min(one, other)
