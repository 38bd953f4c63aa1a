"""Evidence and interactions in a real ClickHouse, for tests of what reads them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import uuid4

import orjson

from schemas.evidence import Evidence
from schemas.identity import moment
from sinks.clickhouse.client import ClickHouse
from sinks.tables import EVIDENCE, MAP
from stream_processors.core.judge import judge
from tests.sinks.conftest import Store
from tests.sinks.rows import interaction, stamp
from tests.stream_processors.core.identity_worlds import RULES, TENANT


def keep(store: Store, facts: Iterable[Evidence]) -> None:
    """Store facts as the sink does."""
    rows = b"\n".join(fact.encode() for fact in facts)
    assert store.client.insert_ready(EVIDENCE, rows, uuid4().hex) is None


def put_map(client: ClickHouse, facts: Sequence[Evidence], version: int = 1) -> None:
    """Store the map that all evidence gives, as resolver and sink do."""
    rows = [
        orjson.dumps(
            {
                "tenant": TENANT,
                "subject": subject,
                "version": version,
                "ranges": [
                    {"since": moment(r.since), "until": moment(r.until), "profile": str(r.profile), "state": r.state}
                    for r in ranges
                ],
            }
        )
        for subject, ranges in judge(facts, RULES).owners.items()
    ]
    if rows:
        assert client.insert_ready(MAP, b"\n".join(rows), uuid4().hex) is None


def happen(store: Store, subject: str, times: Iterable[datetime], **members: object) -> None:
    """Interactions that are filed under a subject, at these times."""
    kind, _, value = subject.partition(":")
    begin = int(str(store.one("SELECT count() FROM interactions")))
    rows = [
        interaction(
            begin + n, "x", occurred_at=stamp(time), subject=subject,
            identifiers=[{"kind": kind, "value": value}], **members,
        )
        for n, time in enumerate(times)
    ]  # fmt: skip
    assert store.client.insert_ready("interactions", b"\n".join(rows), uuid4().hex) is None
