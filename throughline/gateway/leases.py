"""A connection for each request, or for each session: its database, settings and parameters set."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from throughline.gateway.asked import Asked, identifier, literal
from throughline.gateway.engine import DATABASE, Connection
from throughline.gateway.refusal import RefusedError

SESSION_S: Final = 60.0  # ClickHouse's default_session_timeout
LONGEST_SESSION_S: Final = 3600.0  # its max_session_timeout
MOST_SESSIONS: Final = 1000

Key = tuple[str, str]


@dataclass(slots=True)
class _Session:
    connection: Connection
    busy: bool = True
    expiry: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Lease:
    """A connection on loan to one request."""

    connection: Connection
    session: Key | None
    fresh: bool
    lent: dict[str, str] = field(default_factory=dict)  # settings that a session takes back afterwards

    def prepare(self, asked: Asked, mark: str, *, reader: bool, insert: bool) -> None:
        """Set what the request asks for; blocking.

        Raises:
            RefusedError: a setting's name is none.
            Exception: what the engine refuses.
        """
        statements = []
        database = asked.database or (DATABASE if self.fresh else None)
        if database is not None:
            statements.append(f"USE {identifier(database)}")
        self.lent = asked.settings()
        comment = asked.options.get("log_comment", "")
        self.lent["log_comment"] = f"{comment} {mark}" if comment else mark
        changes = dict(self.lent)
        if insert:  # whose call has no place for them
            changes |= {f"param_{name}": value for name, value in asked.parameters.items()}
        if self.fresh and (reader or asked.readonly) and (reader or self.session is None):
            changes["readonly"] = "1" if asked.options.get("readonly") == "1" else "2"  # last: nothing unlocks it
        statements.append("SET " + ", ".join(f"{name} = {literal(value)}" for name, value in changes.items()))
        self.connection.query("; ".join(statements), "Null")

    def restore(self) -> None:
        """Give a session its own settings back; blocking."""
        if self.session is not None and self.lent:
            with suppress(Exception):  # a session that locked itself keeps what it has
                self.connection.query("SET " + ", ".join(f"{name} = DEFAULT" for name in self.lent), "Null")


class Leases:
    """All connections in use, and the sessions. Belongs to the event loop; opening and closing are quick."""

    def __init__(self, open_: Callable[[], Connection]) -> None:
        self._open = open_
        self._sessions: dict[Key, _Session] = {}

    def take(self, user: str, options: Mapping[str, str]) -> Lease:
        """A connection, of the session that is named or new.

        Raises:
            RefusedError: the session is busy, or was to exist and does not.
        """
        name = options.get("session_id")
        if not name:
            return Lease(self._open(), None, fresh=True)
        key = (user, name)
        session = self._sessions.get(key)
        if session is None:
            if options.get("session_check") == "1":
                raise RefusedError(372, "SESSION_NOT_FOUND", "Session not found or expired")
            if len(self._sessions) >= MOST_SESSIONS:
                raise RefusedError(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many sessions")
            session = self._sessions[key] = _Session(self._open())
            return Lease(session.connection, key, fresh=True)
        if session.busy:
            raise RefusedError(373, "SESSION_IS_LOCKED", "Session is locked by a concurrent client")
        session.busy = True
        if session.expiry is not None:
            session.expiry.cancel()
        return Lease(session.connection, key, fresh=False)

    def give(self, lease: Lease, options: Mapping[str, str]) -> None:
        """Take a connection back: a session waits for its next request, all others end."""
        if lease.session is None:
            lease.connection.close()
            return
        session = self._sessions[lease.session]
        session.busy = False
        if options.get("close_session") == "1":
            self._expire(lease.session)
        else:
            loop = asyncio.get_running_loop()
            session.expiry = loop.call_later(_timeout(options), self._expire, lease.session)

    def _expire(self, key: Key) -> None:
        session = self._sessions.pop(key)
        session.connection.close()

    def close(self) -> None:
        """End all sessions."""
        for key in list(self._sessions):
            session = self._sessions[key]
            if session.expiry is not None:
                session.expiry.cancel()
            self._expire(key)


def _timeout(options: Mapping[str, str]) -> float:
    try:
        return min(max(float(options.get("session_timeout", SESSION_S)), 1.0), LONGEST_SESSION_S)
    except ValueError:
        return SESSION_S
