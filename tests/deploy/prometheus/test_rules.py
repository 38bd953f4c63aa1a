"""The rules say what an operator needs, about metrics that exist."""

import re

import pytest
import yaml

from schemas.settings import Settings
from tests.deploy.prometheus.rules import HOME, NAMED, ROOT, Alert, alerts, known, rules
from tests.deploy.prometheus.scraping import targets_of_up

RUNBOOK = ROOT / "docs/runbook.md"
PARTS = ("**Means:**", "**Likely:**", "**Look:**", "**Do:**", "**Over when:**")


def sections() -> dict[str, str]:
    """The text of each section of the runbook, by its heading."""
    _, *parts = re.split(r"^## (.+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alert_has_its_section_in_the_runbook_and_each_section_its_alert() -> None:
    assert list(sections()) == [alert.name for alert in alerts()]


@pytest.mark.parametrize("name", sections())
def test_a_section_says_what_it_means_what_to_look_at_and_what_to_do(name: str) -> None:
    section = sections()[name]
    assert [part for part in PARTS if section.count(part) != 1] == []


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_an_alert_says_what_and_leads_to_its_section(alert: Alert) -> None:
    assert alert.severity in ("critical", "warning")
    assert set(alert.annotations) == {"summary", "description", "runbook_url"}
    assert alert.annotations["runbook_url"] == f"docs/runbook.md#{alert.name.lower()}"


def test_every_link_within_the_runbook_leads_to_a_section() -> None:
    anchors = {name.lower() for name in sections()}
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK.read_text())) <= anchors


def test_rules_ask_only_for_what_exists() -> None:
    asked = {name for rule in rules() for name in NAMED.findall(rule["expr"])}
    assert asked - known() == set()
    assert len(asked) > 20


def test_the_runbook_names_only_what_exists() -> None:
    code = re.findall(r"`([^`]+)`", RUNBOOK.read_text())
    asked = {name for text in code for name in NAMED.findall(text)}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known()}
    assert asked - known() - families == set()


def test_the_targets_are_where_up_serves_by_default() -> None:
    listed = yaml.safe_load((HOME / "targets/up.yml").read_text())
    _, _, first = Settings().metrics.listen.rpartition(":")
    assert {one["labels"]["part"]: one["targets"] for one in listed} == {
        part: [address] for part, address in targets_of_up(int(first)).items()
    }
