"""How a metric is declared: with our prefix, in one registry."""

from typing import Any, Final, Self, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

PREFIX: Final = "throughline"
BRIEF: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
WAITED: Final = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60, 120, 300, 600, 1800)  # seconds


class _Counter(Counter):
    """Finds a child that is there already without the lock, and without making texts of its labels again."""

    def labels(self, *labelvalues: Any, **labelkwargs: Any) -> Self:  # noqa: ANN401  as the library has it
        """See `Counter`; the first call for a child makes it."""
        found = cast("Self | None", self._metrics.get(labelvalues))
        return super().labels(*labelvalues, **labelkwargs) if found is None else found


class Declare:
    """Makes metrics; labels are bounded: never an identifier, an event id or a message."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """One that only rises; its name ends with `_total`."""
        return _Counter(name, text, labels, namespace=PREFIX, registry=self._registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A value as it is now."""
        return Gauge(name, text, labels, namespace=PREFIX, registry=self._registry)

    def histogram(self, name: str, text: str, *labels: str, buckets: tuple[float, ...] = BRIEF) -> Histogram:
        """Durations in seconds."""
        return Histogram(name, text, labels, namespace=PREFIX, registry=self._registry, buckets=buckets)
