"""The lag of this worker's partitions, as metrics, once a second."""

import asyncio
from time import time

from schemas.telemetry import Metrics
from stream_processors.app import App

_EVERY_S = 1.0


async def report_lag(app: App, group: str, topics: tuple[str, ...], metrics: Metrics) -> None:
    """Report until cancelled, and positions that were lost. A partition that moves away takes its series with it."""
    shown: set[tuple[str, int]] = set()
    lost: dict[str, int] = {}
    for topic in topics:
        metrics.positions_lost.labels(group, topic)  # 0 from the first scrape on, so that a rise is seen
    while True:
        await asyncio.sleep(_EVERY_S)
        lags = dict(app.reader.lags)
        for topic, partition in shown - lags.keys():
            metrics.lag_messages.remove(group, topic, str(partition))
        for topic in {topic for topic, _ in shown} - {topic for topic, _ in lags}:
            metrics.lag_seconds.remove(group, topic)
        shown = set(lags)
        for (topic, partition), messages in lags.items():
            metrics.lag_messages.labels(group, topic, str(partition)).set(messages)
        for topic, seconds in ages(app.reader.progress.oldest(), {topic for topic, _ in lags}, time()).items():
            metrics.lag_seconds.labels(group, topic).set(seconds)
        before, lost = lost, dict(app.reader.lost)
        for topic, times in lost.items():
            metrics.positions_lost.labels(group, topic).inc(times - before.get(topic, 0))


def ages(oldest: dict[tuple[str, int], int], topics: set[str], now: float) -> dict[str, float]:
    """The age in seconds of each topic's oldest record that is not finished; 0 where all are.

    `oldest`: Kafka's time of it in milliseconds, by partition. What is read ahead of is never far behind.
    """
    found = dict.fromkeys(topics, 0.0)
    for (topic, _), stamp in oldest.items():
        if stamp and topic in found:
            found[topic] = max(found[topic], now - stamp / 1000)
    return found
