"""What a request asks for: who, with which options, settings and parameters; read from its URL, headers and form."""

import re
import uuid
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from throughline.gateway.engine import DATABASE
from throughline.gateway.refusal import RefusedError

# what a URL may hold that is no setting of the engine: src/Server/HTTPHandler.cpp of ClickHouse
_TRANSPORT: Final = frozenset({
    "query", "database", "default_format", "query_id", "user", "password", "role", "quota_key", "stacktrace",
    "session_id", "session_timeout", "session_check", "close_session", "client_protocol_version",
    "compress", "decompress", "enable_http_compression", "http_zlib_compression_level", "buffer_size",
    "wait_end_of_query", "send_progress_in_http_headers", "http_headers_progress_interval_ms",
    "log_comment", "readonly", "cancel_http_readonly_queries_on_client_close",
})  # fmt: skip
_SETTING: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_EXTERNAL: Final = re.compile(r"(.+)_(?:structure|types|format)")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who a request says it is from."""

    user: str
    password: str
    given: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a request, form fields and all; headers win as they do on a server."""

    options: Mapping[str, str]
    headers: Mapping[str, str]
    query_id: str

    @property
    def database(self) -> str | None:
        """The database it names. `default`, which many clients name unasked, is ours: chDB's own shows files."""
        name = self.headers.get("x-clickhouse-database") or self.options.get("database")
        return DATABASE if name == "default" else name or None

    @property
    def format(self) -> str:
        """The format of a result whose statement names none."""
        return self.headers.get("x-clickhouse-format") or self.options.get("default_format") or "TabSeparated"

    @property
    def parameters(self) -> dict[str, str]:
        """{name} -> value of `param_name`, escaped as TabSeparated, as the engine takes them too."""
        return {key[6:]: value for key, value in self.options.items() if key.startswith("param_")}

    def flag(self, name: str) -> bool:
        """Whether an option is switched on."""
        return self.options.get(name, "0").lower() in ("1", "true")

    @property
    def readonly(self) -> bool:
        """Whether the request itself asks to change nothing."""
        return self.options.get("readonly", "0") != "0"

    def settings(self) -> dict[str, str]:
        """The engine's settings, by name.

        Raises:
            RefusedError: a setting's name is none.
        """
        settings = {}
        for key, value in self.options.items():
            if key in _TRANSPORT or key.startswith("param_") or _EXTERNAL.fullmatch(key):
                continue
            if not _SETTING.fullmatch(key):
                raise RefusedError(115, "UNKNOWN_SETTING", f"Unknown setting '{key}'")
            settings[key] = value
        return settings


def asked(options: Mapping[str, str], headers: Mapping[str, str]) -> Asked:
    """A request's options and (lower-case) headers, with an id for its statement."""
    return Asked(options, headers, options.get("query_id") or str(uuid.uuid4()))


def credentials(options: Mapping[str, str], headers: Mapping[str, str]) -> Credentials:
    """By ClickHouse's headers, Basic authorization, or the URL.

    Raises:
        RefusedError: the Authorization header is not Basic.
    """
    user, key = headers.get("x-clickhouse-user"), headers.get("x-clickhouse-key")
    scheme, _, told = headers.get("authorization", "").partition(" ")
    if user is None and key is None and scheme:
        try:
            user, colon, key = b64decode(told, validate=True).decode().partition(":")
        except (Base64Error, UnicodeDecodeError):
            colon = ""
        if scheme.lower() != "basic" or not colon:
            raise RefusedError(516, "AUTHENTICATION_FAILED", "Basic authorization is expected")
    if user is None and key is None:
        user, key = options.get("user"), options.get("password")
    return Credentials(user or "default", key or "", given=user is not None or key is not None)


def literal(value: str) -> str:
    """A string of SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def identifier(name: str) -> str:
    """A quoted identifier of SQL."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
