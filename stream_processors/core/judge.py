"""All facts of one tenant, or of those of its customers that nothing joins to others, judged from scratch.

The resolver keeps what it knows and looks only at what changes; this is the same rule book without a memory, for
whoever asks why, or what if.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from schemas.evidence import Evidence
from schemas.identity import BEGIN, Range, Rules
from stream_processors.core.clusters import Link
from stream_processors.core.commands import PREFIX, Commands, moment_of, named, read_commands
from stream_processors.core.evaluate import RETRACTED, Evaluation, evaluate
from stream_processors.core.kinds import TIE, Kinds, class_of
from stream_processors.core.owners import owner_of, profile, ranges, rows_of


class Node(NamedTuple):
    """An identifier in one era, which begins at `since`, in milliseconds since 1970."""

    identifier: str
    since: int = BEGIN


class Verdict(NamedTuple):
    """What became of a link or a tie.

    Attributes:
        rule: why it does not hold; empty: it holds.
        joined: it made one cluster of two.
        cls: 0 tie, 1 account, 2 contact, 3 device.
    """

    rule: str
    joined: bool
    cls: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the facts come to.

    Attributes:
        owners: of every identifier that a fact names, its ranges from BEGIN to END, without a gap.
        verdicts: of every link and tie, by fact id.
        clusters: those of two nodes and more.
        contested: since when a node is nobody's.
        hubs: nodes that own nothing.
        profile_of: the profile of each node's cluster.
    """

    owners: dict[str, list[Range]]
    verdicts: dict[UUID, Verdict]
    clusters: list[frozenset[Node]]
    contested: dict[Node, int]
    hubs: frozenset[Node]
    profile_of: dict[Node, UUID]


def judge(facts: Iterable[Evidence], rules: Rules) -> Judgement:
    """Judge a closed set of facts of one tenant: all that speak, by whatever path, of the same identifiers.

    Their order does not matter, nor that some come twice. Rules and traits among them say nothing here.
    """
    kinds = Kinds(rules)
    some = [fact for fact in facts if fact.fact != "rules"]
    tenant = some[0].tenant if some else ""
    seen: dict[UUID, Evidence] = {}
    for fact in some:
        known = seen.get(fact.fact_id)
        if fact.fact == "link" and (known is None or fact.at < known.at):
            seen[fact.fact_id] = fact
    said = read_commands(fact for fact in some if fact.fact not in ("link", "traits"))
    members = sorted(frozenset().union(*map(named, some)))
    number = {identifier: n for n, identifier in enumerate(members)}
    itself = [fact for fact in seen.values() if fact.left == fact.right]
    links, taken = _links((fact for fact in seen.values() if fact.left != fact.right), kinds, number)
    found = evaluate(members, links, said, kinds)
    return Judgement(
        owners={name: ranges(tenant, row) for name, row in zip(members, rows_of(found), strict=True)},
        verdicts=_verdicts(found, said, taken, itself),
        clusters=_clusters(found),
        contested={_node(found, n): contest.t for n, contest in found.contested.items()},
        hubs=frozenset(_node(found, n) for n in found.hubs),
        profile_of={_node(found, n): profile(tenant, owner_of(found, root)) for n, root in enumerate(found.root)},
    )


def _links(facts: Iterable[Evidence], kinds: Kinds, number: dict[str, int]) -> tuple[list[Link], list[Evidence]]:
    """Links in order, and the facts that they are."""
    both: list[tuple[Link, UUID, Evidence]] = []
    for fact in facts:
        (one,), (other,) = fact.left, fact.right
        cls = class_of(kinds.of(one), kinds.of(other))
        link = (cls, moment_of(fact), fact.fact_id.int >> PREFIX, number[one], number[other])
        both.append((link, fact.fact_id, fact))
    both.sort(key=lambda pair: pair[:2])
    return [link for link, _, _ in both], [fact for _, _, fact in both]


def _verdicts(
    found: Evaluation, said: Commands, taken: Sequence[Evidence], itself: Sequence[Evidence]
) -> dict[UUID, Verdict]:
    joined = set(found.joined)
    verdicts = {fact.fact_id: Verdict("", joined=False, cls=TIE) for fact in itself}
    verdicts |= {fact.fact_id: Verdict(RETRACTED, joined=False, cls=TIE) for fact in said.retracted_ties}
    for at, (fact, link) in enumerate(zip([*said.ties, *taken], found.links, strict=True)):
        verdicts[fact.fact_id] = Verdict(found.refused.get(at, ""), at in joined, link[0])
    return verdicts


def _clusters(found: Evaluation) -> list[frozenset[Node]]:
    by_root: dict[int, list[Node]] = {}
    for n, root in enumerate(found.root):
        by_root.setdefault(root, []).append(_node(found, n))
    return [frozenset(some) for some in by_root.values() if len(some) > 1]


def _node(found: Evaluation, n: int) -> Node:
    return Node(found.nodes.members[found.nodes.member[n]], found.nodes.since[n])
