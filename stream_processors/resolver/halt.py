"""When the resolver's thread must leave off."""

import threading


class Halt:
    """What other threads ask of the thread of work.

    Attributes:
        ending: the part ends: what runs is finished, nothing more is begun, and no room is waited for.
        moved: partitions are assigned anew: what runs is done again.
        abandoned: what runs takes too long.
    """

    def __init__(self) -> None:
        self.ending = threading.Event()
        self.moved = threading.Event()
        self.abandoned = threading.Event()

    @property
    def gives_up(self) -> bool:
        """Whether to wait for nothing any more."""
        return self.moved.is_set() or self.abandoned.is_set()

    @property
    def is_over(self) -> bool:
        """Whether to stop long work where it can be done again."""
        return self.ending.is_set() or self.gives_up
