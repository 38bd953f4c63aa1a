"""Options that many commands share, and what they lead to: the settings."""

import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from schemas.settings import Loaded, load

F = TypeVar("F", bound=Callable[..., object])


def with_settings(command: F) -> F:
    """Add --config and --data-dir; the command gets `loaded`, the settings in force.

    Raises (when the command runs):
        ConfigurationError: the configuration cannot be used.
    """

    @click.option("--config", "config_file", type=click.Path(path_type=Path, dir_okay=False), help="The TOML file.")
    @click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Overrides data_dir.")
    @wraps(command)
    def run(*arguments: object, config_file: Path | None, data_dir: Path | None, **options: object) -> object:
        overrides: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
        loaded: Loaded = load(config_file, os.environ, overrides)
        return command(*arguments, loaded=loaded, **options)

    return run  # type: ignore[return-value]  # the wrapper takes two options more, which click fills in


def with_json(command: F) -> F:
    """Add --json: one JSON object a line on stdout, nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(command)


def login_name() -> str:
    """Who is logged in.

    Raises:
        click.UsageError: nobody that has a name, as in a container.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise click.UsageError("--author: there is no login name here; say who says it") from None


class Moment(click.ParamType):
    """A date or a time of ISO 8601; UTC where it names no zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401  click's signature
        """The time; click's own error where it is none."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r}: a time is expected, as 2026-01-31 or 2026-01-31T12:00:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
