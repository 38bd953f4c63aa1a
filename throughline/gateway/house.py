"""The folder of the store, `data_dir/clickhouse`: who owns it, where it is served, the passwords."""

import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.settings import ConfigurationError

FULL: Final = "throughline"
READER: Final = "reader"


class TakenError(Exception):
    """Another process owns the store; the text names its pid."""


@dataclass(frozen=True, slots=True)
class House:
    """The paths of one store. Nothing here changes anything."""

    root: Path

    @property
    def store(self) -> Path:
        """ChDB's own files."""
        return self.root / "store"

    @property
    def configuration(self) -> Path:
        """ChDB's configuration, written at every start."""
        return self.root / "engine"

    @property
    def lock(self) -> Path:
        """Locked by the owner, whose pid it holds."""
        return self.root / "owner.lock"

    @property
    def address(self) -> Path:
        """`host:port` at which the owner answers."""
        return self.root / "address"

    @property
    def users(self) -> Path:
        """The passwords, for this user's eyes alone."""
        return self.root / "users.json"


def house(data_dir: Path) -> House:
    """The store's folder, made if absent, closed to others: it holds personal data.

    Raises:
        ConfigurationError: it cannot be made.
    """
    root = (data_dir / "clickhouse").resolve()
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        msg = f"data_dir = {data_dir}: {error.strerror}; name a folder that can be written"
        raise ConfigurationError(msg) from None
    return House(root)


class Ownership:
    """The exclusive right to open a store; the kernel takes it back however the process ends."""

    def __init__(self, home: House) -> None:
        """Take it.

        Raises:
            TakenError: another process has it.
        """
        self._home = home
        self._file = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._file, 32, 0).decode().strip() or "unknown"
            os.close(self._file)
            msg = f"the store {home.store} is owned by the process with pid {owner}: stop it, or use another data_dir"
            raise TakenError(msg) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        home.address.unlink(missing_ok=True)  # of an owner that was killed

    def announce(self, address: str) -> None:
        """Say where the store is served, as `host:port`."""
        fresh = self._home.address.with_suffix(".new")
        fresh.write_text(address)
        fresh.replace(self._home.address)

    def release(self) -> None:
        """Give it back."""
        self._home.address.unlink(missing_ok=True)
        os.close(self._file)


def owned(home: House) -> bool:
    """Whether a living process owns the store."""
    try:
        file = os.open(home.lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def announced(home: House) -> str | None:
    """Where the owner serves the store, as `host:port`; None while it is starting."""
    try:
        return home.address.read_text()
    except FileNotFoundError:
        return None


def passwords(home: House) -> dict[str, str]:
    """The password of each user, made at the first call; two processes that make them at once agree."""
    if not home.users.exists():
        fresh = home.users.with_name(f"users.{secrets.token_hex(8)}.new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as out:
            json.dump({name: secrets.token_urlsafe(24) for name in (FULL, READER)}, out, indent=2)
        try:
            os.link(fresh, home.users)  # fails where another process was faster
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    held = json.loads(home.users.read_text())
    return {name: str(held[name]) for name in (FULL, READER)}
