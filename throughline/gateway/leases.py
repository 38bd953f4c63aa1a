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
class Lease:
    """A connection for one request after another of a session, or for one request."""

    open_: Callable[[], Connection]
    session: Key | None
    made: Connection | None = None
    prepared: bool = False  # once: what is set once stays set
    lent: dict[str, str] = field(default_factory=dict)  # settings that a session takes back afterwards
    busy: bool = True
    expiry: asyncio.TimerHandle | None = None

    @property
    def connection(self) -> Connection:
        """The connection; made by `prepare`."""
        if self.made is None:
            msg = "prepare comes first"
            raise RuntimeError(msg)
        return self.made

    def prepare(self, asked: Asked, mark: str, *, reader: bool, insert: bool) -> None:
        """Open the connection and set what the request asks for; blocking.

        Raises:
            RefusedError: a setting's name is none.
            Exception: what the engine refuses.
        """
        if self.made is None:
            self.made = self.open_()
        fresh, statements = not self.prepared, []
        database = asked.database or (DATABASE if fresh else None)
        if database is not None:
            statements.append(f"USE {identifier(database)}")
        self.lent = asked.settings()
        comment = asked.options.get("log_comment", "")
        self.lent["log_comment"] = f"{comment} {mark}" if comment else mark
        changes = dict(self.lent)
        if insert:  # whose call has no place for them
            changes |= {f"param_{name}": value for name, value in asked.parameters.items()}
        if fresh and (reader or (asked.readonly and self.session is None)):
            changes["readonly"] = "1" if asked.options.get("readonly") == "1" else "2"  # last: nothing unlocks it
        statements.append("SET " + ", ".join(f"{name} = {literal(value)}" for name, value in changes.items()))
        self.made.query("; ".join(statements), "Null")
        self.prepared = True

    def close(self) -> None:
        """Close the connection; blocking."""
        if self.made is not None:
            self.made.close()

    def restore(self) -> None:
        """Give a session its own settings back; blocking."""
        if self.session is not None and self.made is not None and self.lent:
            with suppress(Exception):  # a session that locked itself keeps what it has
                self.made.query("SET " + ", ".join(f"{name} = DEFAULT" for name in self.lent), "Null")


class Leases:
    """The sessions, and connections without one. Belongs to the event loop; nothing here blocks."""

    def __init__(self, open_: Callable[[], Connection]) -> None:
        self._open = open_
        self._sessions: dict[Key, Lease] = {}

    def take(self, user: str, options: Mapping[str, str]) -> Lease:
        """A lease, of the session that is named or new.

        Raises:
            RefusedError: the session is busy, or was to exist and does not.
        """
        name = options.get("session_id")
        if not name:
            return Lease(self._open, None)
        lease = self._sessions.get((user, name))
        if lease is None:
            return self._begin((user, name), check=options.get("session_check") == "1")
        if lease.busy:
            raise RefusedError(373, "SESSION_IS_LOCKED", "Session is locked by a concurrent client")
        lease.busy = True
        if lease.expiry is not None:
            lease.expiry.cancel()
        return lease

    def _begin(self, key: Key, *, check: bool) -> Lease:
        if check:
            raise RefusedError(372, "SESSION_NOT_FOUND", "Session not found or expired")
        if len(self._sessions) >= MOST_SESSIONS:
            raise RefusedError(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many sessions")
        lease = self._sessions[key] = Lease(self._open, key)
        return lease

    def give(self, lease: Lease, options: Mapping[str, str]) -> None:
        """Take a lease back: a session waits for its next request. All others have served: the caller closes them."""
        if lease.session is None:
            return
        lease.busy = False
        if options.get("close_session") == "1":
            self._expire(lease.session)
        else:
            loop = asyncio.get_running_loop()
            lease.expiry = loop.call_later(_timeout(options), self._expire, lease.session)

    def _expire(self, key: Key) -> None:
        self._sessions.pop(key).close()

    def close(self) -> None:
        """End all sessions."""
        for key, lease in list(self._sessions.items()):
            if lease.expiry is not None:
                lease.expiry.cancel()
            self._expire(key)


def _timeout(options: Mapping[str, str]) -> float:
    try:
        return min(max(float(options.get("session_timeout", SESSION_S)), 1.0), LONGEST_SESSION_S)
    except ValueError:
        return SESSION_S
