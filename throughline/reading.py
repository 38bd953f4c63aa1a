"""Reading the timeline: a connection, whether `up` runs or not, and the queries of the commands."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

import click
from sinks.clickhouse.client import Client, connect

from schemas.interaction import NAME
from schemas.settings import Settings
from throughline.gateway import access

_IDENTIFIER: Final = re.compile(NAME.strip("^$") + r":.+", re.DOTALL)


@contextmanager
def opened(settings: Settings) -> Iterator[Client]:
    """A connection to ClickHouse: the configured server, the running gateway, or one of our own for the while."""
    with access.opened(settings) as url, connect(url) as client:
        yield client


def query(client: Client, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run `throughline/queries/<name>.sql`; a dict a row."""
    text = files("throughline.queries").joinpath(f"{name}.sql").read_text()
    return client.rows(text, parameters)


def subjects(client: Client, tenant: str, identifiers: Sequence[str]) -> list[str]:
    """The subjects that identifiers stand for: `kind:value` is one, a profile's id leads to its own.

    Raises:
        click.BadParameter: an identifier is in neither form.
    """
    found: list[str] = []
    for identifier in identifiers:
        if _IDENTIFIER.fullmatch(identifier):
            found.append(identifier)
        else:
            rows = query(client, "subjects_of_profile", {"tenant": tenant, "profile": _profile(identifier)})
            found += [row["subject"] for row in rows]
    return found


def _profile(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        msg = f"{text!r} is no identifier: kind:value is expected, as email:ada@example.com, or a profile's id"
        raise click.BadParameter(msg) from None
