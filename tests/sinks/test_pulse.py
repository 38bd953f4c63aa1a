"""How long ClickHouse has owed an answer shows while it still owes it, and is over once it has answered."""

import threading
from dataclasses import dataclass, field

import pytest
import structlog

from schemas.telemetry import Metrics
from sinks.errors import FatalError, TransientError
from sinks.pulse import Pulse
from sinks.warehouse import Warehouse
from tests.sinks.test_warehouse import batch, value
from tests.waiting import until


@dataclass
class Server:
    """A ClickHouse whose answers are let go one by one, and a clock."""

    now: float = 100.0
    failure: TransientError | FatalError | None = None
    cut_off: bool = False
    asked: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)

    def command(self, sql: str) -> None:
        assert sql == "SELECT 1"
        if self.failure is not None:
            raise self.failure

    def insert_ready(self, table: str, rows: bytes, token: str) -> None:
        self.asked.set()
        assert self.answers.wait(30)
        if self.cut_off:
            raise TransientError("cut off")


def told(server: Server) -> tuple[Pulse, Metrics]:
    metrics = Metrics()
    return Pulse(server, metrics, lambda: server.now), metrics


def owed(metrics: Metrics) -> float:
    return value(metrics, "clickhouse_unanswered_seconds")


@pytest.mark.parametrize("cut_off", [False, True])
def test_an_insert_that_stands_still_shows_while_it_does(*, cut_off: bool) -> None:
    server = Server(cut_off=cut_off)
    pulse, metrics = told(server)
    table = Warehouse(server, "interactions", metrics, pulse)

    def insert() -> None:
        try:
            table.insert([batch(1)])
        except TransientError:
            assert cut_off

    writers = [threading.Thread(target=insert, daemon=True) for _ in range(2)]
    writers[0].start()
    assert server.asked.wait(30)
    server.now += 20
    server.asked.clear()
    writers[1].start()
    assert server.asked.wait(30)
    server.now += 1
    pulse.ask()  # small questions are answered: the insert is not
    assert owed(metrics) == 21
    server.answers.set()
    for writer in writers:
        writer.join(30)
    assert owed(metrics) == 0


@pytest.mark.parametrize("failure", [TransientError("away"), FatalError("AUTHENTICATION_FAILED (516): no")])
def test_questions_in_vain_count_from_the_first_one_on_and_are_logged_once(
    failure: TransientError | FatalError,
) -> None:
    server = Server()
    pulse, metrics = told(server)
    with structlog.testing.capture_logs() as logs:
        pulse.ask()
        server.failure = failure
        for _ in range(3):
            pulse.ask()
            server.now += 5
        assert owed(metrics) == 15
        server.failure = None
        pulse.ask()
    assert owed(metrics) == 0
    assert [(line["event"], line.get("error")) for line in logs] == [
        ("clickhouse_lost", str(failure)), ("clickhouse_answered", None),
    ]  # fmt: skip


def test_an_insert_that_was_answered_is_an_answer() -> None:
    server = Server(failure=TransientError("away"))
    pulse, metrics = told(server)
    pulse.ask()
    server.now += 5
    server.answers.set()
    Warehouse(server, "interactions", metrics, pulse).insert([batch(1)])
    pulse.ask()
    assert owed(metrics) == 0
    server.now += 5
    pulse.ask()
    server.now += 2
    assert owed(metrics) == 2


def test_it_asks_by_itself_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.pulse.EVERY_S", 0.01)
    server = Server(failure=TransientError("away"))
    pulse, metrics = told(server)
    pulse.start()
    until(lambda: pulse._owed_since is not None)
    server.now += 7
    assert owed(metrics) == 7
    server.failure = None
    until(lambda: pulse._owed_since is None)
    pulse.stop()
    assert not pulse._thread.is_alive()
