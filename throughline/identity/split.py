"""Split a profile: some of its identifiers are another customer. One command, one bundle of facts.

keep_apart between each that goes and each that stays; and where nothing else holds together those that go, or those
that stay, ties. What joins them without the other side goes on to do so.
"""

from collections.abc import Iterable, Iterator, Sequence

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.core.judge import Node
from throughline.failures import Failed
from throughline.identity.command import Command, Proposal
from throughline.identity.outlook import Outlook
from throughline.identity.words import fact_words, remedy, rule_words
from throughline.identity.world import World


def split(command: Command, outlook: Outlook, of: str, leaving: Sequence[str]) -> Proposal:
    """Some identifiers of the profile of `of` are another customer than the rest.

    Raises:
        Failed: one of them is not in that profile, or all are; what goes or stays cannot be held together.
    """
    world = outlook.now
    members = {node.identifier for node in world.cluster(world.now(of)) if node == world.now(node.identifier)}
    for identifier in leaving:
        if identifier not in members:
            msg = f"{identifier} is not joined with {of}; why: `throughline explain {of} {identifier}`"
            raise Failed(msg)
    staying = sorted(members - set(leaving))
    if not staying:
        msg = "these are all identifiers of the profile: name those that are another customer than the rest"
        raise Failed(msg)
    facts = [command.fact("keep_apart", sorted(set(leaving)), staying)]
    before, after = outlook.supposing(facts)
    ties = [fact for side in (leaving, staying) for fact in _ties(command, after, side)]
    if ties:
        facts += ties
        before, after = outlook.supposing(facts)
    _hold(after, ties)
    return Proposal(tuple(facts), before, after)


def _ties(command: Command, world: World, side: Iterable[str]) -> Iterator[Evidence]:
    """Ties of the strongest identifier of a side with the strongest of each cluster that fell off."""
    clusters: dict[frozenset[Node], str] = {}
    for identifier in sorted(side, key=lambda name: strength(world.rules, name)):
        clusters.setdefault(world.cluster(world.now(identifier)), identifier)
    first, *others = clusters.values()
    for other in others:
        yield command.fact("tie", [first], [other])


def strength(rules: Rules, identifier: str) -> tuple[int, str]:
    """The order of identifiers, the strongest first."""
    return rules.of(identifier.partition(":")[0]).priority, identifier


def _hold(world: World, ties: Sequence[Evidence]) -> None:
    for fact in ties:
        if rule := world.judgement.verdicts[fact.fact_id].rule:
            msg = (
                f"{rule} would tear {fact.left[0]} and {fact.right[0]}: {rule_words(rule, world.rules)}\n"
                f"  {fact_words(fact)}\n  {remedy(rule)}"
            )
            raise Failed(msg)
