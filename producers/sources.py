"""Sources: the configuration's `[sources.<name>]` as live adapters, or an error that names the key to set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from typing import Any, Literal

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from producers.adapters import ROLL
from producers.contract import Adapter, SourceConfig
from producers.seal import Origin
from schemas.settings import PREFIX, ConfigurationError, Settings, SourceSettings


@dataclass(frozen=True, slots=True)
class Source:
    """One configured instance of an adapter."""

    origin: Origin
    adapter: Adapter[Any]

    @property
    def name(self) -> str:
        """As in `[sources.<name>]` and in the path `/sources/<name>`."""
        return self.origin.source

    @property
    def intake(self) -> Literal["http", "smtp", "file"]:
        """How its deliveries arrive."""
        return self.adapter.intake


class WriteKeys:
    """Finds the source of a write key.

    Keys are looked up by their SHA-256, so that the time of a look-up says nothing of how much of a guess was right.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources: dict[bytes, Source] = {}
        for source in sources:
            key = getattr(source.adapter.config, "write_key", None)
            if not isinstance(key, SecretStr):
                continue
            digest = sha256(key.get_secret_value().encode()).digest()
            if (other := self._sources.get(digest)) is not None:
                msg = f"sources.{source.name}.write_key is that of sources.{other.name} too: give each source its own"
                raise ConfigurationError(msg)
            self._sources[digest] = source

    def find(self, key: str) -> Source | None:
        """The source that this key opens."""
        return self._sources.get(sha256(key.encode(errors="surrogateescape")).digest())


def build(settings: Settings, roll: Mapping[str, type[Adapter[Any]]] = ROLL) -> dict[str, Source]:
    """Every configured source by name.

    Raises:
        ConfigurationError: unknown adapters, missing, unknown, empty or unfit keys, a write key that two sources
            share; all faults at once, a line each. No value is shown.
    """
    sources: dict[str, Source] = {}
    faults: list[str] = []
    for name, configured in settings.sources.items():
        adapter = roll.get(configured.adapter)
        if adapter is None:
            faults.append(_unknown_adapter(name, configured.adapter, roll))
            continue
        try:
            config = adapter.Config.model_validate(configured.own)
        except ValidationError as error:
            faults += [
                _explain(name, configured, adapter.Config, e)
                for e in error.errors(include_url=False, include_input=False)
            ]
            continue
        faults += [
            f"{_key(name, configured, field)} is empty: {_remedy(name, field)}" for field in _empty_secrets(config)
        ]
        region = configured.default_region or settings.identity.default_region
        sources[name] = Source(Origin(configured.tenant, name, configured.adapter, region), adapter(config))
    if faults:
        raise ConfigurationError("\n".join(faults))
    WriteKeys(sources.values())
    return sources


def _unknown_adapter(name: str, adapter: str, roll: Mapping[str, type[Adapter[Any]]]) -> str:
    near = get_close_matches(adapter, roll, n=1, cutoff=0.6)
    known = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(roll))}"
    return f"sources.{name}.adapter: there is no adapter {adapter!r}; {known}"


def _empty_secrets(config: SourceConfig) -> list[str]:
    return [
        field
        for field in type(config).model_fields
        if isinstance(value := getattr(config, field), SecretStr) and not value.get_secret_value().strip()
    ]


def _explain(name: str, configured: SourceSettings, config: type[SourceConfig], error: ErrorDetails) -> str:
    field = ".".join(str(part) for part in error["loc"])
    kind = error["type"]
    if kind == "missing":
        return f"{_key(name, configured, field)} is missing: {_remedy(name, field)}"
    if kind == "extra_forbidden":
        known = list(config.model_fields)
        near = get_close_matches(field, known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(['adapter', 'tenant', *known])}"
        return f"unknown key {_key(name, configured, field)}; {hint}"
    return f"{_key(name, configured, field)}: {error['msg']}" if field else f"sources.{name}: {error['msg']}"


def _key(name: str, configured: SourceSettings, field: str) -> str:
    return f"sources.{name}.{field} (adapter {configured.adapter})"


def _remedy(name: str, field: str) -> str:
    variable = f"{PREFIX}SOURCES__{name}__{field.replace('.', '__')}".upper()
    return f"set it in the file or as {variable}"
