"""How far an import has come: a small file for each (file, source), replaced after every batch that Kafka has.

To lose it is harmless: the import begins again, and every interaction gets the id that it had.
"""

import os
from dataclasses import asdict, dataclass
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


class Checkpoints:
    """The checkpoints in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, path: Path, source: str) -> Checkpoint | None:
        """Where an import of this file stopped; None where none did, or what it left cannot be read."""
        try:
            return msgspec.json.decode(self._file(path, source).read_bytes(), type=Checkpoint)
        except (OSError, msgspec.DecodeError):
            return None

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint of its file and source, in one step."""
        file = self._file(Path(checkpoint.path), checkpoint.source)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(asdict(checkpoint)))
        new.replace(file)

    def clear(self, path: Path, source: str) -> None:
        """The import is done: another one of the same file begins at its beginning."""
        self._file(path, source).unlink(missing_ok=True)

    def _file(self, path: Path, source: str) -> Path:
        name = blake2b(f"{path.resolve()}\x1f{source}".encode(errors="surrogateescape"), digest_size=12).hexdigest()
        return self._folder / f"{name}.json"
