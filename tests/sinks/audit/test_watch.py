"""The audit that never ends, over a world that moves."""

import math
import threading
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.telemetry import Metrics
from sinks.audit.watch import AuditWatch
from tests.sinks.audit.world import KAFKA, World


def shown(metrics: Metrics, name: str) -> float | None:
    return metrics.registry.get_sample_value(f"throughline_audit_{name}")


def watch_over(world: World) -> tuple[AuditWatch, Metrics]:
    metrics = Metrics(CollectorRegistry())
    watch = AuditWatch(world, KAFKA, world, metrics, threading.Event())
    watch._pause = lambda: False  # type: ignore[method-assign]  # it waits for nobody
    return watch, metrics


@pytest.mark.parametrize("share", [0, 1 << 40])  # everything at each look; only what is new, after the first
@given(st.integers(0, 1 << 32), st.integers(0, 20))
@settings(max_examples=50)
def test_what_it_shows_at_rest_is_exact(share: int, seed: int, faults: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sinks.audit.watch.SHARE", share)
        world = World(Random(seed), faults=faults)
        watch, metrics = watch_over(world)
        for _ in range(4):
            world.move(30)
            watch.look()
            if not faults:
                assert (shown(metrics, "missing"), shown(metrics, "doubled")) == (0, 0)
        world.drain()
        watch.look()
        if share:  # a fate that comes after its position was judged is seen when everything is looked at again
            assert (shown(metrics, "missing") or 0) >= len(world.without_fate())
            assert (shown(metrics, "doubled") or 0) <= len(world.with_several())
        else:
            assert shown(metrics, "missing") == len(world.without_fate())
            assert shown(metrics, "doubled") == len(world.with_several())


def test_what_is_new_is_told_and_stays_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.audit.watch.SHARE", 1 << 40)
    world = World(Random(3))
    watch, metrics = watch_over(world)
    world.is_quiet = True
    watch.look()
    for lost in (2, 7):
        for at in world.raw:
            for x in range(world.raw[at].end, world.raw[at].end + 5):
                world.raw[at].records.append((world.where(at), 0, ""))
                if x != lost:
                    world.send(world.where(at), x, "stored")
            world.raw[at].done = world.raw[at].end
        world.drain()
        watch.look()
        assert shown(metrics, "missing") == (2 if lost == 2 else 4)
    assert sorted(mark.settled for mark in world.kept.values()) == [10, 10]
    where = world.where(next(iter(world.raw)))
    del world.fates[where][4]
    watch.look()
    assert shown(metrics, "missing") == 4  # what was judged is not read again
    watch._all_again_at = 0.0
    watch.look()
    assert shown(metrics, "missing") == 5  # until everything is


def test_it_survives_what_it_asks_and_ends_with_its_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    world, stop = World(Random(1)), threading.Event()
    world.is_quiet = True
    at = next(iter(world.raw))
    world.raw[at].records = [(world.where(at), 0, "")] * 3
    metrics = Metrics(CollectorRegistry())
    watch = AuditWatch(world, KAFKA, world, metrics, stop)
    asked = threading.Event()

    def away(_: object) -> None:
        asked.set()
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(world, "partitions", away)
        watch.start()
        assert asked.wait(30)
    stop.set()
    watch.end()
    assert not watch._thread.is_alive()
    assert math.isnan(shown(metrics, "timestamp_seconds") or 0)
    assert [mark.end for mark in world.kept.values()] == [3]  # the last look, when it was told to stop
