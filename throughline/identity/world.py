"""What the evidence of some identifiers amounts to: which facts hold, who is who, and by which links."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from schemas.evidence import Evidence
from schemas.identity import BEGIN, END, Range, Rules
from schemas.ids import profile_id
from stream_processors.core.commands import Commands, moment_of, named, read_commands
from stream_processors.core.judge import Judgement, Node, Verdict, judge

JOINING = frozenset({"link", "tie"})
PERSON_RULES = ("unique", "guest", "keep_apart")  # what they refuse says "another person", and may contest an end


def alive(facts: Mapping[UUID, Evidence]) -> dict[UUID, Evidence]:
    """The facts that no living retract takes back; a retract names all whom its target names."""
    aimed: dict[UUID, list[UUID]] = {}
    for fact in facts.values():
        target = facts.get(fact.target) if fact.target else None
        if target is not None and named(target) <= named(fact):
            aimed.setdefault(target.fact_id, []).append(fact.fact_id)
    known: dict[UUID, bool] = {}

    def lives(one: UUID) -> bool:
        if one not in known:
            known[one] = False  # while it is asked: what takes itself back in a circle is not in force
            known[one] = not any(lives(retract) for retract in aimed.get(one, ()))
        return known[one]

    return {one: fact for one, fact in facts.items() if lives(one)}


def ranges_of(judgement: Judgement, tenant: str, identifier: str) -> list[Range]:
    """Whose an identifier is and was, without gaps; its own where no fact names it."""
    found = judgement.owners.get(identifier)
    return [Range(BEGIN, END, profile_id(tenant, identifier), "own")] if found is None else found


@dataclass(frozen=True)
class World:
    """Identifiers with all evidence that can matter to them, judged.

    Attributes:
        facts: by id; some are of identifiers outside.
        inside: the identifiers whose owners are certain; of others only what concerns these is known.
    """

    tenant: str
    rules: Rules
    facts: Mapping[UUID, Evidence]
    inside: frozenset[str]

    @cached_property
    def judgement(self) -> Judgement:
        """Who is who."""
        return judge(self.facts.values(), self.rules)

    @cached_property
    def living(self) -> dict[UUID, Evidence]:
        """The facts that are not retracted."""
        return alive(self.facts)

    def joining(self) -> Iterable[tuple[Evidence, Verdict]]:
        """The living links and ties that were judged."""
        for one, verdict in self.judgement.verdicts.items():
            fact = self.living.get(one)
            if fact is not None and fact.fact in JOINING:
                yield fact, verdict

    @cached_property
    def _said(self) -> Commands:
        return read_commands(fact for fact in self.facts.values() if fact.fact not in {"link", "traits"})

    def node(self, identifier: str, at: int) -> Node:
        """The identifier in its era at a moment."""
        return Node(identifier, self._said.era(identifier, at))

    def now(self, identifier: str) -> Node:
        """The identifier in its last era."""
        return self.node(identifier, END)

    def ends(self, fact: Evidence) -> tuple[Node, Node]:
        """The nodes that a link or tie joins."""
        at = moment_of(fact)
        return self.node(fact.left[0], at), self.node(fact.right[0], at)

    def ranges(self, identifier: str) -> list[Range]:
        """Whose it is and was, without gaps."""
        return ranges_of(self.judgement, self.tenant, identifier)

    def owner(self, identifier: str) -> Range:
        """Whose it is now."""
        return self.ranges(identifier)[-1]

    @cached_property
    def _clusters(self) -> dict[Node, frozenset[Node]]:
        return {node: cluster for cluster in self.judgement.clusters for node in cluster}

    def cluster(self, node: Node) -> frozenset[Node]:
        """The nodes that are one with this one, by links that were accepted; doubtful ones too."""
        return self._clusters.get(node, frozenset({node}))
