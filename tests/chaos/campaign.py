"""A campaign: load, faults one after the other while it flows, and the oracle at the end."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.chaos.field import Field
from tests.chaos.load import Recipe
from tests.chaos.oracle import findings

LANES: Final = 2
ENDLESS: Final = 1 << 40
PAUSE_S: Final = 0.05  # between two deliveries of a lane: as much load as a busy machine bears beside the faults
Fault = Callable[[Field], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a campaign came to.

    Attributes:
        findings: what the oracle found; none: the promise was kept.
        faults: how often each class was done.
        seams: processes of ours that died, at each seam.
        kills: those that were killed from outside, by part.
        answers: what senders were answered, how often.
        accepted, rejected: distinct interactions that were answered so.
    """

    findings: list[str]
    faults: Counter[str]
    seams: Counter[str]
    kills: Counter[str]
    answers: Counter[str]
    accepted: int
    rejected: int

    @property
    def died(self) -> int:
        """Processes of ours that were killed with -9."""
        return self.seams.total() + self.kills.total()


def campaign(
    field: Field,
    faults: Sequence[Fault],
    recipe: Recipe,
    *,
    pause_s: float = PAUSE_S,
    is_enough: Callable[[Field], bool] = lambda _: True,
) -> Verdict:
    """Do all faults, in an order of chance, again and again until it is enough; then settle and judge.

    The load flows for as long as there are faults, whatever the recipe's `count` is.
    """
    lanes = [replace(recipe, count=ENDLESS, lane=lane, lanes=LANES) for lane in range(LANES)]
    senders = [field.world.send(lane, pause_s) for lane in lanes]
    try:
        while True:
            for fault in field.dice.sample(faults, len(faults)):
                field.do(fault)
            if is_enough(field):
                break
    finally:
        for sender in senders:
            sender.stop()
    for sender in senders:
        sender.join()
    field.world.settle()
    ledger = field.world.ledger
    return Verdict(
        findings(field.world),
        field.done,
        field.seams(),
        field.kills,
        ledger.answers,
        len(ledger.accepted),
        len(ledger.rejected),
    )
