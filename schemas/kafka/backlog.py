"""The backlog: bytes that are accepted and not yet consumed, and the budget that bounds them.

A producer asks `reserve` before it hands bytes to Kafka; a watch tells the ledger who has consumed how far. How the
backlog is counted is a book's business (`schemas.kafka.books`).
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Final, Protocol

TopicPartition = tuple[str, int]
Report = tuple[str, int, int, int]  # topic, partition, offset, bytes
Stage = Mapping[TopicPartition, tuple[int, int]]  # a group's position and the end, of each partition that it reads


class Book(Protocol):
    """How the backlog is counted."""

    def landed(self, reports: Iterable[Report]) -> None:
        """Delivery reports of what this process sent."""

    def observe(self, stages: Sequence[Stage]) -> None:
        """What Kafka says of each group, in the order in which interactions pass them."""

    @property
    def held(self) -> int:
        """Bytes of the backlog that counts against the budget."""


class Ledger:
    """The backlog against a budget in bytes, and whatever else may close the way. Safe between threads."""

    def __init__(self, budget: int, book: Book, closed: Callable[[], bool] = lambda: False) -> None:
        """`closed`: whether nothing at all may be sent now."""
        self.budget = budget
        self._closed = closed
        self._book = book
        self._lock = threading.Lock()
        self._flying = 0  # bytes reserved: any partition may get them
        self._held = 0  # the book's, kept: it changes only where something lands or is observed

    def reserve(self, size: int) -> bool:
        """Whether `size` bytes may be sent now. An empty backlog takes anything, so that nothing waits for ever."""
        if self.is_closed:
            return False
        with self._lock:
            held = self._flying + self._held
            if held and held + size > self.budget:
                return False
            self._flying += size
            return True

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be sent or written now, however little it is."""
        return self._closed()

    def landed(self, reports: Iterable[Report], reserved: int) -> None:
        """What was reserved has landed as these reports say; what they leave out was not delivered."""
        with self._lock:
            self._book.landed(reports)
            self._flying -= reserved
            self._held = self._book.held

    def observe(self, stages: Sequence[Stage]) -> None:
        """What Kafka says of each group, in the order in which interactions pass them."""
        with self._lock:
            self._book.observe(stages)
            self._held = self._book.held

    @property
    def largest(self) -> int:
        """Bytes that count against the budget, those in flight included."""
        with self._lock:
            return self._flying + self._held


class Offsets(Protocol):
    """What the watch asks Kafka (`schemas.kafka.offsets.KafkaOffsets`)."""

    def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        """Every partition of these topics that exist."""

    def committed(self, group: str, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The position of a group in each partition; the partition's beginning where it has none."""

    def ends_of(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The end of each partition."""


OnStage = Callable[[str, Stage], None]  # a group, and where it stands
LEAVE_S: Final = 1.0  # of a part's time to end
TELL_S: Final = 0.9  # between two times that stages are told: no look of one a second is left out


class Watch:
    """A thread that keeps a ledger current: who has consumed how far.

    Attributes:
        failed: the last error of Kafka while it could not be asked; None once it answers again.
    """

    def __init__(
        self,
        offsets: Offsets,
        groups: Mapping[str, tuple[str, ...]],
        *,
        ledger: Ledger | None = None,
        also: Mapping[str, tuple[str, ...]] | None = None,
        on_stage: OnStage | None = None,
        on_look: Callable[[Exception | None], None] | None = None,
        interval: float = 0.1,
    ) -> None:
        """`groups`: the topics of each, in the order in which interactions pass them; `on_look`: after every look.

        `on_stage`: once a second for each group, and for what `also` names, of which the ledger is not told.
        """
        self.failed: Exception | None = None
        self._offsets = offsets
        self._groups = groups
        self._ledger = ledger
        self._also = also or {}
        self._on_stage = on_stage
        self._tell_at = 0.0
        self._on_look = on_look
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backlog-watch", daemon=True)

    def start(self) -> None:
        """Begin to look; the first look is done before this returns, where Kafka answers."""
        self.look()
        self._thread.start()

    def stop(self) -> bool:
        """End the thread; False: a look that Kafka does not answer is left behind, and still uses its offsets."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self.look()

    def look(self) -> None:
        """Ask Kafka once."""
        try:
            stages = {group: self._ask(group, topics) for group, topics in self._groups.items()}
            if self._ledger is not None:
                self._ledger.observe(list(stages.values()))
            self._tell(stages)
        except Exception as error:  # noqa: BLE001  Kafka away: the ledger stays as it is, and grows until it holds back
            self.failed = error
        else:
            self.failed = None
        if self._on_look is not None:
            self._on_look(self.failed)

    def _tell(self, stages: Mapping[str, Stage]) -> None:
        if self._on_stage is None or monotonic() < self._tell_at:
            return
        self._tell_at = monotonic() + TELL_S
        for group, stage in stages.items():
            self._on_stage(group, stage)
        for group, topics in self._also.items():
            self._on_stage(group, self._ask(group, topics))

    def _ask(self, group: str, topics: tuple[str, ...]) -> Stage:
        """One group. Asked in this order, what passes meanwhile is counted twice rather than not at all."""
        partitions = self._offsets.partitions(topics)
        committed = self._offsets.committed(group, partitions)
        ends = self._offsets.ends_of(partitions)
        return {at: (committed[at], ends[at]) for at in partitions}
