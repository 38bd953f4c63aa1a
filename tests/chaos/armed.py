"""The `throughline` command in a process that is armed against itself (`nursery` forks it)."""

import threading
import time

import time_machine

from tests.chaos.arm import armed
from tests.chaos.protections import PROTECTIONS
from tests.chaos.seams import plant
from throughline.__main__ import main as command


def main() -> None:
    """Arm this process, then be the command."""
    arm = armed()
    for name in arm.off:
        PROTECTIONS[name]()
    if arm.seam:
        plant(arm)
    if arm.jumps:
        threading.Thread(target=_jump, args=(arm.jumps,), name="jumps", daemon=True).start()
    command()


def _jump(jumps: tuple[tuple[float, float], ...]) -> None:
    """Set the wall clock wrong, again and again; what counts seconds (`time.monotonic`) goes on as it does in life."""
    began, right = time.monotonic(), time.time() - time.monotonic()
    for after, wrong_by in jumps:
        time.sleep(max(0.0, began + after - time.monotonic()))
        time_machine.travel(right + time.monotonic() + wrong_by, tick=True).start()
