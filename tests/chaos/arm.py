"""What a child process is told to do to itself, in an environment variable of the suite's own."""

import os
from collections.abc import MutableMapping
from typing import Final

import msgspec

VARIABLE: Final = "CHAOS_ARM"


class Arm(msgspec.Struct, frozen=True):
    """How a part is armed; by default not at all.

    Attributes:
        seam: where it kills itself with SIGKILL (`seams.SEAMS`); empty: nowhere.
        call: at which pass of the seam, from 1.
        hold_s: seconds that the thread stands still at the seam before.
        off: protections that are switched off (`protections.PROTECTIONS`).
        jumps: of the wall clock: seconds from the start, and by how many seconds it is wrong from then on.
    """

    seam: str = ""
    call: int = 1
    hold_s: float = 0.0
    off: tuple[str, ...] = ()
    jumps: tuple[tuple[float, float], ...] = ()

    def environment(self) -> dict[str, str]:
        """What the child finds."""
        return {VARIABLE: msgspec.json.encode(self).decode()}


UNARMED: Final = Arm()


def armed(environment: MutableMapping[str, str] = os.environ) -> Arm:
    """Take the arm out of the environment: nobody below sees it."""
    return msgspec.json.decode(environment.pop(VARIABLE, "{}"), type=Arm)
