"""Take back what was said or seen."""

from collections.abc import Sequence
from uuid import UUID

from schemas.evidence import Evidence
from throughline.failures import Failed
from throughline.identity.command import Command, Proposal
from throughline.identity.outlook import Outlook
from throughline.identity.words import fact_words
from throughline.identity.world import World, alive


def retract(command: Command, outlook: Outlook, wanted: UUID, targets: Sequence[Evidence]) -> Proposal:
    """Take back the fact with an id, or all facts of the command with it; `targets` are these.

    A retract is a fact too: to take it back brings back what it took.

    Raises:
        Failed: there are none, or all of them are taken back already.
    """
    if not targets:
        msg = f"no fact and no command of tenant {command.tenant} has the id {wanted}"
        raise Failed(msg)
    living = alive({**outlook.now.facts, **{fact.fact_id: fact for fact in targets}})
    standing = [fact for fact in targets if fact.fact_id in living]
    if not standing:
        by = "".join(f"\n  {fact_words(fact)}" for fact in _retracts(outlook.now, targets))
        msg = f"taken back already:{by}\n  to bring it back, retract that"
        raise Failed(msg)
    facts = [command.fact("retract", target.left, target.right, target=target) for target in standing]
    return Proposal(tuple(facts), *outlook.supposing(facts))


def _retracts(world: World, targets: Sequence[Evidence]) -> list[Evidence]:
    ids = {fact.fact_id for fact in targets}
    return [fact for fact in world.living.values() if fact.target in ids]
