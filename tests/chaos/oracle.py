"""The oracle: what was answered, what Kafka holds and what ClickHouse says, compared to the last one.

It trusts nothing that the product counts. A finding is a sentence with a number; none means that the promise was kept.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final
from uuid import UUID

from sinks.clickhouse.client import ClickHouse
from sinks.tables import targets
from tests.chaos.identities import identity_findings
from tests.chaos.load import Ledger
from tests.chaos.raw import Place, Record, raw_records, values
from tests.chaos.world import World

_EXAMPLES: Final = 3
Fates = Mapping[Place, list[tuple[str, str]]]


def findings(world: World, *, rows_lie_still: bool = False) -> list[str]:
    """All that is wrong, once everything has settled.

    `rows_lie_still`: merges were stopped, so every insert can be counted.
    """
    raw, fates = raw_records(world.kafka), _fates(world.store)
    stored = _counts(world.store, "SELECT message_id, count() FROM timeline GROUP BY message_id")
    found = [*_answered(world.ledger, stored, _refused(world.store)), *_judged(raw, fates, stored)]
    if rows_lie_still:
        found += _inserted(world)
    if "resolve" in world.parts:
        found += identity_findings(world)
    if (status := world.run("audit")) != 0:
        found.append(f"`throughline audit` ended with {status}")
    return found


def _answered(ledger: Ledger, stored: Mapping[str, int], refused: Mapping[str, int]) -> Iterator[str]:
    """Whether what was answered is there, once, and nothing that was never sent."""
    yield from ledger.strange
    yield from _some("accepted and not stored", ledger.accepted - stored.keys())
    yield from _some("stored and never sent", stored.keys() - ledger.sent)
    yield from _some("stored more than once", (name for name, count in stored.items() if count > 1))
    yield from _some("answered as rejected and not kept", ledger.rejected - refused.keys())
    yield from _some("kept as rejected by the intake and never sent", refused.keys() - ledger.sent)
    yield from _some("kept as rejected more than once", (name for name, count in refused.items() if count > 1))
    yield from _some("stored and rejected by the intake", stored.keys() & refused.keys())


def _judged(raw: Mapping[Place, Record], fates: Fates, stored: Mapping[str, int]) -> Iterator[str]:
    """Whether every raw position has exactly one fate, and the right one."""
    yield from _some("positions without a fate", raw.keys() - fates.keys())
    yield from _some("positions that have a fate and are not in Kafka", fates.keys() - raw.keys())
    yield from _some("positions with several fates", (place for place, those in fates.items() if len(those) > 1))
    firsts: dict[str, Record] = {}
    wrong: Counter[str] = Counter()
    for place, record in raw.items():  # by partition in order, and copies meet in one partition
        [(fate, reason), *_] = fates.get(place, [("none", "")])
        if record.message_id is None:
            wrong["no interactions that were not rejected"] += fate != "rejected"
            continue
        first = firsts.setdefault(record.message_id, record)
        if record.mark == first.mark:
            wrong["sound interactions with a wrong fate"] += fate not in ("stored", "duplicate", "none")
        else:
            wrong["conflicts that were not rejected as such"] += (fate, reason) != ("rejected", "id_conflict")
    yield from (f"{count} {what}" for what, count in wrong.items() if count)
    yield from _some("in Kafka as sound and not stored", firsts.keys() - stored.keys())
    yield from _some("stored and not in Kafka", stored.keys() - firsts.keys())


def _inserted(world: World) -> Iterator[str]:
    """Whether each record of the sink's topics was inserted once: more is what an insert that is sent twice leaves."""
    counted: Counter[str] = Counter()
    for topic, target in targets(world.topics).items():
        there = len(values(world.kafka, topic))
        [[rows]] = world.store.query(f"SELECT count() FROM {target.table}").rows
        counted[target.table] = rows
        if rows != there:
            yield f"{target.table} has {rows} rows of the {there} records of its topic"
    [[before]] = world.store.query("SELECT count() FROM interactions_rejected WHERE raw_partition < 0").rows
    [[fates]] = world.store.query("SELECT count() FROM interactions_fates").rows
    due = sum(counted[f"interactions{name}"] for name in ("", "_duplicates", "_rejected")) - before
    if fates != due:
        yield f"interactions_fates has {fates} rows, the inserts wrote {due}"


def _fates(store: ClickHouse) -> Fates:
    """The fates of each position, with the reason of those that were rejected."""
    reasons = {
        Place(*where): reason
        for *where, reason in store.query(
            "SELECT raw_topic, raw_topic_id, raw_partition, raw_offset, reason FROM rejected WHERE raw_partition >= 0"
        ).rows
    }
    found: dict[Place, list[tuple[str, str]]] = {}
    for answer in store.stream("SELECT raw_topic, raw_topic_id, raw_partition, raw_offset, fate FROM fates"):
        for topic, topic_id, partition, offset, fate in answer.rows:
            place = Place(topic, UUID(str(topic_id)), partition, offset)
            found.setdefault(place, []).append((fate, reasons.get(place, "") if fate == "rejected" else ""))
    return found


def _refused(store: ClickHouse) -> Mapping[str, int]:
    return _counts(store, "SELECT message_id, count() FROM rejected WHERE stage = 'intake' GROUP BY message_id")


def _counts(store: ClickHouse, sql: str) -> dict[str, int]:
    return {name: count for answer in store.stream(sql) for name, count in answer.rows}


def _some(what: str, those: Iterable[object]) -> Iterator[str]:
    """One finding for all of a kind, with a few of them."""
    known: Collection[object] = list(those)
    if known:
        yield f"{len(known)} {what}, as {', '.join(str(one) for one, _ in zip(known, range(_EXAMPLES), strict=False))}"
