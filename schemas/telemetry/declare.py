"""How a metric is declared: with our prefix, in one registry; and what makes counting cheap where it is done often."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, Self, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric

from schemas.recent import Labels

PREFIX: Final = "throughline"
BRIEF: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
WAITED: Final = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60, 120, 300, 600, 1800)  # seconds


class Counts(Counter):
    """A counter that finds its children without a lock, and of which one thread may keep a tally.

    A tally takes a fifth of what `inc` takes; it is added to the counter when that is read.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401  as the library has it
        self._tally: defaultdict[Labels, float] = defaultdict(float)  # only ever rises: what was read stays read
        self._added: dict[Labels, float] = {}
        self._adding = threading.Lock()
        super().__init__(*arguments, **keywords)

    def labels(self, *labelvalues: Any, **labelkwargs: Any) -> Self:  # noqa: ANN401  as the library has it
        """See `Counter`; the first call for a child makes it."""
        found = cast("Self | None", self._metrics.get(labelvalues))
        return super().labels(*labelvalues, **labelkwargs) if found is None else found

    def tally(self, labels: Labels, amount: float = 1.0) -> None:
        """Count, always from the same thread."""
        self._tally[labels] += amount

    def collect(self) -> Iterable[Metric]:
        """See `Counter`."""
        with self._adding:
            for labels, amount in self._tally.copy().items():
                self.labels(*labels).inc(amount - self._added.get(labels, 0.0))
                self._added[labels] = amount
        return super().collect()


class Durations(Histogram):
    """A histogram without labels, into which one thread may `note`, for a fifth of what `observe` takes."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401  as the library has it
        super().__init__(*arguments, **keywords)
        self._noted = [0] * len(self._upper_bounds)
        self._noted_sum = 0.0
        self._added, self._added_sum = self._noted.copy(), 0.0
        self._adding = threading.Lock()

    def note(self, seconds: float) -> None:
        """Observe, always from the same thread."""
        self._noted[bisect_left(self._upper_bounds, seconds)] += 1
        self._noted_sum += seconds

    def collect(self) -> Iterable[Metric]:
        """See `Histogram`."""
        with self._adding:
            noted, total = self._noted.copy(), self._noted_sum
            for bucket, now, before in zip(self._buckets, noted, self._added, strict=True):
                bucket.inc(now - before)
            self._sum.inc(total - self._added_sum)
            self._added, self._added_sum = noted, total
        return super().collect()


class Declare:
    """Makes metrics; labels are bounded: never an identifier, an event id or a message."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, text: str, *labels: str) -> Counts:
        """One that only rises; its name ends with `_total`."""
        return Counts(name, text, labels, namespace=PREFIX, registry=self._registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A value as it is now."""
        return Gauge(name, text, labels, namespace=PREFIX, registry=self._registry)

    def histogram(self, name: str, text: str, *labels: str, buckets: tuple[float, ...] = BRIEF) -> Histogram:
        """Durations in seconds."""
        return Histogram(name, text, labels, namespace=PREFIX, registry=self._registry, buckets=buckets)

    def durations(self, name: str, text: str) -> Durations:
        """Durations in seconds, of what is done often."""
        return Durations(name, text, namespace=PREFIX, registry=self._registry, buckets=BRIEF)
