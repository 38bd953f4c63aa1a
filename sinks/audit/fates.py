"""The views `fates` and `accepted` in ClickHouse, as the audit asks them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final
from uuid import uuid4

import orjson

from sinks.audit.accounts import PAGE, Page
from sinks.audit.bounds import Mark
from sinks.audit.spans import Span
from sinks.clickhouse.client import ClickHouse, Setting
from sinks.ranges import Where

MARKS: Final = "raw_marks"
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Fates:
    """Asks ClickHouse. Every call raises TransientError or FatalError when it could not answer."""

    def __init__(
        self, client: ClickHouse, topics: Iterable[str], settings: Mapping[str, Setting] | None = None
    ) -> None:
        """`topics`: the raw ones; `settings`: of ClickHouse, for the queries."""
        self._client = client
        self._topics = sorted(topics)
        self._settings = dict(settings or {})

    def pages(self) -> dict[Where, list[Page]]:
        """All pages of all partitions."""
        found: dict[Where, list[Page]] = {}
        for topic, topic_id, partition, _, *page in self._ask("pages", {}):
            found.setdefault(Where(topic, topic_id, partition), []).append(Page(*page))
        return found

    def pages_of(self, where: Where, span: Span) -> list[Page]:
        """The pages of one partition, cut to a span."""
        return [Page(*page) for page in self._ask("pages_of", _place(where, span))]

    def runs(self, where: Where, span: Span) -> list[Page]:
        """The fates of a span in pieces that are whole."""
        return [
            Page(lowest, highest, highest + 1 - lowest, *fates)
            for lowest, highest, *fates in self._ask("runs", _place(where, span))
        ]

    def doubled(self, where: Where, span: Span) -> list[Span]:
        """The positions of a span that have more than one fate."""
        return [(first, end) for first, end in self._ask("doubled", _place(where, span))]

    def fates_of(self, where: Where, span: Span) -> list[str]:
        """Which fates the positions of a span have, each once."""
        return [fate for (fate,) in self._ask("fates_of", _place(where, span))]

    def marks(self, since: datetime | None = None) -> dict[Where, Mark]:
        """What earlier looks saw; `before` tells of the time before `since`."""
        rows = self._ask("marks", {"since": (since or _NEVER).astimezone(UTC).replace(tzinfo=None)})
        return {
            Where(topic, topic_id, partition): Mark(first, end, settled, looked_at, max(first, before))
            for topic, topic_id, partition, first, end, settled, looked_at, before in rows
        }

    def keep(self, marks: Mapping[Where, Mark]) -> None:
        """Remember what was seen."""
        rows = (
            {
                "raw_topic": where.topic,
                "raw_topic_id": str(where.topic_id),
                "raw_partition": where.partition,
                "hour": int(mark.looked_at // 3600 * 3600),
                "first_offset": mark.first,
                "end_offset": mark.end,
                "settled_offset": mark.settled,
                "looked_at": datetime.fromtimestamp(mark.looked_at, UTC).isoformat(),
            }
            for where, mark in marks.items()
        )
        if body := b"\n".join(map(orjson.dumps, rows)):
            self._client.insert_ready(MARKS, body, f"marks:{uuid4()}")

    def before_kafka(self, since: datetime | None = None) -> int:
        """How many records the intake rejected: they have no position."""
        [(count,)] = self._ask("before_kafka", {"since": (since or _NEVER).astimezone(UTC).replace(tzinfo=None)})
        return int(count)

    def _ask(self, name: str, parameters: Mapping[str, Any]) -> Iterable[Any]:
        text = (files("sinks.audit") / "queries" / f"{name}.sql").read_text()
        asked = {"topics": self._topics, "page": PAGE, **parameters}
        return self._client.query(text, asked, self._settings).rows


def _place(where: Where, span: Span) -> dict[str, Any]:
    return {
        "topic": where.topic,
        "topic_id": where.topic_id,
        "partition": where.partition,
        "first": span[0],
        "end": span[1],
    }
