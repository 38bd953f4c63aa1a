"""Every question of every dashboard, asked of a real Prometheus that looked at a real run."""

import math
import re
import threading
from collections.abc import Iterator

import httpx
import pytest
from confluent_kafka import Producer

from deploy.grafana.__main__ import BOARDS
from deploy.grafana.panels import Board, Query, Question
from schemas.kafka.clients import producer_config
from schemas.settings import load
from schemas.topics import Topics
from tests.deploy.prometheus.scraping import Prometheus, scraping, targets_of_up
from tests.integration.running import Installation, install, running
from tests.ports import free_ports
from tests.waiting import until
from throughline.embedded.broker import reachable

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(600)]
PATIENCE_S = 120.0
PARTS = 5
WRONG = {  # answered only because this run has something wrong in it; in a sound one they say "none"
    "Which rows does ClickHouse refuse?",
    "Is anything alarmed?",
    "Which warnings and errors were logged in the last hour?",
}
KEPT = (
    "How much of its retention has what waits used up?"  # asked in tests/integration/test_signals.py, of a real Kafka
)
ASKED = [
    (board, question, query)
    for board in BOARDS
    for question in board.questions
    for query in question.queries
    if question.title != KEPT
]


def traffic(run: int) -> list[dict[str, object]]:
    """Something of everything: new, copied, not sound, in conflict; links that join, and some that must not."""
    people = [
        {"userId": f"u{run}-{n}", "anonymousId": f"a{run}-{n}", "traits": {"email": f"u{run}-{n}@example.com"}}
        for n in range(5)
    ]
    said: list[dict[str, object]] = [
        {"type": "identify", "messageId": f"i{run}-{n}", **person} for n, person in enumerate(people)
    ]
    said += [{"type": "track", "event": "E", "messageId": f"t{run}-{n}", "userId": f"u{run}-{n}"} for n in range(5)]
    said += [{"type": "track", "event": "E", "messageId": f"t{run}-0", "userId": f"u{run}-0"}]
    said += [{"type": "track", "event": "Other", "messageId": f"t{run}-1", "userId": f"u{run}-1"}]
    said += [{"type": "identify", "messageId": f"x{run}", "userId": f"u{run}-9", "anonymousId": f"a{run}-0"}]
    said += [{"type": "track", "messageId": f"b{run}", "userId": "u"}]
    alone = f"p{run}@example.com"
    said += [{"type": "identify", "messageId": f"m{run}-1", "anonymousId": f"b{run}", "traits": {"email": alone}}]
    said += [{"type": "identify", "messageId": f"m{run}-2", "userId": f"v{run}", "anonymousId": f"c{run}"}]
    said += [{"type": "identify", "messageId": f"m{run}-3", "userId": f"v{run}", "traits": {"email": alone}}]
    return said


def sending(installation: Installation, enough: threading.Event) -> None:
    """Traffic until there is enough, and some that is refused."""
    run = 0
    while not enough.wait(0.3):
        installation.send(traffic(run))
        httpx.post(f"{installation.http}/v1/track", json={"userId": "u"}, auth=("nobody's", ""), timeout=30)
        run += 1


def write_what_cannot_be_stored(installation: Installation) -> None:
    """Into the timeline's topic, as a stranger may: a row that ClickHouse refuses."""
    kafka = reachable(load(installation.folder / "throughline.toml", {}).settings)
    producer = Producer(producer_config(kafka, "test"))
    producer.produce(Topics(kafka.prefix).timeline, b'{"subject":"user_id:u","event_id":"no id","tenant":"default"}')
    assert not producer.flush(30)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One that looks at a run with traffic, and with a row that is refused."""
    folder = tmp_path_factory.mktemp("run")
    first = free_ports(PARTS)
    installation = install(folder, metrics_port=first)
    enough = threading.Event()
    sender = threading.Thread(target=sending, args=(installation, enough))
    with running(installation), scraping(folder / "prometheus", targets_of_up(first)) as prometheus:
        until(lambda: prometheus.query('up{part="sink"} == 1'))  # what is there at the first look does not rise
        write_what_cannot_be_stored(installation)
        sender.start()
        try:
            yield prometheus
        finally:
            enough.set()
            sender.join()


def asked(query: Query) -> str:
    """The PromQL as Grafana would send it, with all sources chosen."""
    return query.expr.replace("$__rate_interval", "1m").replace("$source", ".*")


def named(asked: tuple[Board, Question, Query]) -> str:
    """Of a test."""
    board, question, query = asked
    return f"{board.name}: {question.title} {query.legend}"


@pytest.mark.parametrize("one", ASKED, ids=named)
def test_a_question_is_answered(prometheus: Prometheus, one: tuple[Board, Question, Query]) -> None:
    _, _, query = one
    found: list[tuple[dict[str, str], float]] = []

    def is_answered() -> bool:
        found[:] = prometheus.query(asked(query))
        return any(math.isfinite(value) for _, value in found)

    until(is_answered, PATIENCE_S, 0.2)
    labels = set(re.findall(r"{{(\w+)}}", query.legend))
    assert all(labels <= {*series} | {"source"} for series, _ in found), "the legend names a label that is not there"


def test_what_is_answered_only_where_something_is_wrong_says_none_otherwise() -> None:
    wrong = [question for board in BOARDS for question in board.questions if question.title in WRONG]
    assert {question.nothing for question in wrong} == {"none"}
    assert {question.title for question in wrong} == WRONG


VARIABLES = [pytest.param(values, id=f"{board.name}: {name}") for board in BOARDS for name, values in board.variables]


@pytest.mark.parametrize("values", VARIABLES)
def test_a_variable_has_values_to_choose_from(prometheus: Prometheus, values: str) -> None:
    found = re.fullmatch(r"label_values\((\w+), (\w+)\)", values)
    assert found
    until(lambda: "web" in prometheus.values(found[2], found[1]), PATIENCE_S, 0.2)
