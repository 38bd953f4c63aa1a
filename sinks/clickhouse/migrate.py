"""The schema: numbered migrations, applied once each; views and dictionaries, replaced every time.

Two that run at once do no harm: every statement is idempotent (IF NOT EXISTS, OR REPLACE; a test holds the files to
it), so both do the same, and their rows in the ledger collapse. For the same reason a run that was cut off is simply
run again.

A dictionary reads its source as a user: the one who migrates, with the password of then. It stands in ClickHouse's own
files, and ClickHouse shows it to nobody. Where it has changed, migrating again mends the definition.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import orjson

from schemas.telemetry import logger
from sinks.clickhouse.client import ClickHouse, Login
from sinks.errors import FatalError, TransientError

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_END: Final = re.compile(r";[ \t]*(?:\n|\Z)")  # a statement ends with the line
_COMMENT: Final = re.compile(r"^\s*--.*$", re.MULTILINE)


class MigrationError(FatalError):
    """The files and the ledger contradict each other; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Script:
    """A file of statements. `name` is the file's, without its ending."""

    name: str
    text: str = field(repr=False)

    @property
    def number(self) -> int:
        """What the name of a migration begins with."""
        return int(self.name[:4])

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """One by one, as ClickHouse's HTTP interface takes them."""
        pieces = _END.split(self.text)
        return [piece.strip() for piece in pieces if _COMMENT.sub("", piece).strip()]


def migrations() -> list[Script]:
    """All migrations, in order."""
    return sorted(_scripts("migrations"), key=lambda script: script.number)


def views() -> list[Script]:
    """All views, each after those that it reads."""
    return sorted(_scripts("views"), key=lambda script: (script.name.startswith("customer"), script.name))


def dictionaries(database: str, login: Login) -> list[Script]:
    """All dictionaries, as that user has them read that database."""
    words = {"{database}": _quoted(database, "`"), "{user}": _quoted(login.user, "'")}
    words["{password}"] = _quoted(login.password, "'")  # last: whatever it holds stays as it is
    made = []
    for script in _scripts("dictionaries"):
        text = script.text
        for word, value in words.items():
            text = text.replace(word, value)
        made.append(Script(script.name, text))
    return sorted(made, key=lambda script: script.name)


def pending(client: ClickHouse) -> list[str]:
    """The migrations that this database has not seen.

    Raises:
        MigrationError: a file that was applied has been edited since.
    """
    applied = _ledger(client)
    waiting = []
    for script in migrations():
        if script.number not in applied:
            waiting.append(script.name)
        elif applied[script.number] != {script.checksum}:
            msg = f"migration {script.name} was edited after it had been applied; restore it, and add a new one"
            raise MigrationError(msg)
    return waiting


def migrate(client: ClickHouse, *, dry_run: bool = False) -> list[str]:
    """Bring the database to the schema of this program; the names of the migrations that it took.

    `dry_run` only tells what would be applied.

    Raises:
        MigrationError: an applied file was edited, or the database belongs to a newer program.
        TransientError, FatalError: ClickHouse is away, or refuses.
    """
    waiting = pending(client)
    newest = migrations()[-1].number
    if ahead := [number for number in _ledger(client) if number > newest]:
        msg = f"the database has migration {max(ahead)}, this program knows {newest}; use the newer program"
        raise MigrationError(msg)
    if dry_run:
        return waiting
    _prepare(client)
    for script in migrations():
        if script.name in waiting:
            _apply(client, script)
    _remember(client)
    for view in views():
        for statement in view.statements:
            client.command(statement)
    return waiting


def _remember(client: ClickHouse) -> None:
    """Make the dictionaries, before the view `population`, which names them; where they are refused it alone fails."""
    reader = str(client.query("SELECT currentUser()").rows[0][0])
    # the embedded engine knows one user, without a password, whoever asks the gateway
    login = client.login if client.login.user == reader else Login(reader)
    for script in dictionaries(client.database, login):
        for statement in script.statements:
            try:
                client.command(statement)
            # whatever the reason; its name alone is told: the statement, which it may quote, has a password in it
            except (FatalError, TransientError) as error:
                logger().warning("dictionary_refused", dictionary=script.name, reason=str(error).partition(":")[0])


def _prepare(client: ClickHouse) -> None:
    for statement in Script("database", _read(files("sinks.clickhouse") / "database.sql")).statements:
        client.command(statement, {"database": client.database}, use_database=False)


def _apply(client: ClickHouse, script: Script) -> None:
    for statement in script.statements:
        client.command(statement)
    row = {"number": script.number, "name": script.name, "checksum": script.checksum}
    client.insert_ready("migrations", orjson.dumps(row), f"migration:{script.number}:{script.checksum}")


def _ledger(client: ClickHouse) -> dict[int, set[str]]:
    """Checksums by number; empty where there is no ledger yet."""
    if not client.has_table("migrations"):
        return {}
    applied: dict[int, set[str]] = {}
    for number, checksum in client.query("SELECT DISTINCT number, checksum FROM migrations").rows:
        applied.setdefault(number, set()).add(checksum)
    return applied


def _scripts(folder: str) -> Iterator[Script]:
    for file in (files("sinks.clickhouse") / folder).iterdir():
        if file.name.endswith(".sql"):
            if folder == "migrations" and not _FILE.fullmatch(file.name):
                msg = f"{folder}/{file.name}: a migration is named as 0001_what_it_does.sql"
                raise MigrationError(msg)
            yield Script(file.name.removesuffix(".sql"), _read(file))


def _quoted(text: str, quote: str) -> str:
    return quote + text.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


def _read(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")
