"""Rules into force: a fact for every shard, and the wait until all resolvers have judged by it."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import orjson

from schemas.evidence import Evidence, rules_id
from schemas.identity import Rules
from schemas.ids import uuid_of
from schemas.kafka.clients import resolve_group, sink_group
from schemas.settings import KafkaSettings
from schemas.topics import Topics
from sinks.clickhouse.client import ClickHouse
from throughline.identity.facts import Facts
from throughline.kafka import wait_until_committed, wait_until_consumed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def rules_fact(rules: Rules, at: int, author: str, reason: str) -> Evidence:
    """The fact that rules hold from a moment (ms) on."""
    written = orjson.dumps(rules.as_document(), option=orjson.OPT_SORT_KEYS)
    return Evidence(
        tenant="",
        fact_id=rules_id(written, at),
        fact="rules",
        at=_EPOCH + timedelta(milliseconds=at),
        rules=msgspec.Raw(written),
        command_id=uuid_of("command", "apply", "", str(at), written.decode()),
        command="apply",
        author=author,
        reason=reason,
    )


def wait_until_in_force(
    client: ClickHouse, kafka: KafkaSettings, fact: Evidence, offsets: Mapping[int, int], within_s: float
) -> int:
    """Wait until the resolvers are past the fact in every partition, and what they made of it is stored; what is left.

    Args:
        client: where the fact shows once it is stored.
        kafka: where the resolvers' and the sinks' positions are.
        fact: the rules.
        offsets: by partition of the evidence, where the fact is.
        within_s: how long to wait.
    """
    topics = Topics(kafka.prefix)
    deadline = time.monotonic() + within_s
    left = wait_until_committed(kafka, resolve_group(kafka), topics.evidence, offsets, within_s)
    if left:
        return left
    left = wait_until_consumed(kafka, sink_group(kafka), topics.resolved, max(0.0, deadline - time.monotonic()))
    return left or (0 if Facts(client, "").stored([fact.fact_id]) else 1)
