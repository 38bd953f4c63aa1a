"""Each protection of the promise, with it and without it: the same fault, aimed at where it matters.

With it nothing is found. Without it something must be, and what: an oracle that finds nothing then proves nothing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.kafka.local import LocalKafka
from sinks.clickhouse.client import ClickHouse
from sinks.clickhouse.migrate import migrate
from tests.chaos.arm import UNARMED, Arm
from tests.chaos.engine import Engine
from tests.chaos.load import Recipe
from tests.chaos.nursery import Nursery
from tests.chaos.oracle import findings
from tests.chaos.parts import KILLED
from tests.chaos.schema import migrate_without_collapse
from tests.chaos.world import World, stop_merges, until, world

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.chdb, pytest.mark.timeout(400)]
SOME = Recipe(11, 300)


@pytest.fixture(params=["with it", "without it"])
def off(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "without it")


class Ground:
    """Where a protection is tried: worlds in which rows lie as they were inserted."""

    def __init__(self, nursery: Nursery, kafka: str, clickhouse: str, folder: Path, *, off: bool) -> None:
        self.off = off
        self._nursery = nursery
        self._kafka = kafka
        self._clickhouse = clickhouse
        self._folder = folder

    @contextmanager
    def world(self, protection: str) -> Iterator[World]:
        """A world with a protection, or without it."""
        is_schema = protection == "collapse"
        off = (protection,) if self.off and not is_schema else ()
        schema = migrate_without_collapse if self.off and is_schema else _migrate
        with world(self._nursery, self._kafka, self._clickhouse, self._folder, off=off, schema=schema) as made:
            stop_merges(made.store)
            yield made

    def check(self, made: World, sign: str) -> None:
        """Nothing is found with the protection; without it something is, and among it what it protects from."""
        made.settle()
        found = findings(made, rows_lie_still=True)
        assert made.ledger.accepted
        if self.off:
            assert any(sign in one for one in found), found
        else:
            assert found == []


def _migrate(store: ClickHouse) -> None:
    migrate(store)


@pytest.fixture
def ground(nursery: Nursery, broker: LocalKafka, clickhouse: Engine, tmp_path: Path, off: bool) -> Ground:
    return Ground(nursery, broker.bootstrap, clickhouse.url, tmp_path, off=off)


def test_the_ack_before_the_answer(ground: Ground) -> None:
    """The intake dies when it has answered and Kafka has nothing yet."""
    with ground.world("ack before answer") as made:
        serve = made.part("serve")
        serve.environment["THROUGHLINE_KAFKA__LINGER__MS"] = "3000"
        serve.start()
        serve.await_said("intake_started")
        sender = made.send(SOME)
        deadline = time.monotonic() + (60 if ground.off else 1)
        while not made.ledger.accepted and time.monotonic() < deadline:
            time.sleep(0.01)
        assert serve.kill()
        del serve.environment["THROUGHLINE_KAFKA__LINGER__MS"]
        made.start("serve", "process", "sink")
        sender.join()
        ground.check(made, "accepted and not stored")


def test_the_dedupe_store(ground: Ground) -> None:
    """All comes again when the processor has long forgotten its run; some of it has no time of its own."""
    with ground.world("dedupe store") as made:
        made.start("serve", "process", "sink")
        for _ in range(2):
            made.send(Recipe(12, 300, timeless=0.3)).join()
            made.settle()
        ground.check(made, "stored more than once")


def test_the_position_in_the_store(ground: Ground) -> None:
    """The processor dies when it has remembered the ids and not committed: it meets its own records again."""
    with ground.world("position in the store") as made:
        made.part("process").start(Arm("process.written"))
        _send_and_begin_again(made, "process")
        ground.check(made, "positions with several fates")


def test_its_own_commit_positions(ground: Ground) -> None:
    """The processor dies while it works on what it has read."""
    with ground.world("own commit positions") as made:
        made.part("process").start(Arm("process.judged", hold_s=3.0))
        _send_and_begin_again(made, "process")
        ground.check(made, "accepted and not stored")


def test_the_collapse_in_clickhouse(ground: Ground) -> None:
    """The processor dies when Kafka has the outputs and nothing is remembered: they are written once more."""
    with ground.world("collapse") as made:
        made.part("process").start(Arm("process.flushed"))
        _send_and_begin_again(made, "process")
        ground.check(made, "stored more than once")


def test_the_insert_token(ground: Ground) -> None:
    """ClickHouse has stored ranges, and its answers are lost. Its client tries once more by itself: so many times."""
    with ground.world("insert token") as made:
        made.wire.arm("swallow", times=16)
        made.start("serve", "process", "sink")
        made.send(SOME).join()
        until(lambda: not made.wire.armed, "all these answers were lost")
        ground.check(made, "rows of the")


def test_the_pending_range(ground: Ground) -> None:
    """The sink dies between insert and commit, and more has come when it begins again."""
    with ground.world("pending range") as made:
        made.start("serve", "process")
        made.part("sink").start(Arm("sink.inserted"))
        made.send(SOME).join()
        assert made.part("sink").await_end() == KILLED
        made.send(Recipe(13, 3000)).join()  # so that more has come in every partition of every topic
        made.start("sink")
        ground.check(made, "rows of the")


def _send_and_begin_again(made: World, name: str) -> None:
    """Send until the armed part has died, then start it unarmed."""
    made.start("serve", "sink")
    made.send(SOME).join()
    assert made.part(name).await_end() == KILLED
    made.part(name).start(UNARMED)
