"""How far an import has come: a small file for each (file, source), replaced after every batch that Kafka has.

To lose it is harmless: the import begins again, and every interaction gets the id that it had.
"""

import os
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

_HEAD: Final = 64 << 10  # bytes of the file's beginning that tell it from another one


@dataclass(frozen=True, slots=True)
class Identity:
    """Tells whether a file is still the same: its size, its time of change (ns), and a digest of its beginning."""

    size: int
    changed_ns: int
    head: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place in a file, unpacked: everything before it is in Kafka.

    Attributes:
        offset: bytes.
        line: the number of the line that begins there.
        accepted, rejected: counts up to there.
    """

    path: str
    source: str
    identity: Identity
    offset: int
    line: int
    accepted: int
    rejected: int


def identity_of(path: Path) -> Identity:
    """The identity of a file as it is now.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        return Identity(stat.st_size, stat.st_mtime_ns, blake2b(file.read(_HEAD), digest_size=16).hexdigest())


class Place:
    """The place of one import: of a file, into a source. None is kept of what can be read only once (a pipe).

    Attributes:
        changed: an earlier import stopped in it, but the file is another one since.
    """

    def __init__(self, path: Path, source: str, folder: Path) -> None:
        name = blake2b(f"{path.resolve()}\x1f{source}".encode(errors="surrogateescape"), digest_size=12).hexdigest()
        self.changed = False
        self._path = path
        self._source = source
        self._file = folder / f"{name}.json"
        self._identity: Identity | None = None

    def find(self) -> Checkpoint | None:
        """Where an earlier import stopped; None where none did, or what it left does not fit or cannot be read."""
        if not self._path.is_file():
            return None
        try:
            self._identity = identity_of(self._path)
            left = msgspec.json.decode(self._file.read_bytes(), type=Checkpoint)
        except (OSError, msgspec.DecodeError):
            return None
        self.changed = left.identity != self._identity
        return None if self.changed else left

    def save(self, offset: int, line: int, accepted: int, rejected: int) -> None:
        """Replace the checkpoint, in one step."""
        if self._identity is None:
            return
        left = Checkpoint(str(self._path), self._source, self._identity, offset, line, accepted, rejected)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(left))
        new.replace(self._file)

    def clear(self) -> None:
        """The import is done: another one of the same file begins at its beginning."""
        if self._identity is not None:
            self._file.unlink(missing_ok=True)
