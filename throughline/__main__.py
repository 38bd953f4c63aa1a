"""The `throughline` command: every command of docs/reference/commands.md, each loaded when it is asked for."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Final

import click

from schemas.settings import ConfigurationError
from throughline.failures import Failed

_COMMANDS: Final = {  # name -> module in throughline.commands, the command in it, and what it does in a line
    "demo": ("demo:demo", "Four channels through the real doors, onto one timeline."),
    "up": ("up:up", "All parts on this machine, in the foreground, until Ctrl-C."),
    "serve": ("parts:serve", "One part: take deliveries, publish them to Kafka."),
    "process": ("parts:process", "One part: validate, deduplicate, file under the subject."),
    "resolve": ("resolve:resolve", "One part: join identifiers to customers, from the evidence."),
    "sink": ("parts:sink", "One part: write the timeline to ClickHouse."),
    "topics": ("topics:topics", "Kafka's topics: create, check."),
    "migrate": ("migrate:migrate", "Bring ClickHouse's tables and views up to this version."),
    "import": ("importing:import_", "Import a file; it resumes where it stopped."),
    "timeline": ("timeline:timeline", "A customer's interactions, oldest first."),
    "customer": ("customer:customer", "Who a customer is: identifiers, traits, channels."),
    "explain": ("explain:explain", "Why two identifiers are one customer, or why not."),
    "identity": ("identity:identity", "Operators' commands on identity: tie, split, retract, ...; try other rules."),
    "sql": ("sql:sql", "Any query."),
    "rejected": ("rejected:rejected", "What could not be accepted: list, show, replay."),
    "audit": ("audit:audit_", "Every raw position and its fate; exit status 1 when one is missing or has two."),
    "adapters": ("adapters:adapters", "The adapters: list, new, check."),
    "quality": ("quality:quality", "Data quality by source."),
    "status": ("status:status", "What runs, how far behind, how fresh, what is wrong."),
    "config": ("config:config", "The configuration in force: check."),
}
_HIDDEN: Final = {"gateway": "parts:gateway"}


class _Commands(click.Group):
    """Commands by name; a module is imported only for the command that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as above
        place = _COMMANDS[cmd_name][0] if cmd_name in _COMMANDS else _HIDDEN.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(f"throughline.commands.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


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
        sys.exit(error.status)


if __name__ == "__main__":
    main()
