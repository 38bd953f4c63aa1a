"""Reading the timeline: a connection, whether `up` runs or not, and the queries of the commands."""

import re
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import click

from schemas.identifiers import normalise
from schemas.interaction import NAME
from schemas.settings import EMBEDDED, Settings
from schemas.telemetry import hush_clients
from sinks.clickhouse.client import ANSWER_S, ClickHouse, connect
from sinks.errors import FatalError, TransientError
from throughline.failures import Failed
from throughline.gateway import access
from throughline.gateway.running import StartError

_CONDITION: Final = re.compile(r" -- if (\w+)$")
_IDENTIFIER: Final = re.compile(NAME.strip("^$") + r":.+", re.DOTALL)


@contextmanager
def opened(settings: Settings, answer_s: int = ANSWER_S) -> Iterator[ClickHouse]:
    """A connection to ClickHouse: the configured server, the running gateway, or one of our own for the while.

    `answer_s`: how long an answer may take, in seconds.

    Raises:
        Failed: it could not be opened, or refused what was asked within.
    """
    hush_clients()
    try:
        with access.opened(settings) as url, connect(url, answer_s) as client:
            yield client
    except TransientError as error:
        msg = f"clickhouse at {_host(settings)}: {error}; is it running? clickhouse.url says where it is"
        raise Failed(msg) from None
    except (FatalError, StartError) as error:
        msg = f"clickhouse: {error}"
        raise Failed(msg) from None


def _host(settings: Settings) -> str:
    """Where ClickHouse is, without the password."""
    embedded = settings.clickhouse.url == EMBEDDED
    return settings.gateway.listen if embedded else urlsplit(settings.clickhouse.url).netloc.rpartition("@")[2]


def query(client: ClickHouse, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run `throughline/queries/<name>.sql`; a dict a row.

    A line that ends in `-- if <parameter>` counts only where that is given: a condition that holds for every row takes
    ClickHouse a millisecond (docs/decisions/0023).
    """
    found = client.query(statement(name, parameters), parameters)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def stream(client: ClickHouse, name: str, parameters: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The same, a block of rows at a time: for answers that memory does not hold."""
    for found in client.stream(statement(name, parameters), parameters):
        yield [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def statement(name: str, given: Container[str]) -> str:
    """`throughline/queries/<name>.sql`, less the lines whose parameter is not given."""
    lines = files("throughline.queries").joinpath(f"{name}.sql").read_text().splitlines()
    wanted = ((line, _CONDITION.search(line)) for line in lines)
    return "\n".join(line for line, condition in wanted if not condition or condition[1] in given)


def as_named(text: str, region: str) -> str | UUID:
    """What a person wrote: an identifier, kind:value in normal form, or a profile's id.

    `region` is the ISO 3166 country of phone numbers that name none.

    Raises:
        click.BadParameter: it is in neither form.
    """
    if _IDENTIFIER.fullmatch(text):
        kind, _, value = text.partition(":")
        return f"{kind}:{normalise(kind, value, region)}"
    try:
        return UUID(text)
    except ValueError:
        msg = f"{text!r} is no identifier: kind:value is expected, as email:ada@example.com, or a profile's id"
        raise click.BadParameter(msg) from None
