"""Golden cases: recorded deliveries of an adapter, and what must come of them.

A case is a folder `<golden>/<adapter>/<case>/` with two files, found by glob:

- `delivery.json`: `config` (the adapter's own keys), `method` (POST), `path`, `query`, `headers`, `body` (text) or
  `body_base64`, `received_at` (RFC 3339), `url`, `source` (the page or recording that it comes from), and `rejects`:
  the reasons for which an item of it may fail the check of interactions (none by default).
- `expected.json`: a list with one object an item, members that are None or empty left out: a draft (and `rejected`:
  the reason, where it fails the check), or `{"bad": reason, "path", "detail"}`; or, instead of the list,
  `{"refused": code}`, `{"malformed": message}` or, for a GET, `{"reply": {"status", "body"}}`.
"""

from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from producers.contract import Adapter, Bad, Delivery, Draft, MalformedError, Refused
from producers.seal import Origin, Sealed, seal, timestamp

MAX_SIZE: Final = 256 << 10  # bytes of an interaction: the default of http.max_interaction
_OPTIONS: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


class _Recording(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    config: dict[str, Any] = {}
    method: str = "POST"
    path: str = ""
    query: str = ""
    headers: dict[str, str] = {}
    body: str = ""
    body_base64: str | None = None
    received_at: datetime
    url: str = ""
    source: str
    rejects: tuple[str, ...] = ()


class CaseError(Exception):
    """A golden case that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """A recorded delivery, the configuration it was made for, and what must come of it (None: not yet written)."""

    folder: Path
    config: dict[str, Any]
    delivery: Delivery
    rejects: tuple[str, ...]
    expected: Any

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


def load(folder: Path) -> Case:
    """Read a case.

    Raises:
        CaseError: a file is missing or not in the form above.
    """
    file = folder / "delivery.json"
    try:
        recording = _Recording.model_validate_json(file.read_bytes())
        body = recording.body.encode() if recording.body_base64 is None else b64decode(recording.body_base64)
    except (OSError, ValidationError, ValueError) as error:
        raise CaseError(f"{file}: {error}") from None
    delivery = Delivery(
        recording.method,
        recording.path or f"/sources/{folder.parent.name}",
        recording.query,
        MappingProxyType({name.lower(): value for name, value in recording.headers.items()}),
        body,
        recording.received_at.astimezone(UTC),
        recording.url,
    )
    return Case(folder, recording.config, delivery, recording.rejects, _expected(folder / "expected.json"))


def _expected(file: Path) -> object:
    if not file.exists():
        return None
    try:
        return orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise CaseError(f"{file}: {error}") from None


def folders(golden: Path, adapter: str) -> list[Path]:
    """The cases of an adapter, by name."""
    return sorted(file.parent for file in (golden / adapter).glob("*/delivery.json"))


def build(adapter: type[Adapter[Any]], config: dict[str, Any]) -> Adapter[Any]:
    """An adapter for a configuration.

    Raises:
        ValidationError: the configuration is not what it asks for.
    """
    return adapter(adapter.Config.model_validate(config))


def origin_of(adapter: Adapter[Any]) -> Origin:
    """A source named like its adapter."""
    return Origin("default", adapter.name, adapter.name)


def outcome(adapter: Adapter[Any], delivery: Delivery) -> object:
    """What becomes of a delivery, in the form of `expected.json`."""
    if delivery.method == "GET" and not adapter.takes_get:
        reply = adapter.handshake(delivery)
        return {"reply": reply and {"status": reply.status, "body": reply.body.decode(errors="replace")}}
    refused = adapter.verify(delivery)
    if isinstance(refused, Refused):
        return {"refused": refused.code}
    try:
        return [described(item, adapter, delivery) for item in adapter.decode(delivery)]
    except MalformedError as error:
        return {"malformed": error.message}


def described(item: Draft | Bad, adapter: Adapter[Any], delivery: Delivery) -> dict[str, Any]:
    """A draft or a bad item as an object of `expected.json`."""
    if isinstance(item, Bad):
        told = {"bad": item.fault.reason.value, "path": item.fault.path, "detail": item.fault.detail}
        return told | ({"message_id": item.message_id} if item.message_id else {})
    members = {field.name: getattr(item, field.name) for field in fields(item) if field.name != "alone"}
    for name in ("occurred_at", "sent_at"):
        members[name] = members[name] and timestamp(members[name])
    sealed = seal(item, origin_of(adapter), delivery.received_at, MAX_SIZE)
    members["rejected"] = None if isinstance(sealed, Sealed) else sealed.fault.reason.value
    told = _present(members)
    plain: dict[str, Any] = orjson.loads(orjson.dumps(told))  # tuples become lists, as in the file
    return plain


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None and value not in ({}, [])}


def agrees(expected: object, actual: object) -> bool:
    """Whether the outcome is what was expected; a bad item may leave out its path and detail."""
    if not isinstance(expected, list) or not isinstance(actual, list):
        return expected == actual
    return len(expected) == len(actual) and all(map(_item_agrees, expected, actual))


def _item_agrees(expected: object, actual: dict[str, Any]) -> bool:
    if not isinstance(expected, dict):
        return False
    if "bad" in expected:
        return all(actual.get(name) == value for name, value in expected.items())
    return _present(expected) == actual


def write(case: Case, actual: object) -> None:
    """Rewrite the case's `expected.json`."""
    (case.folder / "expected.json").write_bytes(orjson.dumps(actual, option=_OPTIONS))


def items(adapter: Adapter[Any], delivery: Delivery) -> Iterable[Draft | Bad]:
    """What a delivery decodes to; nothing where it is not in the protocol's form at all."""
    try:
        return list(adapter.decode(delivery))
    except MalformedError:
        return []
