"""Which rejected records are meant, and the records themselves as ClickHouse keeps them."""

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from producers.seal import timestamp
from schemas.fates import Fault, Reason
from schemas.records import Position, Rejected
from sinks.clickhouse.client import ClickHouse
from throughline.reading import query, stream


@dataclass(frozen=True, slots=True)
class Choice:
    """Records by id, or by reason and source.

    Attributes:
        ids: none: all of them that the rest names.
        limit: how many at most.
        replayed: those that were replayed before as well.
    """

    ids: Sequence[UUID] = ()
    reason: str = ""
    source: str = ""
    limit: int = 1000
    replayed: bool = False

    @property
    def parameters(self) -> dict[str, object]:
        """For the queries."""
        return {
            "ids": [str(one) for one in self.ids],
            "reason": self.reason,
            "source": self.source,
            "all": int(self.replayed or bool(self.ids)),
            "limit": self.limit,
        }


def count(client: ClickHouse, choice: Choice) -> int:
    """How many there are."""
    [row] = query(client, "rejected_count", choice.parameters)
    return min(int(row["chosen"]), choice.limit)


def records(client: ClickHouse, choice: Choice) -> Iterator[list[Rejected]]:
    """The records, oldest first, a block at a time."""
    for rows in stream(client, "rejected_chosen", choice.parameters):
        yield [record_of(row) for row in rows]


def record_of(row: Mapping[str, Any]) -> Rejected:
    """A record from a row of the view `rejected`."""
    received_at: datetime = row["received_at"]
    text = row["body"].encode()
    return Rejected(
        fault=Fault(Reason(row["reason"]), row["detail"], row["path"]),
        stage=row["stage"],
        tenant=row["tenant"],
        source=row["source"],
        adapter=row["adapter"],
        channel=row["channel"],
        received_at=timestamp(received_at),
        body=b64decode(text) if row["body_encoding"] == "base64" else text,
        headers=orjson.loads(row["headers"]),
        position=Position(row["raw_topic"], row["raw_topic_id"], row["raw_partition"], row["raw_offset"]),
        event_id=row["event_id"],
        message_id=row["message_id"] or None,
        replay_of=row["replay_of"],
    )


def known(client: ClickHouse, event_ids: Sequence[str]) -> dict[str, str]:
    """The fingerprint of what is stored, by event id."""
    rows = query(client, "interactions_known", {"event_ids": list(event_ids)}) if event_ids else []
    return {row["event_id"]: row["fingerprint"] for row in rows}
