"""A real Prometheus over parts that run, with our rules."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.deploy.prometheus.rules import files, program
from tests.ports import free_port
from throughline.stack import METRICS_PORTS

START_S = 60.0
STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that answers."""

    url: str
    client: httpx.Client  # one: to make another for each question costs more than the question

    def query(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """Labels and values of each series now.

        Raises:
            AssertionError: it is not PromQL.
        """
        found = self._ask("query", {"query": expr})
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in found["result"]]

    def values(self, label: str, series: str) -> set[str]:
        """The values of a label of some series."""
        return set(self._ask(f"label/{label}/values", {"match[]": series}))

    def _ask(self, what: str, parameters: Mapping[str, str]) -> Any:  # noqa: ANN401  JSON, of a form for each question
        answer = self.client.get(f"{self.url}/api/v1/{what}", params=dict(parameters), timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


def targets_of_up(first: int) -> dict[str, str]:
    """Where the parts of `throughline up` tell, when metrics.listen has this port."""
    return {part: f"127.0.0.1:{first + METRICS_PORTS[part]}" for part in ("serve", "process", "resolve", "sink")}


@contextmanager
def scraping(folder: Path, targets: Mapping[str, str], rules: list[Path] | None = None) -> Iterator[Prometheus]:
    """Prometheus, looking every second at host:port of each part; `rules` are ours unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    static = [{"targets": [address], "labels": {"part": part}} for part, address in targets.items()]
    job = {"job_name": "throughline", "honor_labels": True, "static_configs": static}
    every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    used = [str(path.resolve()) for path in (files() if rules is None else rules)]
    configuration = folder / "prometheus.yml"
    configuration.write_text(yaml.safe_dump({"global": every, "rule_files": used, "scrape_configs": [job]}))
    with started(folder, configuration) as prometheus:
        yield prometheus


@contextmanager
def started(folder: Path, configuration: Path) -> Iterator[Prometheus]:
    """Prometheus with a configuration; its data and its log are in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"127.0.0.1:{free_port()}"
    arguments = [f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}"]
    log = folder / "prometheus.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [program("prometheus"), *arguments, f"--web.listen-address={url}"], stdout=out, stderr=out
        )
    try:
        deadline = time.monotonic() + START_S
        while not _is_ready(f"http://{url}"):
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        with httpx.Client() as client:
            yield Prometheus(f"http://{url}", client)
    finally:
        process.terminate()
        process.wait(STOP_S)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
