"""`throughline config check`: what is in force, and from where."""

from collections.abc import Iterator, Mapping

import click
from pydantic import BaseModel, SecretStr

from producers.adapters import ROLL
from producers.sources import build
from schemas.settings import Loaded
from schemas.units import as_written
from throughline.options import with_json, with_settings
from throughline.output import print_rows

MASK = "********"
_SECRET_WORDS = ("password", "secret", "token", "key.pem", "oauthbearer.config")


@click.group()
def config() -> None:
    """The configuration."""


@config.command("check")
@with_json
@with_settings
def check(*, loaded: Loaded, as_json: bool) -> None:
    """Print every key in force, secrets masked, and where it comes from; exit status 2 when something is wrong."""
    build(loaded.settings)
    rows = (
        {"key": key, "value": value, "origin": loaded.origins.get(key, "default")} for key, value in in_force(loaded)
    )
    print_rows(rows, ["key", "value", "origin"], as_json=as_json)


def in_force(loaded: Loaded) -> Iterator[tuple[str, str]]:
    """Every key with its value, secrets masked."""
    settings = loaded.settings
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if name == "sources":
            for source, configured in settings.sources.items():
                hidden = secrets_of(configured.adapter)
                for key, own in {"adapter": configured.adapter, "tenant": configured.tenant, **configured.own}.items():
                    yield from _flat(f"sources.{source}.{key}", MASK if key in hidden else own)
        elif isinstance(value, BaseModel):
            for key, below in value.model_dump().items():
                yield from _flat(f"{name}.{key}", below)
        else:
            yield name, as_written(value)


def secrets_of(adapter: str) -> frozenset[str]:
    """The adapter's own keys that hold secrets."""
    if adapter not in ROLL:
        return frozenset()
    fields = ROLL[adapter].Config.model_fields.items()
    return frozenset(
        key for key, field in fields if "SecretStr" in repr(field.annotation) or field.annotation is SecretStr
    )


def _flat(key: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _flat(f"{key}.{name}", below)
    elif value is not None:
        yield key, _masked(key, as_written(value))


def _masked(key: str, value: str) -> str:
    if key == "clickhouse.url" and "@" in value:
        scheme, _, rest = value.partition("://")
        user, _, host = rest.rpartition("@")
        return f"{scheme}://{user.partition(':')[0]}:{MASK}@{host}"
    return MASK if key.startswith("kafka.") and any(word in key for word in _SECRET_WORDS) else value
