"""docs/deploying.md: its commands name services, options, targets and variables that there are."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest
import yaml

from deploy.docker.environment import variables
from schemas.kafka.clients import sink_group
from schemas.settings import KafkaSettings
from tests.deploy.docker.composed import FILE
from tests.docs.blocks import ROOT, blocks
from throughline.__main__ import cli

PAGE = "docs/deploying.md"
TEXT = (ROOT / PAGE).read_text()
SERVICES = set(yaml.safe_load(FILE.read_text())["services"])
_DEFAULTED = re.compile(r"\$\{([A-Z_]+)(?::-[^}]*|:\?[^}]*)\}")


def commands() -> Iterator[list[str]]:
    """Every command of the page."""
    for block in blocks(PAGE, "console"):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line.removeprefix("$ "))


def composed(verb: str) -> list[list[str]]:
    """What follows `docker compose VERB`, of each such command."""
    return [words[3:] for words in commands() if words[:3] == ["docker", "compose", verb]]


def test_every_service_is_one() -> None:
    named = [word for verb in ("up", "build", "stop", "start") for words in composed(verb) for word in words]
    services = {word.partition("=")[0] for word in named if not word.startswith("--")}
    assert {"sink", "resolve", "process", "serve", "clickhouse"} <= services
    assert services <= SERVICES
    [override] = blocks(PAGE, "yaml")
    assert yaml.safe_load(override)["services"].keys() <= SERVICES


def test_what_is_run_in_a_container_is_a_command() -> None:
    asked = [words for words in composed("exec") if words[1] == "throughline"]
    assert len(asked) > 3
    for service, name, *words in asked:
        assert service in SERVICES
        context = click.Context(cli, **cli.context_settings)
        understood(cli, context, name, words)


def understood(command: click.Command | None, context: click.Context, name: str, words: list[str]) -> None:
    """A word that the command does not know ends this."""
    assert command is not None, name
    if isinstance(command, click.Group):
        understood(command.get_command(context, words[0]), context, words[0], words[1:])
    else:
        command.make_context(name, words, context)


def test_jobs_are_run_before_the_parts_and_readers_before_writers() -> None:
    [block] = [block for block in blocks(PAGE, "console") if "git pull" in block]
    order = [line.split()[-1] for line in block.splitlines() if re.search(r"compose (run|up) ", line)]
    assert order == ["topics", "migrate", "sink", "resolve", "process", "serve"]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b[A-Z]+_[A-Z_]*[A-Z]\b", TEXT))))
def test_every_variable_is_asked_for(name: str) -> None:
    if not name.startswith("THROUGHLINE_") or name == "THROUGHLINE_VERSION":
        assert name in {*_DEFAULTED.findall(FILE.read_text()), *variables(3)}


def test_targets_and_groups_are_those_that_there_are() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", TEXT):
        assert f"\n{target}:" in makefile
    assert f"--group {sink_group(KafkaSettings())} " in TEXT


def test_figures_are_those_of_the_file() -> None:
    text = FILE.read_text()
    assert "KAFKA_PARTITIONS:-8}" in text
    assert "`KAFKA_PARTITIONS` in `.env`, 8 unless set" in TEXT
    published = {int(port) for port in re.findall(r"_PORT:-(\d+)}", text)}
    assert published == {int(row) for row in re.findall(r"^\| (\d{4}) \|", TEXT, re.MULTILINE)}
