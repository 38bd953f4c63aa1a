"""How far a group is behind, in records and in seconds, told by whoever watches its commits from outside."""

from collections import deque
from typing import Final

from schemas.kafka.backlog import Stage, TopicPartition
from schemas.telemetry import Metrics

_KEPT: Final = 600  # moments of one partition, at most: 10 minutes at one look a second, and longer ones thinned out


class Ends:
    """When a partition's end passed which offset. So a record has an age without being read."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()  # moments at which the end was found to be larger, and the end

    def observe(self, end: int, now: float) -> None:
        """The end at a moment, in seconds by any steady clock."""
        if self._seen and end < self._seen[-1][1]:  # the topic was made anew
            self._seen.clear()
        if not self._seen or end > self._seen[-1][1]:
            self._seen.append((now, end))
        if len(self._seen) > _KEPT:
            self._seen = deque(list(self._seen)[::2])

    def forget(self, position: int) -> None:
        """What lies before a position is not asked for again."""
        while self._seen and self._seen[0][1] <= position:
            self._seen.popleft()

    def age(self, position: int, now: float) -> float:
        """Seconds since the record at this position was first seen to be there; 0 where there is none.

        What was there before the first look is as old as that.
        """
        return next((now - at for at, end in self._seen if end > position), 0.0)


class Lags:
    """Sets `lag_messages` and `lag_seconds` of several groups. For one thread."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._ends: dict[tuple[str, TopicPartition], Ends] = {}

    def tell(self, group: str, stage: Stage, now: float) -> None:
        """A group's positions and the ends of its partitions, at a moment by a steady clock, in seconds."""
        seconds: dict[str, float] = {}
        for at, (committed, end) in stage.items():
            topic, partition = at
            ends = self._ends.setdefault((group, at), Ends())
            ends.observe(end, now)
            ends.forget(committed)
            self._metrics.lag_messages.labels(group, topic, str(partition)).set(max(0, end - committed))
            seconds[topic] = max(seconds.get(topic, 0.0), ends.age(committed, now))
        for topic, age in seconds.items():
            self._metrics.lag_seconds.labels(group, topic).set(age)
