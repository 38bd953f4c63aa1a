"""The README's own commands, as a new user types them."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from producers.adapters import ROLL
from tests.docs.blocks import ROOT, blocks
from tests.integration.running import WRITE_KEY, install, running


def test_the_sources_it_shows_are_on_the_roll_with_keys_that_they_know() -> None:
    [text] = blocks("README.md", "toml")
    for source in tomllib.loads(text)["sources"].values():
        adapter = ROLL[source.pop("adapter")]
        assert set(source) <= set(adapter.Config.model_fields)


def test_it_is_short_and_its_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 150
    for link in text.split("](")[1:]:
        assert (ROOT / link.partition(")")[0]).exists(), link


@pytest.mark.slow
@pytest.mark.chdb
@pytest.mark.timeout(180)
def test_curl_sends_and_the_timeline_shows(tmp_path: Path) -> None:
    installation = install(tmp_path)
    [block] = [text for text in blocks("README.md", "console") if "curl" in text]
    commands = [part.replace("\\\n", " ") for part in block.removeprefix("$ ").split("\n$ ")]
    assert [command.split()[0] for command in commands] == ["curl", *[".venv/bin/throughline"] * 3]
    with running(installation):
        sent = _shell(commands[0].replace("http://127.0.0.1:8080", installation.http).replace("my-key", WRITE_KEY), {})
        assert '"success":true' in sent
        installation.until("SELECT count() AS n FROM timeline", {"n": 1})
        assert "Signed Up" in _shell(commands[1], installation.environment)
        assert "web\t1" in _shell(commands[2], installation.environment)
        assert "accepted" in _shell(commands[3], installation.environment)


def _shell(command: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
