"""Why identifiers are one customer, or why not: the path of evidence, or what stands against it on both sides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.evidence import Evidence
from schemas.identity import Range
from stream_processors.core.commands import moment_of
from stream_processors.core.judge import Node
from throughline.identity.paths import Graph, Step
from throughline.identity.words import rule_words
from throughline.identity.world import PERSON_RULES, World

OF_A_KIND: Final = frozenset({"unique", "guest", "limit"})  # rules that speak of a kind: unique:user_id
_SHOWN: Final = 10  # refused links of one identifier, and links to identifiers of one kind


@dataclass(frozen=True, slots=True)
class Doubt:
    """An identifier that is nobody's now.

    Attributes:
        state: contested or hub.
        since: contested: from when on, in milliseconds; hub: 0.
        by: contested: the refused link that says "another person".
        claims: contested: the link that it holds to all the same; hub: the links that were too many.
    """

    identifier: str
    state: str
    since: int
    by: Evidence | None
    rule: str
    claims: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """What keeps two sides apart.

    Attributes:
        rule: hub, contested, unique:<kind>, guest:<kind>, limit:<kind>, cap, keep_apart, blocked, or handover.
        why: the rule in words.
        link: the link that was refused; None where it is not about a link.
        left, right: the evidence on either side: from each end of the link to what the rule speaks of.
        said: the operators' facts that it rests on.
    """

    rule: str
    why: str
    link: Step | None
    left: tuple[Step, ...] = ()
    right: tuple[Step, ...] = ()
    said: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one or two identifiers are whose they are.

    Attributes:
        identifiers: those asked about.
        owners: whose each is now.
        one: whether they are one customer; of a single identifier: whether it is in a profile of several.
        steps: one: the links from the first to the second, or all that joined the profile, each with its depth.
        against: what keeps them apart, or the links that rules refused to the single one.
        doubts: those of them that are nobody's, and others that links were refused for.
    """

    identifiers: tuple[str, ...]
    owners: tuple[Range, ...]
    one: bool
    steps: tuple[tuple[int, Step], ...]
    against: tuple[Against, ...]
    doubts: tuple[Doubt, ...]


def explain_two(world: World, one: str, other: str) -> Explanation:
    """Why two identifiers are one customer, or why not."""
    graph = Graph(world)
    owners = world.owner(one), world.owner(other)
    start, goal = world.now(one), world.now(other)
    if owners[0].profile == owners[1].profile:
        path = graph.path(start, lambda node: node == goal) or []
        return Explanation((one, other), owners, True, tuple(enumerate(path)), (), ())  # noqa: FBT003  it is named above
    refused = [step for step in graph.way_round(start, goal) or [] if step.verdict.rule]
    doubts = _doubts(world, graph, [start, goal], refused)
    against = [_against(world, step, graph) for step in refused]
    against += _kept_apart(world, start, goal, {id(fact) for found in against for fact in found.said})
    against += _handed_over(world, (one, other))
    return Explanation((one, other), owners, False, (), tuple(against), doubts)  # noqa: FBT003  as above


def explain_one(world: World, identifier: str) -> Explanation:
    """Why the profile of an identifier is as it is."""
    graph = Graph(world)
    node = world.now(identifier)
    refused = [step for step in graph.of(node) if step.verdict.rule][:_SHOWN]
    return Explanation(
        (identifier,),
        (world.owner(identifier),),
        world.owner(identifier).state == "linked",
        tuple(graph.tree(node)),
        tuple(_against(world, step, graph) for step in refused),
        _doubts(world, graph, [node], refused),
    )


def _against(world: World, link: Step, graph: Graph) -> Against:
    """Why a link was refused, with the evidence on both sides."""
    rule, _, kind = link.verdict.rule.partition(":")
    left: list[Step] = []
    right: list[Step] = []
    said: list[Evidence] = []
    if rule == "limit":
        left, right = (_all_of_kind(graph, end, kind) for end in (link.near, link.far))
    elif rule in OF_A_KIND:
        left, right = (_to_kind(graph, end, kind) for end in (link.near, link.far))
    elif rule == "keep_apart":
        said = list(_keep_aparts(world, link.near, link.far))
    elif rule == "blocked":
        ends = {link.near.identifier, link.far.identifier}
        said = [fact for fact in world.living.values() if fact.fact == "block" and fact.left[0] in ends]
    why = rule_words(link.verdict.rule, world.rules)
    return Against(link.verdict.rule, why, link, tuple(left), tuple(right), tuple(said))


def _to_kind(graph: Graph, end: Node, kind: str) -> list[Step]:
    """The way to the nearest identifier of a kind."""
    return graph.path(end, lambda node: node.identifier.partition(":")[0] == kind) or []


def _all_of_kind(graph: Graph, end: Node, kind: str) -> list[Step]:
    """The links that brought in the identifiers of a kind."""
    steps = [step for _, step in graph.tree(end) if step.far.identifier.partition(":")[0] == kind]
    return steps[:_SHOWN]


def _doubts(world: World, graph: Graph, nodes: Sequence[Node], refused: Sequence[Step]) -> tuple[Doubt, ...]:
    """The doubts about some nodes, and about the ends of links that were refused for such."""
    ends = [end for step in refused if step.verdict.rule in {"hub", "contested"} for end in (step.near, step.far)]
    concerned = dict.fromkeys([*nodes, *ends])
    return tuple(doubt for node in concerned for doubt in (*_hub(world, graph, node), *_contest(world, graph, node)))


def _hub(world: World, graph: Graph, node: Node) -> Iterator[Doubt]:
    if node in world.judgement.hubs:
        counted = sorted((step for step in graph.of(node) if step.verdict.cls), key=lambda step: step.fact.at)
        yield Doubt(node.identifier, "hub", 0, None, "hub", tuple(counted[: world.rules.hub + 1]))


def _contest(world: World, graph: Graph, node: Node) -> Iterator[Doubt]:
    since = world.judgement.contested.get(node)
    if since is None:
        return
    by = next(
        step for step in graph.of(node) if moment_of(step.fact) == since and step.verdict.rule.startswith(PERSON_RULES)
    )
    claims = tuple(step for step in graph.of(node) if step.verdict.joined)
    yield Doubt(node.identifier, "contested", since, by.fact, by.verdict.rule, claims)


def _keep_aparts(world: World, one: Node, other: Node) -> Iterator[Evidence]:
    """The operators' facts that name an identifier of either cluster, on opposite sides."""
    here, there = ({node.identifier for node in world.cluster(node)} for node in (one, other))
    for fact in world.living.values():
        if fact.fact == "keep_apart":
            left, right = set(fact.left), set(fact.right)
            if (here & left and there & right) or (here & right and there & left):
                yield fact


def _kept_apart(world: World, one: Node, other: Node, told: set[int]) -> Iterator[Against]:
    for fact in _keep_aparts(world, one, other):
        if id(fact) not in told:
            yield Against("keep_apart", rule_words("keep_apart", world.rules), None, said=(fact,))


def _handed_over(world: World, identifiers: tuple[str, ...]) -> Iterator[Against]:
    for fact in sorted(world.living.values(), key=lambda fact: fact.at):
        if fact.fact == "handover" and fact.left[0] in identifiers:
            yield Against("handover", "from that moment on it is somebody else's", None, said=(fact,))
