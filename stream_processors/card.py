"""`store.json`, beside the keys of a dedupe store: its format, and the topics that its offsets belong to."""

import json
import os
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from stream_processors.store import REMEDY, StoreError

FORMAT: Final = 1
_NAME: Final = "store.json"


class Card(BaseModel):
    """What a store says of itself. `topic_ids`: in the order in which topics of this name came; the last is today's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    topic: str
    partition: int
    topic_ids: list[UUID]


def read(folder: Path) -> Card | None:
    """The card; None: the store is new.

    Raises:
        StoreError: it is damaged, missing beside keys, or of another version.
    """
    try:
        text = (folder / _NAME).read_bytes()
    except FileNotFoundError:
        if (folder / "keys" / "CURRENT").exists():
            raise StoreError(f"the dedupe store {folder} has keys, but no {_NAME}; {REMEDY}") from None
        return None
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            known = f"has format {document['format']}, this version knows {FORMAT}"
            raise StoreError(f"the dedupe store {folder} {known}; {REMEDY}")
        return Card.model_validate(document)
    except (ValueError, TypeError, KeyError, ValidationError):
        raise StoreError(f"the dedupe store {folder} has a damaged {_NAME}; {REMEDY}") from None


def with_topic(folder: Path, topic: str, partition: int, topic_id: UUID) -> Card:
    """The card with today's topic id at its end; on the disk before any key can refer to it.

    Raises:
        StoreError: see `read`.
    """
    known = read(folder)
    ids = [] if known is None else known.topic_ids
    if known is not None and ids[-1:] == [topic_id]:
        return known
    card = Card(topic=topic, partition=partition, topic_ids=[*ids, topic_id])
    _save(folder, card)
    return card


def _save(folder: Path, card: Card) -> None:
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
