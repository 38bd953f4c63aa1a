"""Prometheus' configuration in docker compose."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT
from tests.deploy.docker.composed import Compose
from tests.deploy.prometheus.rules import HOME, program

FILE = ROOT / "deploy/docker/prometheus.yml"


def job(path: Path) -> dict[str, Any]:
    """The one job of a configuration."""
    [found] = yaml.safe_load(path.read_text())["scrape_configs"]
    return dict(found)


def test_prometheus_takes_it(tmp_path: Path, compose: Compose) -> None:
    mounted = {mount.target: mount.source for mount in compose.services["prometheus"].volumes if mount.type == "bind"}
    assert mounted["/etc/prometheus/prometheus.yml"] == str(FILE)
    here = tmp_path / "prometheus.yml"
    here.write_text(FILE.read_text().replace("/etc/prometheus/rules", mounted["/etc/prometheus/rules"]))
    done = subprocess.run(
        [program("promtool"), "check", "config", here], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout


def test_every_part_is_scraped_where_it_tells(compose: Compose) -> None:
    [found] = job(FILE)["dns_sd_configs"]
    for part in found["names"]:
        listen = compose.services[part].environment["THROUGHLINE_METRICS__LISTEN"]
        assert listen == f"0.0.0.0:{found['port']}"
    parts = {name for name, service in compose.services.items() if not service.healthcheck.disable}
    assert set(found["names"]) == {name for name in parts if compose.services[name].image.startswith("throughline:")}


def test_labels_are_those_that_rules_and_dashboards_go_by() -> None:
    other = job(HOME / "prometheus.yml")
    own = job(FILE)
    assert {name: own[name] for name in ("job_name", "honor_labels")} == {
        name: other[name] for name in ("job_name", "honor_labels")
    }
    assert [rule["target_label"] for rule in own["relabel_configs"]] == ["part"]
