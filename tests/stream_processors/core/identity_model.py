"""Identity, the slow and obviously right model: a set of facts -> clusters, owners in time, refusals.

A pure function of a set: no arrival order, no clock, no state. Sets are copied and nothing is clever, so that it can be
read beside docs/identity.md; whatever is faster must say the same. One tenant; times in milliseconds since 1970.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from schemas.evidence import Evidence
from schemas.identity import BEGIN, END, Kind, Range, Rules, State, milliseconds
from schemas.ids import uuid_of
from stream_processors.core.judge import Node

TIE, ACCOUNT, CONTACT, DEVICE = range(4)  # in the order in which links are taken


class Link(NamedTuple):
    cls: int
    t: int
    fact_id: UUID
    x: Node
    y: Node


@dataclass
class Model:
    """What the facts come to; `refused` by fact id, `joined`: the links that made one cluster of two."""

    owners: dict[str, list[Range]]
    refused: dict[UUID, str]
    joined: set[UUID]
    clusters: list[frozenset[Node]]
    contested: dict[Node, int]
    hubs: set[Node]
    profile_of: dict[Node, UUID]


def profile_id(tenant: str, node: Node, epoch: int, *, alone: bool = False) -> UUID:
    era = f"|{node.since}" if node.since != BEGIN else ""
    return uuid_of(f"{tenant}|{node.identifier}|{epoch}{era}{'|alone' if alone else ''}")


def moment_of(fact: Evidence) -> int:
    return min(max(milliseconds(fact.at), BEGIN), END - 1)


def ends(fact: Evidence) -> set[str]:
    return {*fact.left, *fact.right}


def alive(facts: Iterable[Evidence]) -> tuple[dict[UUID, Evidence], dict[UUID, Evidence]]:
    """Facts by id, of a link seen twice the earliest: those in force, and those that are retracted."""
    every: dict[UUID, Evidence] = {}
    for fact in facts:
        known = every.get(fact.fact_id)
        if known is None or fact.at < known.at:
            every[fact.fact_id] = fact
    aimed: dict[UUID, set[UUID]] = defaultdict(set)
    for fact in every.values():
        target = every.get(fact.target) if fact.fact == "retract" and fact.target else None
        if target is not None and ends(target) <= ends(fact):
            aimed[target.fact_id].add(fact.fact_id)

    def lives(fact_id: UUID) -> bool:
        return not any(lives(by) for by in aimed[fact_id])

    living = {i: fact for i, fact in every.items() if lives(i)}
    return living, {i: fact for i, fact in every.items() if i not in living}


def judge_slowly(facts: Iterable[Evidence], rules: Rules, tenant: str) -> Model:  # noqa: C901, PLR0912  told in one go
    facts = list(facts)
    every, retracted = alive(facts)

    def kind_of(identifier: str) -> Kind:
        return rules.of(identifier.split(":", 1)[0])

    erased: dict[str, int] = defaultdict(lambda: BEGIN)
    epoch: dict[str, int] = defaultdict(int)
    cuts: dict[str, set[int]] = defaultdict(set)
    blocked = {i for f in facts for i in ends(f) if i.split(":", 1)[1] in kind_of(i).blocked}
    for fact in every.values():
        t = moment_of(fact)
        if fact.fact == "erase":
            erased[fact.left[0]] = max(erased[fact.left[0]], t)
            epoch[fact.left[0]] += 1
        if fact.fact == "handover":
            cuts[fact.left[0]].add(t)
        if fact.fact == "block":
            blocked.add(fact.left[0])

    def node(identifier: str, t: int) -> Node:
        return Node(identifier, max([cut for cut in cuts[identifier] if cut <= t], default=BEGIN))

    refused = {i: "retracted" for i, fact in retracted.items() if fact.fact in ("link", "tie")}
    links = []
    for i, fact in every.items():
        if fact.fact in ("link", "tie") and fact.left != fact.right:
            a, b, t = fact.left[0], fact.right[0], moment_of(fact)
            if t < erased[a] or t < erased[b]:
                refused[i] = "erased"
            else:
                links.append(Link(class_of(fact.fact == "tie", kind_of(a), kind_of(b)), t, i, node(a, t), node(b, t)))
    links.sort(key=lambda link: (link.cls, link.t, link.fact_id.int))
    nodes = {n for link in links for n in link[3:]}

    apart: set[frozenset[Node]] = set()
    for fact in every.values():
        if fact.fact == "keep_apart":
            t = moment_of(fact)
            apart |= {frozenset((node(a, t), node(b, t))) for a in fact.left for b in fact.right if a != b}
    for link in links:
        if link.x.identifier in blocked or link.y.identifier in blocked:
            refused[link.fact_id] = "blocked"
        elif frozenset(link[3:]) in apart:
            refused[link.fact_id] = "keep_apart"
    links = [link for link in links if link.fact_id not in refused]
    ties = [link for link in links if link.cls == TIE]
    tied = {n for link in ties for n in link[3:]}
    same = one_value(ties, lambda n: kind_of(n.identifier).unique)

    busy: dict[Node, int] = {}
    hubs: set[Node] = set()
    for n in nodes:
        near = sorted(
            (link.t, link.fact_id.int, link.y if link.x == n else link.x)
            for link in links
            if n in link[3:] and link.cls != TIE
        )
        strong = [one for one in near if not kind_of(one[2].identifier).shared]
        for some, most in ((strong, rules.hub), (near, rules.degree)):
            if len(some) > most:
                busy[n] = min(busy.get(n, END), some[most][0])
        if len(strong) > rules.hub and not kind_of(n.identifier).unique and n not in tied:
            hubs.add(n)

    cluster = {n: frozenset([n]) for n in nodes}
    joined: set[UUID] = set()
    contested: dict[Node, int] = {}
    claim: dict[Node, int] = {}
    first: dict[Node, int] = {}

    def broken_rule(link: Link) -> str:  # noqa: C901, PLR0911  the order of the rules is told in one go
        a, b = cluster[link.x], cluster[link.y]
        if any(contested.get(n, END) <= link.t for n in (link.x, link.y)):
            return "contested"
        both = sorted(names(a) & names(b))
        for k in both:
            if rules.of(k).unique and len(values(a | b, k, same)) > 1:
                return f"unique:{k}"
        if link.cls == DEVICE and not (kind_of(link.x.identifier).unique or kind_of(link.y.identifier).unique):
            for k in both:
                if not rules.of(k).shared and not rules.of(k).unique:
                    return f"guest:{k}"
        for k in sorted(names(a | b)):
            if len(values(a | b, k, same)) > rules.of(k).limit:
                return f"limit:{k}"
        if len(a) + len(b) > rules.cap:
            return "cap"
        if any(frozenset((p, q)) in apart for p in a for q in b):
            return "keep_apart"  # last, so that a merge and then keep_apart restores exactly
        return ""

    for link in links:
        is_hub = link.cls != TIE and min(busy.get(link.x, END), busy.get(link.y, END)) <= link.t
        rule = "hub" if is_hub else broken_rule(link) if cluster[link.x] != cluster[link.y] else ""
        if rule:
            refused[link.fact_id] = rule
            if rule.startswith(("unique", "guest", "keep_apart")):  # two persons: the weaker end is in doubt from now
                for n in doubtful(link, kind_of):
                    if n not in tied and claim.get(n) == link.cls:
                        contested[n] = min(contested.get(n, END), link.t)
            continue
        if cluster[link.x] != cluster[link.y]:
            whole = cluster[link.x] | cluster[link.y]
            for n in whole:
                cluster[n] = whole
            joined.add(link.fact_id)
        for n in (link.x, link.y):
            claim[n] = min(claim.get(n, DEVICE), link.cls)
            first[n] = min(first.get(n, END), link.t)

    profile_of = {}
    for n, c in cluster.items():
        root = min(c, key=lambda m: (kind_of(m.identifier).priority, first.get(m, END), m))
        profile_of[n] = profile_id(tenant, root, epoch[root.identifier])
    owners: dict[str, list[Range]] = {}
    for identifier in {i for fact in facts if fact.fact != "rules" for i in ends(fact)}:
        rows: list[Range] = []
        starts = sorted({BEGIN} | cuts[identifier])
        for since, until in zip(starts, [*starts[1:], END], strict=True):
            n = Node(identifier, since)
            mine = profile_of.get(n) or profile_id(tenant, n, epoch[identifier])
            alone = profile_id(tenant, n, epoch[identifier], alone=True)
            state: State = "linked" if len(cluster.get(n, ())) > 1 else "own"
            if n in hubs:
                rows.append(Range(since, until, alone, "hub"))
            elif n in contested:
                if contested[n] > since:
                    rows.append(Range(since, contested[n], mine, state))
                rows.append(Range(contested[n], until, alone, "contested"))
            else:
                rows.append(Range(since, until, mine, state))
        owners[identifier] = rows
    clusters = [c for c in set(cluster.values()) if len(c) > 1]
    return Model(owners, refused, joined, clusters, contested, hubs, profile_of)


def class_of(tie: bool, a: Kind, b: Kind) -> int:
    if tie:
        return TIE
    if a.shared or b.shared:
        return DEVICE
    return ACCOUNT if a.unique or b.unique else CONTACT


def names(cluster: Iterable[Node]) -> set[str]:
    return {n.identifier.split(":", 1)[0] for n in cluster}


def values(cluster: Iterable[Node], kind: str, same: Mapping[Node, Node]) -> set[Node]:
    return {same.get(n, n) for n in cluster if n.identifier.split(":", 1)[0] == kind}


def one_value(ties: Iterable[Link], is_unique: Callable[[Node], bool]) -> dict[Node, Node]:
    """Values of a unique kind that a tie names directly count as one value."""
    same: dict[Node, Node] = {}

    def find(n: Node) -> Node:
        return n if same.get(n, n) == n else find(same[n])

    for tie in ties:
        if names([tie.x]) == names([tie.y]) and is_unique(tie.x):
            x, y = find(tie.x), find(tie.y)
            if x != y:
                same[max(x, y)] = min(x, y)
    return {n: find(n) for n in same}


def doubtful(link: Link, kind_of: Callable[[str], Kind]) -> list[Node]:
    """The ends that a refused link puts in doubt: the shared ones; else the weaker kind; never a unique one."""
    both = [link.x, link.y]
    if link.cls == DEVICE:
        weak = [n for n in both if kind_of(n.identifier).shared]
    else:
        worst = max(kind_of(n.identifier).priority for n in both)
        weak = [n for n in both if kind_of(n.identifier).priority == worst]
    return [n for n in weak if not kind_of(n.identifier).unique]
