"""`store.json`, beside the keys of a store: its format, and what its kind of store says of itself."""

import json
import os
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from stream_processors.database import StoreKind

FORMAT: Final = 1
_NAME: Final = "store.json"


class Card(BaseModel):
    """What every store says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    topic: str
    partition: int

    @property
    def keys(self) -> str:
        """The folder of the keys that are in force."""
        return "keys"


class TopicsCard(Card):
    """Of a store whose offsets refer to topics: their ids in the order in which they came; the last is today's."""

    topic_ids: list[UUID]


AnyCard = TypeVar("AnyCard", bound=Card)


def read(kind: StoreKind, folder: Path, card: type[AnyCard]) -> AnyCard | None:
    """The card; None: the store is new.

    Raises:
        StoreError: it is damaged, missing beside keys, or of another version.
    """
    try:
        text = (folder / _NAME).read_bytes()
    except FileNotFoundError:
        if any(folder.glob("*/CURRENT")):
            raise kind.broken(folder, f"has keys, but no {_NAME}") from None
        return None
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise kind.broken(folder, f"has format {document['format']}, this version knows {FORMAT}")
        return card.model_validate(document)
    except (ValueError, TypeError, KeyError, ValidationError):
        raise kind.broken(folder, f"has a damaged {_NAME}") from None


def is_there(folder: Path) -> bool:
    """Whether a store has its card."""
    return (folder / _NAME).exists()


def with_topic(kind: StoreKind, folder: Path, topic: str, partition: int, topic_id: UUID) -> TopicsCard:
    """The card with today's topic id at its end; on the disk before any key can refer to it.

    Raises:
        StoreError: see `read`.
    """
    known = read(kind, folder, TopicsCard)
    ids = [] if known is None else known.topic_ids
    if known is not None and ids[-1:] == [topic_id]:
        return known
    card = TopicsCard(topic=topic, partition=partition, topic_ids=[*ids, topic_id])
    save(folder, card)
    return card


def save(folder: Path, card: Card) -> None:
    """All or nothing."""
    new = folder / f"{_NAME}.new"
    with new.open("w") as file:
        file.write(card.model_dump_json())
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / _NAME)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
