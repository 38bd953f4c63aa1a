"""One customer's timeline by any identifier, and questions about everybody, through the embedded gateway.

`python -m benchmarks.timeline` prints one JSON line. Rows are made inside ClickHouse: customers of three subjects each
(a device, an account, an e-mail), a tenth of the devices contested from a moment on; stored as they happened, over a
year, so that views which collect what is new have as little to read as they would. The same customers are asked for
at a tenth of the interactions first. Everybody is asked by the map (`timeline`), by the dictionaries (`population`),
and by subject first and then the dictionary. `--times 50` asks once more at five times all of them: some 50,000 rows
are loaded a second, so that 50 M take a quarter of an hour, and 5 GB of disk.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import cpu_seconds
from schemas.ids import profile_id
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrate import migrate
from throughline.commands.timeline import interactions
from throughline.gateway import running
from throughline.whose import customers as customers_of

CHUNK: Final = 500_000
Ask = Callable[[str], int]  # a name's interactions, counted
ASKED: Final = 300
TIMES: Final = 10
SETTLE_S: Final = 60.0
_TIMELINE: Final = "SELECT {columns} FROM customer_timeline(tenant = 'default', identifier = {{name:String}})"
_ASKED: Final = {  # of the view: what `throughline timeline` shows on a terminal, and everything
    "printed": "occurred_at, channel, type, name, direction, text, amount, currency, duration_s, source",
    "all_columns": "*",
}
_EVERYBODY: Final = {
    "count": "SELECT count() FROM {view}",
    "by_channel": "SELECT channel, count() FROM {view} GROUP BY channel",
    "customers_by_channel": "SELECT channel, uniq(profile_id) FROM {view} GROUP BY channel",
    "customers": "SELECT count() FROM (SELECT profile_id, count() FROM {view} GROUP BY profile_id)",
}
# Whose each subject is now: what copies do not change needs no view, and a subject is looked up once.
_SUBJECTS_FIRST: Final = {
    "customers_by_channel": """
        SELECT channel, uniq(dictGetOrDefault('identity_now', 'profile_id', own_profile, own_profile))
        FROM (SELECT channel, own_profile FROM interactions GROUP BY channel, own_profile)
        GROUP BY channel""",
    "customers": """
        SELECT uniqExact(dictGetOrDefault('identity_now', 'profile_id', own_profile, own_profile))
        FROM (SELECT own_profile FROM interactions GROUP BY own_profile)""",
}
_HOW: Final = {
    "everybody_s": {name: sql.format(view="timeline") for name, sql in _EVERYBODY.items()},
    "everybody_by_dictionary_s": {name: sql.format(view="population") for name, sql in _EVERYBODY.items()},
    "everybody_subjects_first_s": _SUBJECTS_FIRST,
}
_INTERACTIONS: Final = """
INSERT INTO interactions
(
    tenant, subject, event_id, fingerprint, message_id, source, adapter, channel, type, name, occurred_at, received_at,
    stored_at, identifiers, text, properties, context, raw_topic, raw_topic_id, raw_partition, raw_offset, schema
)
WITH
    cityHash64(number) % {customers:UInt64} AS customer,
    cityHash64(number, 1) % 10 AS dice,
    [('anonymous_id', 'a'), ('user_id', 'u'), ('email', 'e@')][multiIf(dice < 5, 1, dice < 8, 2, 3)] AS kind,
    concat(kind.2, toString(customer)) AS value,
    ['web', 'mobile', 'email', 'call_center'][dice % 4 + 1] AS medium,
    toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + toIntervalSecond(number * 3) AS moment
SELECT
    'default', concat(kind.1, ':', value), toUUID(UUIDNumToString(MD5(toString(number)))), hex(number),
    concat('m', toString(number)), medium, 'segment', medium, 'action', concat('Event ', toString(number % 50)), moment,
    moment, moment, [(kind.1, value)], if(dice = 3, 'Where is my order? It should have come a week ago.', ''),
    concat('{"total":', toString(number % 1000), ',"sku":"', toString(number % 777), '"}'),
    '{"page":{"url":"https://shop.example/p/1","title":"Shoes"},"library":{"name":"analytics.js","version":"2.1"}}',
    concat('interactions.', medium), toUUID('00000000-0000-0000-0000-000000000001'), number % 4, intDiv(number, 4), 1
FROM numbers({first:UInt64}, {count:UInt64})
"""
_ACCOUNTS: Final = """
INSERT INTO identity_map (tenant, subject, version, ranges)
SELECT 'default', concat('user_id:u', toString(number)), 1, []
FROM numbers({customers:UInt64})
"""
_MAP: Final = """
INSERT INTO identity_map (tenant, subject, version, ranges)
WITH
    substring(subject, 10) AS customer,
    toDateTime64(0, 3, 'UTC') AS begin,
    toDateTime64('2026-03-01 00:00:00', 3, 'UTC') AS cut,
    toDateTime64('2100-01-01 00:00:00', 3, 'UTC') AS end
SELECT
    tenant,
    concat(arrayJoin(['anonymous_id:a', 'user_id:u', 'email:e@']) AS kind, customer),
    2,
    if(
        kind = 'anonymous_id:a' AND endsWith(customer, '0'),
        [(begin, cut, own_profile, 'linked'), (cut, end, generateUUIDv4(), 'contested')],
        [(begin, end, own_profile, 'linked')]
    )
FROM identity_map
WHERE version = 1
"""


def measure(interactions: int = 10_000_000, customers: int = 100_000, times: int = TIMES) -> dict[str, object]:
    """Milliseconds of a customer's whole timeline at a tenth and at all of the interactions, their ratio, everybody.

    `times`: of a tenth; where they are more than ten, `more` has what it is at so many.
    """
    tenth = interactions // TIMES
    with TemporaryDirectory() as folder:
        gateway = running.start(Path(folder))
        try:
            with connect(running.url(Path(folder))) as client:
                migrate(client)
                client.command(_ACCOUNTS, {"customers": customers})
                client.command(_MAP)
                few = _at(client, gateway.pid, 0, tenth, customers)
                all_of_them = _at(client, gateway.pid, tenth, interactions, customers)
                everybody = _everybody(client)
                more = _at(client, gateway.pid, interactions, tenth * times, customers) if times > TIMES else None
        finally:
            running.stop(gateway)
    return {
        "benchmark": "timeline",
        "customers": customers,
        "a_tenth": few,
        "all": all_of_them,
        "ratio_of_p50": {what: round(_p50(all_of_them, what) / _p50(few, what), 2) for what in ("command", *_ASKED)},
        **everybody,
        **({"more": more} if more else {}),
    }


def _at(client: ClickHouse, gateway: int, first: int, last: int, customers: int) -> dict[str, object]:
    began = time.monotonic()
    for at in range(first, last, CHUNK):
        count = min(CHUNK, last - at)
        client.command(_INTERACTIONS, {"customers": customers, "first": at, "count": count})
    loaded = (last - first) / (time.monotonic() - began)
    _settle(client)
    parts = "SELECT count() FROM system.parts WHERE active AND database = 'throughline' AND table = 'interactions'"
    return {
        "interactions": last,
        "rows_loaded_per_s": round(loaded),
        "parts": client.query(parts).rows[0][0],
        "command": _asked(gateway, _command(client), customers),
        **{what: _asked(gateway, _view(client, columns), customers) for what, columns in _ASKED.items()},
        "one_statement_ms": round(median(_times(client, "SELECT 1", 30)), 1),
    }


def _command(client: ClickHouse) -> Ask:
    """As `throughline timeline` does, up to what is printed."""
    return lambda name: len(
        interactions(client, "default", customers_of(client, "default", [name], "US"), limit=1000, whole=False)
    )


def _view(client: ClickHouse, columns: str) -> Ask:
    """As an analyst does."""
    sql = _TIMELINE.format(columns=columns)
    return lambda name: len(client.query(sql, {"name": name}).rows)


def _asked(gateway: int, ask: Ask, customers: int) -> dict[str, object]:
    """Many customers' timelines, one customer after another."""
    names = list(_names(customers))
    for name in names[: ASKED // 10]:  # marks and dictionaries are read once
        ask(name)
    before, took, rows = cpu_seconds(gateway), [], 0
    for name in names:
        began = time.perf_counter()
        rows += ask(name)
        took.append((time.perf_counter() - began) * 1000)
    return {
        "rows_each": round(rows / len(names), 1),
        "ms": _percentiles(took),
        "cpu_ms_of_clickhouse": round((cpu_seconds(gateway) - before) / len(names) * 1000, 1),
    }


def _names(customers: int) -> Iterator[str]:
    """Identifiers of each kind, and profile ids, of customers anywhere."""
    chosen = random.Random(1)  # noqa: S311  the same ones in every run
    for number in range(ASKED):
        one = chosen.randrange(customers)
        by = (
            f"anonymous_id:a{one}",
            f"user_id:u{one}",
            f"email:e@{one}",
            str(profile_id("default", f"user_id:u{one}")),
        )
        yield by[number % 4]


def _settle(client: ClickHouse) -> None:
    """Wait until ClickHouse has merged what it wants to merge now."""
    deadline, quiet = time.monotonic() + SETTLE_S, 0
    while quiet < 3 and time.monotonic() < deadline:
        time.sleep(0.5)
        quiet = 0 if client.query("SELECT count() FROM system.merges").rows[0][0] else quiet + 1


def _times(client: ClickHouse, sql: str, count: int) -> list[float]:
    took = []
    for _ in range(count):
        began = time.perf_counter()
        client.query(sql)
        took.append((time.perf_counter() - began) * 1000)
    return took


def _everybody(client: ClickHouse) -> dict[str, dict[str, float]]:
    """Seconds of each question, in each way; the ways by turns, with the dictionaries already read."""
    took: dict[str, dict[str, list[float]]] = {how: {name: [] for name in asked} for how, asked in _HOW.items()}
    for round_ in range(4):
        for name in _EVERYBODY:
            for how, asked in _HOW.items():
                if name in asked:
                    [ms] = _times(client, asked[name], 1)
                    took[how][name] += [ms] if round_ else []
    return {how: {name: round(median(ms) / 1000, 2) for name, ms in asked.items()} for how, asked in took.items()}


def _percentiles(took: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(took, n=100)
    return {f"p{p}": round(cuts[p - 1], 1) for p in (50, 95, 99)}


def _p50(found: dict[str, object], what: str) -> float:
    asked = found[what]
    assert isinstance(asked, dict)
    return float(asked["ms"]["p50"])


if __name__ == "__main__":
    print(json.dumps(measure()))
