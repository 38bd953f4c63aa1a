"""Every question of every dashboard, asked of a real Prometheus that looked at a real run."""

import math
import re
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from deploy.grafana.__main__ import BOARDS
from deploy.grafana.panels import Board, Query, Question
from tests.deploy.prometheus.scraping import Prometheus, scraping, targets_of_up
from tests.integration.running import Installation, install, running
from tests.ports import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(600)]
PATIENCE_S = 120.0
PARTS = 5
# What a sound run gives no answer to, and why. It shows 0 then, or nothing where nothing waits.
UNANSWERED = {
    "Were records deleted before they were read?": "nothing is deleted that soon",
    "Was anything deleted before it was read?": "nothing is deleted that soon",
    "Are stored rows missing when read back?": "none are",
    "Which rows does ClickHouse refuse?": "none: its schema is the program's",
    "What is alarmed?": "nothing, or what has just begun",
    "Which warnings and errors were logged in the last hour?": "none need be",
}
# What is told a minute after the start at the soonest; that it is, tests/sinks/test_quality.py holds.
LATER = {
    "Which share of interactions says who it was?",
    "Which share has each field?",
    "How long after it occurred does half of it arrive?",
    "Of how many interactions are these the shares?",
}
# Numbers that no part has yet when a run is this young: they are told, as not a number.
UNTOLD = {
    "How many accepted records have no fate?",
    "How many have two?",
    "When did the audit last look?",
    "How long does the audit read?",
}
ASKED = [(board, question, query) for board in BOARDS for question in board.questions for query in question.queries]
APART = {*UNANSWERED, *LATER}


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


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One that looks at a run with traffic."""
    folder = tmp_path_factory.mktemp("run")
    first = free_ports(PARTS)
    installation = install(folder, metrics_port=first)
    enough = threading.Event()
    sender = threading.Thread(target=sending, args=(installation, enough))
    with running(installation), scraping(folder / "prometheus", targets_of_up(first)) as prometheus:
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


@pytest.mark.parametrize("one", [one for one in ASKED if one[1].title not in APART], ids=named)
def test_a_question_is_answered(prometheus: Prometheus, one: tuple[Board, Question, Query]) -> None:
    _, question, query = one
    deadline = time.monotonic() + PATIENCE_S
    found: list[tuple[dict[str, str], float]] = []
    while time.monotonic() < deadline:
        found = prometheus.query(asked(query))
        if any(math.isfinite(value) for _, value in found) or (found and question.title in UNTOLD):
            break
        time.sleep(0.2)
    assert found
    assert question.title in UNTOLD or any(math.isfinite(value) for _, value in found)
    labels = set(re.findall(r"{{(\w+)}}", query.legend))
    assert all(labels <= {*series} | {"source"} for series, _ in found), "the legend names a label that is not there"


@pytest.mark.parametrize("one", [one for one in ASKED if one[1].title in UNANSWERED], ids=named)
def test_what_has_no_answer_says_so(prometheus: Prometheus, one: tuple[Board, Question, Query]) -> None:
    _, question, query = one
    found = prometheus.query(asked(Query(query.whole)))
    assert all(math.isfinite(value) for _, value in found)
    assert found or question.nothing == "none"


@pytest.mark.parametrize("one", [one for one in ASKED if one[1].title in LATER], ids=named)
def test_what_is_told_later_can_be_asked(prometheus: Prometheus, one: tuple[Board, Question, Query]) -> None:
    _, _, query = one
    assert all(set(re.findall(r"{{(\w+)}}", query.legend)) <= {*series} for series, _ in prometheus.query(asked(query)))


VARIABLES = [pytest.param(values, id=f"{board.name}: {name}") for board in BOARDS for name, values in board.variables]


@pytest.mark.parametrize("values", VARIABLES)
def test_a_variable_has_values_to_choose_from(prometheus: Prometheus, values: str) -> None:
    found = re.fullmatch(r"label_values\((\w+), (\w+)\)", values)
    assert found
    deadline = time.monotonic() + PATIENCE_S
    while "web" not in prometheus.values(found[2], found[1]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
