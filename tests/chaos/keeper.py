"""Starts every part again when it has ended, as a supervisor does; what waits for a part arms its next processes."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from tests.chaos.arm import UNARMED, Arm
from tests.chaos.world import World

_LOOK_S: Final = 0.1


class Keeper:
    """Keeps parts running in a thread, until closed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._arms: dict[str, deque[Arm]] = {}
        self._held: set[str] = set()
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._thread.start()

    def arm(self, name: str, arms: Iterable[Arm]) -> None:
        """The next processes of a part are armed with these, one after the other."""
        self._arms.setdefault(name, deque()).extend(arms)

    def waits(self, name: str) -> bool:
        """Whether arms wait for a part still."""
        return bool(self._arms.get(name))

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """For the while nobody starts a part again."""
        with self._lock:
            self._held.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(name)

    def close(self) -> None:
        """Keep nothing any more."""
        self._end.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._end.wait(_LOOK_S):
            for name, part in list(self._world.parts.items()):
                with self._lock:
                    if name not in self._held and not part.runs:
                        arms = self._arms.get(name)
                        part.start(arms.popleft() if arms else UNARMED)


@contextmanager
def kept(world: World) -> Iterator[Keeper]:
    """A keeper for the while."""
    keeper = Keeper(world)
    try:
        yield keeper
    finally:
        keeper.close()
