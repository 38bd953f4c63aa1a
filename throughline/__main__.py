"""The `throughline` command: every command of docs/cli.md, each loaded when it is asked for."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Final

import click

from schemas.settings import ConfigurationError
from throughline.failures import Failed

_COMMANDS: Final = {  # name -> module in throughline.commands and the command in it
    "demo": "demo:demo",
    "up": "up:up",
    "serve": "parts:serve",
    "process": "parts:process",
    "sink": "parts:sink",
    "gateway": "parts:gateway",
    "topics": "topics:topics",
    "migrate": "migrate:migrate",
    "import": "importing:import_",
    "timeline": "timeline:timeline",
    "customer": "customer:customer",
    "sql": "sql:sql",
    "rejected": "rejected:rejected",
    "adapters": "adapters:adapters",
    "quality": "quality:quality",
    "status": "status:status",
    "config": "config:config",
}


class _Commands(click.Group):
    """Commands by name; a module is imported only for the command that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as above
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"throughline.commands.{module}"), name)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("throughline"), prog_name="throughline")
def cli() -> None:
    """Every contact a customer has with a company, on one real-time timeline, exactly once."""


def main() -> None:
    """Run a command; exit status 0 done, 1 failed or found wanting, 2 wrong usage or configuration."""
    try:
        cli(prog_name="throughline")
    except ConfigurationError as error:
        click.echo(f"configuration: {error}", err=True)
        sys.exit(2)
    except Failed as error:
        click.echo(f"failed: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
