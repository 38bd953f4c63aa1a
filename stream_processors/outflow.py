"""The room for outputs: how much of what was sent is not yet consumed by every group that reads it."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.kafka.backlog import Ledger, Offsets, Report, Stage, TopicPartition, Watch
from schemas.settings import KafkaSettings

SOMEWHERE: Final = -1  # partition and offset of a report that does not know them
MOST: Final = 256  # batches that are kept apart; beyond, what lands is counted with the youngest
_GUESS: Final = 1024  # bytes of a message that was there before us
_LOOK_S: Final = 1.0
_LOOK_EMBEDDED_S: Final = 0.1  # its budget is small, and is waited for


@dataclass(slots=True, eq=False)
class _Batch:
    """What was sent at once: bytes by topic, and how far its readers must come."""

    sizes: dict[str, int] = field(default_factory=dict)
    looks: int = 0
    marks: dict[TopicPartition, int] = field(default_factory=dict)

    def observe(self, stage: Stage) -> bool:
        """Whether the slowest readers have consumed all of it.

        The first look may have begun before the batch had landed; the second one surely sees its end.
        """
        self.looks += 1
        if self.looks == 2:  # noqa: PLR2004  see above
            self.marks = {at: end for at, (_, end) in stage.items() if at[0] in self.sizes}
        return self.looks > 1 and all(
            committed >= min(self.marks.get(at, end), end)  # a topic made anew ends before the mark
            for at, (committed, end) in stage.items()
            if at[0] in self.sizes
        )


class OutflowBook:
    """An upper bound of any output partition's backlog, without a report for each message.

    Bytes are known by topic, not by partition: a batch counts whole until every group that reads one of its topics has
    passed the ends that the topic had after it. A topic that no group reads counts for nothing. Implements
    `schemas.kafka.backlog.Book`; the reports are one for each topic of a batch.
    """

    def __init__(self, budget: int) -> None:
        """`budget`: what was there before us counts as so much, at most."""
        self._budget = budget
        self._batches: deque[_Batch] = deque()
        self._is_new = True

    def landed(self, reports: Iterable[Report]) -> None:
        """Kafka has a batch: (topic, SOMEWHERE, SOMEWHERE, bytes) for each topic of it."""
        if len(self._batches) < MOST:
            self._batches.append(_Batch())
        batch = self._batches[-1]
        batch.looks, batch.marks = 0, {}  # one that takes in another is as young as that
        for topic, _, _, size in reports:
            batch.sizes[topic] = batch.sizes.get(topic, 0) + size

    def observe(self, stages: Sequence[Stage]) -> None:
        """What Kafka says of each group; one that has committed nothing stands at the beginning."""
        stage = _slowest(stages)
        if self._is_new:
            self._is_new = False
            self._inherit(stage)
        while self._batches and self._batches[0].observe(stage):
            self._batches.popleft()
        for batch in list(self._batches)[1:]:
            batch.observe(stage)

    @property
    def held(self) -> int:
        """Bytes of the topic with the largest backlog, as if they could all be in one partition."""
        sums: dict[str, int] = {}
        for batch in self._batches:
            for topic, size in batch.sizes.items():
                sums[topic] = sums.get(topic, 0) + size
        return max(sums.values(), default=0)

    def _inherit(self, stage: Stage) -> None:
        """What an earlier process sent and is not consumed: known in messages only."""
        batch = _Batch(looks=1)
        for (topic, _), (committed, end) in stage.items():
            if end > committed:
                size = batch.sizes.get(topic, 0) + (end - committed) * _GUESS
                batch.sizes[topic] = min(size, self._budget)
        if batch.sizes:
            self._batches.appendleft(batch)


def _slowest(stages: Sequence[Stage]) -> Stage:
    """The least position and the least end that any group was told of each partition."""
    least: dict[TopicPartition, tuple[int, int]] = {}
    for stage in stages:
        for at, (committed, end) in stage.items():
            before = least.get(at, (committed, end))
            least[at] = min(before[0], committed), min(before[1], end)
    return least


def watch_over(
    groups: Mapping[str, tuple[str, ...]],
    kafka: KafkaSettings,
    offsets: Offsets,
    ledger: Ledger,
    on_look: Callable[[Exception | None], None],
) -> Watch:
    """A watch, not yet started, over the topics that each group reads; `on_look`: after every look."""
    interval = _LOOK_EMBEDDED_S if kafka.is_embedded else _LOOK_S
    return Watch(offsets, groups, ledger=ledger, on_look=on_look, interval=interval)
