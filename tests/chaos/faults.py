"""The fault classes. Each is a function that does its fault to a running campaign, and returns when that is over.

One more: write the function, name it in FAULTS. It may leave parts dead (they are started again), but the broker and
ClickHouse running; what it needs to know whether it was met it finds in `field`.
"""

import shutil
from collections.abc import Callable
from typing import Final

from confluent_kafka import Producer

from schemas.kafka.clients import producer_config
from sinks.clickhouse.migrate import Script, _apply, views
from tests.chaos import wire
from tests.chaos.arm import Arm
from tests.chaos.field import Field
from tests.chaos.seams import part_of
from tests.chaos.world import PARTS, until

WORKERS: Final = ("process", "process-2", "process-3")
WHOLE: Final = 1 << 24  # bytes of a log
FLOOR: Final = "THROUGHLINE_LIMITS__FREE_DISK"
_HOUR: Final = 3600.0
SEAMS_S: Final = 900.0
_AWAY_S: Final = (0.5, 4.0)


def seams(field: Field) -> None:
    """Every part dies at each of its seams, at one of the first passes; one that ended otherwise is armed again."""
    before = field.seams()

    def is_done() -> bool:
        unmet = field.unmet(before)
        for name in PARTS:
            mine = [seam for seam in unmet if part_of(seam) == name]
            if mine and not field.keeper.waits(name) and not field.world.part(name).seam:
                field.keeper.arm(
                    name, [Arm(seam, field.dice.randint(1, 3)) for seam in field.dice.sample(mine, len(mine))]
                )
                field.kill(name)
        return not unmet

    until(is_done, lambda: f"a death at {field.unmet(before)}; {field.world.tell()}", SEAMS_S)


def kills(field: Field) -> None:
    """A part is killed from outside, at any moment of its life."""
    for _ in range(4):
        field.wait(0.2, 3.0)
        field.kill(field.dice.choice(PARTS))


def clickhouse_wire(field: Field) -> None:
    """Inserts are held up, cut in half, done without an answer, and refused."""
    line = field.world.wire
    for fault in field.dice.sample(wire.FAULTS, len(wire.FAULTS)):
        done = len(line.done)
        line.arm(fault, times=field.dice.randint(1, 3))
        until(lambda done=done: len(line.done) > done and not line.armed, f"an insert met {fault}")  # type: ignore[misc]  # bound now


def clickhouse_killed(field: Field) -> None:
    """ClickHouse is killed, stays away, and comes back with what it had acknowledged."""
    field.engine.kill()
    field.wait(*_AWAY_S)
    field.engine.start()
    field.await_rows()


def clickhouse_frozen(field: Field) -> None:
    """ClickHouse stands still, and goes on as if nothing had been."""
    field.engine.pause()
    field.wait(*_AWAY_S)
    field.engine.resume()
    field.await_rows()


def kafka_stopped(field: Field) -> None:
    """The broker is stopped in order, and started."""
    field.broker.stop()
    field.wait(*_AWAY_S)
    field.broker.start()
    field.await_rows()


def kafka_killed(field: Field) -> None:
    """The broker is killed, and started."""
    field.broker.stop(kill=True)
    field.wait(*_AWAY_S)
    field.broker.start()
    field.await_rows()


def kafka_frozen(field: Field) -> None:
    """The broker stands still for longer than a member's session."""
    field.freeze_broker(4.0)
    field.await_rows()


def parts_frozen(field: Field) -> None:
    """A part stands still for longer than its session: others think that it is gone, and it does not know."""
    for name in field.dice.sample(("process", "resolve", "sink"), 3):
        part = field.world.part(name)
        part.pause()
        field.wait(3.5, 5.0)
        part.resume()
        field.await_rows()


def drained(field: Field) -> None:
    """Every part is told to stop, which it must do in order, and is started again: a rolling restart."""
    field.await_rows()
    for name in PARTS:
        with field.keeper.held(name):
            field.world.part(name).stop()
    field.await_rows()


def storm(field: Field) -> None:
    """Three processors with stores of their own join and leave, killed or drained, faster than the group settles."""
    field.world.start(*WORKERS)
    for _ in range(4):
        field.wait(0.5, 3.0)
        field.kill(field.dice.choice(WORKERS))
    for name in WORKERS[1:]:
        field.retire(name)
    field.await_rows()


def store_lost(field: Field) -> None:
    """The processor comes back without its dedupe store."""
    with field.keeper.held("process"):
        field.kill_held("process")
        shutil.rmtree(field.world.data_of("process") / "process", ignore_errors=True)
    field.await_rows()


def clock(field: Field) -> None:
    """The wall clocks of all parts jump forward and back while they work."""
    for name in PARTS:
        jumps = tuple((after, field.dice.uniform(-20, 20) * _HOUR) for after in (1.0, 2.0, 3.0, 4.0))
        field.keeper.arm(name, [Arm(jumps=((0.0, field.dice.uniform(-20, 20) * _HOUR), *jumps))])
        field.kill(name)
    field.await_rows()
    field.wait(4.0, 5.0)
    for name in PARTS:  # they go on by the right clock
        field.kill(name)
    field.await_rows()


def disk_low(field: Field) -> None:
    """The disk of the stores is all but full: the processor holds, and goes on when there is room."""
    if not field.disk.is_mounted:
        disk_full(field)
        return
    said = field.world.part("process").said(WHOLE).count("disk_filled_up")
    field.disk.fill(())
    try:
        until(lambda: field.world.part("process").said(WHOLE).count("disk_filled_up") > said, "the processor noticed")
        field.wait(*_AWAY_S)
    finally:
        field.disk.free(())
    field.await_rows()


def disk_full(field: Field) -> None:
    """Nobody minds how much is free, and a write fails: parts end before a commit, and begin again."""
    parts = [field.world.part(name) for name in ("process", "resolve")]
    for part in parts:
        part.environment[FLOOR] = "0"
        field.kill(part.name)
    field.await_rows()
    failed = len(field.failures)
    pids = [part.pid for part in parts if part.pid]
    field.disk.fill(pids)
    try:
        until(lambda: len(field.failures) > failed, "a part failed to write")
    finally:
        field.disk.free(pids)
    for part in parts:
        del part.environment[FLOOR]
        field.kill(part.name)
    field.await_rows()


def poison(field: Field) -> None:
    """Records that are no interactions stand in the raw topics: they are rejected, and hold nothing up."""
    producer = Producer(producer_config(field.world.kafka, "test"))
    deep, large = b"[" * 100_000, b'{"filler":"' + b"x" * (5 << 20) + b'"}'
    broken = (b"\xff\xfe{", b"", b"null", b"[1]", b'"text"', b"{", b'{"schema":1}', b'{"schema":99}', b"1e999", None)
    for body in (*broken, deep, large):
        topic = field.dice.choice(field.world.topics.raw)
        producer.produce(topic, body, field.dice.choice((b"key", b"\xff", None)))
    assert not producer.flush(60)
    field.await_rows()


def migration(field: Field) -> None:
    """The schema gains a column and all views are made anew, while rows flow."""
    number = 9000 + field.done["migration"]
    text = (
        f"ALTER TABLE interactions ADD COLUMN chaos_{number} String DEFAULT 'x' COMMENT 'Of a migration under load';\n"
    )
    _apply(field.world.store, Script(f"{number}_chaos", text))
    for view in views():
        for statement in view.statements:
            field.world.store.command(statement)
    field.await_rows()


FAULTS: Final[tuple[Callable[[Field], None], ...]] = (
    seams, kills, clickhouse_wire, clickhouse_killed, clickhouse_frozen, kafka_stopped, kafka_killed, kafka_frozen,
    parts_frozen, drained, storm, store_lost, clock, disk_low, disk_full, poison, migration,
)  # fmt: skip
