"""Configuration: one TOML file and the environment, checked whole, each value with its origin.

Built once, in the entry point, and passed down. Interface: THROUGHLINE_KAFKA__BOOTSTRAP sets kafka.bootstrap, and the
environment wins. An unknown key or variable is an error that names the nearest known one.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ByteSize, ConfigDict, Field, ValidationError

from schemas.identity_settings import IdentitySettings
from schemas.interaction import NAME
from schemas.topics import MAX_INTERACTION
from schemas.units import Duration, Listen

EMBEDDED: Final = "embedded"
PREFIX: Final = "THROUGHLINE_"
FILE_VARIABLE: Final = "THROUGHLINE_CONFIG"


class ConfigurationError(Exception):
    """The configuration cannot be used; the message names the key, its origin and the remedy."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class KafkaSettings(BaseModel):
    """Kafka. Every other key is librdkafka's own and reaches all clients: security.protocol, sasl.mechanism, ..."""

    model_config = ConfigDict(frozen=True, extra="allow", validate_default=True)

    bootstrap: str = Field(EMBEDDED, description='"embedded", or "host:9092,host:9092"')
    partitions: int = Field(4, ge=1, le=1000, description="of each topic that we create")
    replication: int = Field(1, ge=1, le=9, description="of each topic that we create")
    prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]{0,64}$", description="before every topic's and group's name")
    backlog_budget: ByteSize | None = Field(
        None, description="bytes not yet consumed in one partition, above which the intake answers 503"
    )
    embedded_run: UUID | None = Field(None, description="set by `throughline up` for its parts; never by hand")

    @property
    def budget(self) -> int:
        """Bytes of backlog that one partition may hold: 1 MB embedded (it drops the oldest at 5), else 1 GiB."""
        if self.backlog_budget is not None:
            return int(self.backlog_budget)
        return 1_000_000 if self.is_embedded else 1 << 30

    @property
    def is_embedded(self) -> bool:
        """Whether the broker is librdkafka's mock, inside `throughline up`."""
        return self.bootstrap == EMBEDDED or self.embedded_run is not None

    @property
    def librdkafka(self) -> dict[str, str]:
        """The keys that pass through, flat: {security: {protocol: x}} is security.protocol = x."""
        return dict(_flat(self.model_extra or {}))


class ClickHouseSettings(_Section):
    """ClickHouse."""

    url: str = Field(EMBEDDED, description='"embedded", or "http://user:password@host:8123/throughline"')


class HttpSettings(_Section):
    """The HTTP intake."""

    listen: Listen = Field("127.0.0.1:8080", description="address and port")
    shared: bool = Field(default=False, description="other intakes may listen there too: one process a core")
    public_url: str | None = Field(None, description="what vendors call, when a proxy stands before us: https://...")
    notice: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(minutes=1))] = Field(
        timedelta(seconds=3),
        description="how long /readyz says 503 before connections are refused, at the end; none where nobody asks it",
    )
    max_body: ByteSize = Field(ByteSize(4 << 20), description="of a request, unpacked")
    max_interaction: ByteSize = Field(
        ByteSize(256 << 10), le=MAX_INTERACTION, description="of one interaction; 3 MiB at most"
    )


class SmtpSettings(_Section):
    """The SMTP intake."""

    listen: Listen = Field("127.0.0.1:2525", description="address and port; opened when a source uses it")
    shared: bool = Field(default=False, description="other intakes may listen there too: one process a core")


class GatewaySettings(_Section):
    """ClickHouse's HTTP interface over the embedded store."""

    listen: Listen = Field("127.0.0.1:8123", description="address and port")


class MetricsSettings(_Section):
    """Prometheus."""

    listen: Listen = Field("127.0.0.1:9464", description="address and port; `up` counts on from it for its parts")
    targets: dict[Literal["serve", "process", "resolve", "sink"], str] = Field(
        default_factory=dict, description='where `status` finds a part that runs elsewhere: "host:9464,host:9464"'
    )


class DedupeSettings(_Section):
    """Deduplication."""

    window: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=32))] = Field(
        timedelta(hours=24), description="how long a copy is known, from the first arrival; up to 32d"
    )


class LimitsSettings(_Section):
    """Where to stop before something fails."""

    free_disk: ByteSize = Field(
        ByteSize(256 << 20),
        description="that must stay free below data_dir; with less the parts hold, the embedded intake answers 503",
    )
    retention: float = Field(
        0.5,
        gt=0,
        le=1,
        description="of a topic's retention, in time and bytes, that may lie behind what is not consumed; beyond, 503",
    )


class SourceSettings(BaseModel):
    """One configured instance of an adapter; the adapter's own keys are checked by the adapter."""

    model_config = ConfigDict(frozen=True, extra="allow")

    adapter: str = Field(description="a name on the roll: `throughline adapters list`")
    tenant: str = Field("default", pattern=NAME, description="whose customers these are")
    default_region: str | None = Field(
        None, pattern=r"^[A-Z]{2}$", description="of phone numbers without a country code; else identity.default_region"
    )

    @property
    def own(self) -> dict[str, Any]:
        """The adapter's own keys."""
        return dict(self.model_extra or {})


class Settings(_Section):
    """All of it."""

    data_dir: Path = Field(Path(".throughline"), description="what this machine keeps: stores, passwords")
    kafka: KafkaSettings = KafkaSettings()
    clickhouse: ClickHouseSettings = ClickHouseSettings()
    http: HttpSettings = HttpSettings()
    smtp: SmtpSettings = SmtpSettings()
    gateway: GatewaySettings = GatewaySettings()
    metrics: MetricsSettings = MetricsSettings()
    dedupe: DedupeSettings = DedupeSettings()
    limits: LimitsSettings = LimitsSettings()
    identity: IdentitySettings = IdentitySettings()
    sources: dict[Annotated[str, Field(pattern=NAME)], SourceSettings] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and where each key that was set came from (`kafka.bootstrap` -> `environment ...`)."""

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None

    def as_arguments(self) -> list[str]:
        """Options that lead another of our commands to the same file and folder."""
        file = [] if self.file is None else ["--config", str(self.file)]
        return [*file, "--data-dir", str(self.settings.data_dir)]


def load(file: Path | None, environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Loaded:
    """Read the file, the environment and the command line's overrides; later ones win.

    `file` None: THROUGHLINE_CONFIG, else ./throughline.toml where there is one, else the defaults.

    Raises:
        ConfigurationError: a file that cannot be read, an unknown key, a value that does not fit.
    """
    origins: dict[str, str] = {}
    merged: dict[str, Any] = {}
    path = _file(file, environment)
    if path is not None:
        _merge(merged, _read(path), origins, str(path))
    for name, value in environment.items():
        if name.startswith(PREFIX) and name != FILE_VARIABLE:
            keys = name.removeprefix(PREFIX).lower().split("__")
            _merge(merged, _nested(keys, _value(value)), origins, f"environment {name}")
    _merge(merged, dict(overrides or {}), origins, "command line")
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(_explain(e["loc"], e["type"], e["msg"], origins) for e in error.errors())
        ) from None
    _refuse_near_misses(settings.kafka, origins)
    return Loaded(settings, origins, path)


def _file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    if file is not None:
        return file
    if FILE_VARIABLE in environment:
        return Path(environment[FILE_VARIABLE])
    default = Path("throughline.toml")
    return default if default.exists() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror}"
        raise ConfigurationError(msg) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: not TOML: {error}"
        raise ConfigurationError(msg) from None


def _value(text: str) -> object:
    """Lists and tables come as JSON; everything else is text that the model converts."""
    if text[:1] in ("[", "{"):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def _nested(keys: list[str], value: object) -> dict[str, Any]:
    for key in reversed(keys):
        value = {key: value}
    return value if isinstance(value, dict) else {}


def _merge(into: dict[str, Any], new: Mapping[str, Any], origins: dict[str, str], origin: str, at: str = "") -> None:
    for key, value in new.items():
        path = f"{at}{key}"
        if isinstance(value, dict):
            below = into.get(key)
            into[key] = below = dict(below) if isinstance(below, dict) else {}
            _merge(below, value, origins, origin, f"{path}.")
        else:
            into[key] = value
            origins[path] = origin


def _flat(table: Mapping[str, Any], at: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            flat += _flat(value, f"{at}{key}.")
        else:
            flat.append((f"{at}{key}", str(value).lower() if isinstance(value, bool) else str(value)))
    return flat


def known_keys() -> list[str]:
    """Every key of ours, as `kafka.bootstrap`."""
    keys = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            keys += [f"{name}.{below}" for below in section.model_fields]
        else:
            keys.append(name)
    return keys


def _explain(location: tuple[int | str, ...], kind: str, message: str, origins: Mapping[str, str]) -> str:
    path = ".".join(str(part) for part in location)
    origin = next((f" ({where})" for key, where in origins.items() if key == path or key.startswith(path + ".")), "")
    if kind == "extra_forbidden":
        return f"unknown key {path}{origin}{_nearest(path)}"
    return f"{path}{origin}: {message}"


def _nearest(path: str) -> str:
    near = get_close_matches(path, [*known_keys(), *Settings.model_fields], n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(Settings.model_fields)}"


def _refuse_near_misses(kafka: KafkaSettings, origins: Mapping[str, str]) -> None:
    """A misspelt key of ours would pass for one of librdkafka's, and be refused much later."""
    for key in kafka.librdkafka:
        if "." not in key and (near := get_close_matches(key, KafkaSettings.model_fields, n=1, cutoff=0.75)):
            origin = origins.get(f"kafka.{key}", "configuration")
            msg = f"unknown key kafka.{key} ({origin}); did you mean kafka.{near[0]}?"
            raise ConfigurationError(msg)
