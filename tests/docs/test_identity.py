"""docs/identity.md: its configuration is one, its commands are those of the program, its figures are the rules'."""

import shlex
import tomllib

import click

from schemas.identity import Rules
from schemas.settings import Settings
from tests.docs.blocks import ROOT, blocks
from throughline.__main__ import cli

PAGE = "docs/identity.md"


def test_its_configuration_is_taken() -> None:
    [text] = blocks(PAGE, "toml")
    rules = Settings.model_validate(tomllib.loads(text)).identity.rules
    assert rules.of("loyalty_card").unique
    assert rules.of("email").blocked == {"noreply@shop.example"}


def test_its_commands_are_understood() -> None:
    [text] = blocks(PAGE, "console")
    lines = [line.removeprefix("$ throughline ") for line in text.splitlines()]
    assert len(lines) > 5
    for line in lines:
        name, *arguments = shlex.split(line)
        context = click.Context(cli, **cli.context_settings)
        command = cli.get_command(context, name)
        while isinstance(command, click.Group):
            name, *arguments = arguments
            command = command.get_command(context, name)
        assert command is not None, line
        command.make_context(name, arguments, context)  # a word that it does not know ends this


def test_its_figures_are_those_of_the_rules() -> None:
    rules, text = Rules(), (ROOT / PAGE).read_text()
    assert f"more than {rules.hub} strong neighbours (or {rules.degree:,} of any kind)" in text
    assert f"more than {rules.cap:,} identifiers" in text
    limits = [rules.of(kind).limit for kind in ("email", "phone", "device_id")]
    assert "{} e-mails, {} phones, {} devices".format(*limits) in text
