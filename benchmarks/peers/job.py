"""What every peer is told, and what it does with an interaction by its own means."""

import sys
from typing import Any, Final, NamedTuple

Document = dict[str, Any]
COMPRESSION: Final = "lz4"  # as ours
RUN: Final = 4_000  # records of a batch, where a library has batches: as ours
RUN_S: Final = 0.05

_NEEDED: Final = {
    "event_id": str,
    "tenant": str,
    "source": str,
    "channel": str,
    "type": str,
    "occurred_at": str,
    "received_at": str,
    "identifiers": list,
}


class Job(NamedTuple):
    """Where to read and to write; `folder` is for what the program keeps."""

    bootstrap: str
    source: str
    output: str
    group: str
    folder: str

    @property
    def duplicates(self) -> str:
        """For those who say of copies what became of them."""
        return f"{self.output}-duplicates"

    @property
    def rejected(self) -> str:
        """As above, of what is no interaction."""
        return f"{self.output}-rejected"

    @property
    def producer(self) -> dict[str, str | int | float | bool]:
        """Settings of librdkafka, for whoever produces by it himself; its default is to wait for all replicas."""
        return {"bootstrap.servers": self.bootstrap, "compression.type": COMPRESSION, "linger.ms": 5}

    @property
    def consumer(self) -> dict[str, str | int | float | bool]:
        """The same for whoever consumes by it himself."""
        return {
            "bootstrap.servers": self.bootstrap,
            "group.id": self.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 5,
        }


def told() -> Job:
    """The job of the command line."""
    return Job(*sys.argv[1:])


def is_sound(document: Document) -> bool:
    """Whether the members that every interaction has are there: a small part of what schema 1 asks for."""
    if not all(isinstance(document.get(name), kind) for name, kind in _NEEDED.items()):
        return False
    return bool(document["identifiers"])


def filed(document: Document) -> str:
    """File it under its first identifier: the subject."""
    first = document["identifiers"][0]
    subject = f"{first['kind']}:{first['value']}"
    document["subject"] = subject
    return subject
