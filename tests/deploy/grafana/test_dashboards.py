"""The dashboards as files: current, whole, and about metrics that exist."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from deploy.grafana.__main__ import BOARDS, FOLDER, files, main
from deploy.grafana.panels import DATASOURCE, Board, Question
from schemas.telemetry import Metrics
from tests.conftest import ROOT
from tests.deploy.docker.composed import Compose
from tests.deploy.prometheus.rules import NAMED, alerts, known

PROVISIONING = ROOT / "deploy/grafana/provisioning"
QUESTIONS = [
    pytest.param(question, id=f"{board.name}: {question.title}") for board in BOARDS for question in board.questions
]


def test_files_are_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["--check"]) == 0
    assert {path.name for path in (ROOT / FOLDER).iterdir()} == {path.name for path in files()}


def test_what_is_stale_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    [one, *_] = files()
    one.write_text("{}")
    assert main(["--check"]) == 1
    assert str(one) in capsys.readouterr().err


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_panel_is_a_question_that_somebody_asks(question: Question) -> None:
    assert question.title.endswith("?")
    assert len(question.remedy) > 10
    assert question.queries


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_panel_leads_to_a_section_of_the_runbook_that_exists(question: Question) -> None:
    assert not question.section or question.section in {alert.name for alert in alerts()}
    assert question.panel().build().description == question.text
    assert question.text.endswith(f"docs/runbook.md#{question.section.lower()}" if question.section else ".")


def test_every_panel_of_the_overview_that_may_turn_bad_leads_to_the_runbook() -> None:
    [overview] = [board for board in BOARDS if board.name == "overview"]
    assert [question.title for question in overview.questions if question.bounds and not question.section] == []
    assert "alarmed" in overview.questions[0].title


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_below_zero_is_seen_where_it_means_something(question: Question) -> None:
    assert question.is_signed == ("Below 0" in question.remedy)
    if not question.is_number:
        defaults = question.panel().build().field_config
        assert defaults is not None
        assert defaults.defaults.min_val == (None if question.is_signed else 0)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_can_be_understood_without_its_neighbours(question: Question) -> None:
    assert len(question.title.split()) >= 3


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_asks_for_metrics_that_exist(question: Question) -> None:
    names = {name for query in question.queries for name in NAMED.findall(query.expr)}
    assert names - known() == set()
    assert names or any(
        query.expr.startswith(("min by (part) (up{", "count by (alertname")) for query in question.queries
    )


def declared() -> dict[str, set[str]]:
    """The labels of each metric of ours, by the name under which a part declares it."""
    found = [metric for metric in vars(Metrics()).values() if hasattr(metric, "_labelnames")]
    return {metric._name: set(metric._labelnames) for metric in found}


@pytest.mark.parametrize("question", QUESTIONS)
def test_its_legend_names_labels_that_its_metrics_have(question: Question) -> None:
    labels = declared()
    for query in question.queries:
        named = set(re.findall(r"{{(\w+)}}", query.legend))
        bases = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in NAMED.findall(query.expr)}
        if bases and bases <= labels.keys():
            assert named <= set.union(*(labels[base] for base in bases)) | {"part", "instance"}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_panels_stand_beside_one_another(board: Board) -> None:
    for row in board.rows:
        at = 0
        for question in row.questions:
            at = question.width if at + question.width > 24 else at + question.width
        assert at == 24, f"{row.title}: the last line is not full"


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_variables_are_declared(board: Board) -> None:
    asked = {name for q in board.questions for query in q.queries for name in re.findall(r"\$(\w+)", query.expr)}
    assert asked - {"__rate_interval"} == {name for name, _ in board.variables}


def test_each_has_a_place_of_its_own() -> None:
    names = sorted(board.name for board in BOARDS)
    assert all(one != other for one, other in pairwise(names))


def test_the_overview_and_one_for_each_part_are_there() -> None:
    assert {board.name for board in BOARDS} >= {
        "overview",
        "intake",
        "processor",
        "resolver",
        "sink",
        "kafka",
        "quality",
    }


def test_grafana_finds_them_and_their_numbers(compose: Compose) -> None:
    grafana = compose.services["grafana"]
    mounted = {mount.source: mount.target for mount in grafana.volumes if mount.type == "bind"}
    folder = mounted[str(ROOT / FOLDER)]
    [provider] = yaml.safe_load((PROVISIONING / "dashboards/throughline.yml").read_text())["providers"]
    assert provider["options"]["path"] == folder
    assert mounted[str(PROVISIONING)] == "/etc/grafana/provisioning"
    assert grafana.environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == f"{folder}/overview.json"
    [source] = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())["datasources"]
    assert source["uid"] == DATASOURCE.uid
    assert source["url"] == "http://prometheus:9090"
