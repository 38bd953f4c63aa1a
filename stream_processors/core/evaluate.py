"""A component, judged: which of its links hold, which clusters they make, who is in doubt.

This is the rule book of docs/identity.md as one function: eras, then what counts for nothing, then hubs, then links in
order of class, time and id, then roots.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from schemas.evidence import Evidence
from schemas.identity import BEGIN, END
from stream_processors.core.clusters import KEEP_APART, Clusters, Contest, Ground, Link
from stream_processors.core.commands import PREFIX, Commands, moment_of
from stream_processors.core.hubs import Aside, find_hubs
from stream_processors.core.kinds import TIE, KindRow, Kinds
from stream_processors.core.nodes import Nodes, nodes_of

RETRACTED, ERASED, BLOCKED = "retracted", "erased", "blocked"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a component comes to. Nodes and links are numbers: links, ties first, in order of class, time and id.

    Attributes:
        nodes: the component's nodes.
        links: its links; their ends are nodes.
        refused: by link, the rule that refuses it.
        joined: the links that made one cluster of two.
        root: by node, the root of its cluster.
        contested, busy: by node, since when it is nobody's, and links nothing.
        crowded: nodes with too many strong neighbours.
        hubs: those of them that own nothing.
        epochs: how often identifiers were erased.
    """

    nodes: Nodes
    links: Sequence[Link]
    refused: Mapping[int, str]
    joined: Sequence[int]
    root: Sequence[int]
    contested: Mapping[int, Contest]
    busy: Mapping[int, int]
    crowded: frozenset[int]
    hubs: frozenset[int]
    epochs: Mapping[str, int]


def evaluate(
    members: Sequence[str], links: Sequence[Link], said: Commands, kinds: Kinds, aside: Aside | None = None
) -> Evaluation:
    """Judge all links of a component.

    Args:
        members: its identifiers; the ends of links are their numbers.
        links: of classes account, contact and device, sorted; no tie, no link of an identifier with itself.
        said: what operators said of it; whom it names is a member.
        kinds: the rules.
        aside: the links that are kept beside it.
    """
    nodes = nodes_of(members, said)
    member_rows = [kinds.of(identifier) for identifier in members]
    rows = member_rows if not nodes.later else [member_rows[member] for member in nodes.member]
    number = {identifier: n for n, identifier in enumerate(members)} if said.ties or said.apart else {}
    links = _with_ties(links, said, nodes, number)
    marks = _marks(said, nodes, number)
    blocked = {m for m, row in enumerate(member_rows) if row.blocks(members[m]) or members[m] in said.blocked}
    out = _out(links, said, nodes, blocked, marks)
    hubs = find_hubs(
        [link for at, link in enumerate(links) if at not in out] if out else links, nodes, rows, kinds, aside
    )
    ties = [link for at, link in enumerate(links[: len(said.ties)]) if at not in out]
    tied = frozenset(n for link in ties for n in link[3:])
    clusters = Clusters(Ground(kinds, rows, marks, tied, _one_value(ties, rows), hubs.busy))
    clusters.take(links, out)
    owns_nothing = frozenset(n for n in hubs.crowded if n not in tied and not rows[n].unique)
    root = _roots(nodes, links, rows, clusters)
    return Evaluation(
        nodes=nodes,
        links=links,
        refused=clusters.refused,
        joined=clusters.joined,
        root=root,
        contested=clusters.contested,
        busy=hubs.busy,
        crowded=hubs.crowded,
        hubs=owns_nothing,
        epochs=said.epochs,
    )


def _with_ties(links: Sequence[Link], said: Commands, nodes: Nodes, number: Mapping[str, int]) -> Sequence[Link]:
    """Ties and links, their ends as nodes."""
    ties = [tie_link(tie, number) for tie in said.ties]
    if not nodes.later:
        return [*ties, *links] if ties else links
    return [(cls, t, i, nodes.at(x, t), nodes.at(y, t)) for cls, t, i, x, y in (*ties, *links)]


def tie_link(tie: Evidence, number: Mapping[str, int]) -> Link:
    """A tie as a link."""
    return TIE, moment_of(tie), tie.fact_id.int >> PREFIX, number[tie.left[0]], number[tie.right[0]]


def _marks(said: Commands, nodes: Nodes, number: Mapping[str, int]) -> dict[int, frozenset[int]]:
    marks: dict[int, set[int]] = defaultdict(set)
    for place, (t, fact) in enumerate(said.apart):
        for side, identifiers in enumerate((fact.left, fact.right)):
            for identifier in identifiers:
                marks[nodes.at(number[identifier], t)].add(2 * place + side)
    return {n: frozenset(some) for n, some in marks.items()}


def _out(
    links: Sequence[Link], said: Commands, nodes: Nodes, blocked: Collection[int], marks: Mapping[int, frozenset[int]]
) -> dict[int, str]:
    """The links that count for nothing, and why."""
    if not (blocked or said.retracts or said.erased or marks):
        return {}
    out = {}
    for at, (cls, t, prefix, x, y) in enumerate(links):
        a, b = nodes.member[x], nodes.member[y]
        one, other = nodes.members[a], nodes.members[b]
        if cls and said.is_retracted(prefix, one, other):
            out[at] = RETRACTED
        elif t < max(said.erased.get(one, BEGIN), said.erased.get(other, BEGIN)):
            out[at] = ERASED
        elif a in blocked or b in blocked:
            out[at] = BLOCKED
        elif marks and any(mark ^ 1 in marks.get(y, ()) for mark in marks.get(x, ())):
            out[at] = KEEP_APART
    return out


def _one_value(ties: Sequence[Link], rows: Sequence[KindRow]) -> dict[int, int]:
    """Values of a unique kind that a tie names directly count as one value."""
    same: dict[int, int] = {}

    def find(n: int) -> int:
        while same.get(n, n) != n:
            n = same[n]
        return n

    for *_, x, y in ties:
        if rows[x].unique and rows[x].bit == rows[y].bit:
            low, high = sorted((find(x), find(y)))
            same[low], same[high] = low, low
    return {n: find(n) for n in same}


def _roots(nodes: Nodes, links: Sequence[Link], rows: Sequence[KindRow], clusters: Clusters) -> list[int]:
    """By node, the root of its cluster: the least by priority, first link that holds, identifier, era."""
    first: dict[int, int] = {}
    for at, (_, t, _, x, y) in enumerate(links):
        if at not in clusters.refused:
            if t < first.get(x, END):
                first[x] = t
            if t < first.get(y, END):
                first[y] = t
    heads = clusters.heads()
    best: dict[int, tuple[int, int, str, int, int]] = {}
    for n, head in enumerate(heads):
        rank = (rows[n].priority, first.get(n, END), nodes.members[nodes.member[n]], nodes.since[n], n)
        if head not in best or rank < best[head]:
            best[head] = rank
    return [best[head][4] for head in heads]
