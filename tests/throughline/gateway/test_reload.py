"""Dictionaries follow their tables in the embedded engine, as they do on a server."""

import asyncio
from collections.abc import Iterator, Sequence

import httpx
import pytest
from structlog.testing import capture_logs

from tests.waiting import until
from throughline.gateway import reload
from throughline.gateway.reload import keep_reloading

NAMES = ("held", "failing")


def ask(http: httpx.Client, sql: str) -> str:
    answer = http.post("/", content=sql)
    assert answer.status_code == 200, answer.text
    return answer.text.strip()


@pytest.fixture
def told(http: httpx.Client) -> Iterator[httpx.Client]:
    """Two dictionaries, each over a table of its own."""
    for name in NAMES:
        ask(http, f"CREATE TABLE of_{name} (k UInt64, v UInt64) ENGINE = ReplacingMergeTree ORDER BY k")
        ask(http, f"INSERT INTO of_{name} SELECT 1, 10")
        query = f"SELECT k, v + throwIf(v > 100) FROM throughline.of_{name} FINAL"
        source = f"SOURCE(CLICKHOUSE(QUERY '{query}'))"
        ask(
            http,
            f"CREATE DICTIONARY {name} (k UInt64, v UInt64) PRIMARY KEY k {source} LAYOUT(HASHED()) LIFETIME(1)",
        )
    yield http
    for name in NAMES:
        ask(http, f"DROP DICTIONARY {name}")
        ask(http, f"DROP TABLE of_{name}")


@pytest.mark.chdb
@pytest.mark.slow
def test_a_dictionary_follows_its_table_though_another_one_cannot(told: httpx.Client, reader: httpx.Client) -> None:
    asked = ", ".join(f"dictGet('{name}', 'v', toUInt64(1))" for name in NAMES)
    assert ask(reader, f"SELECT {asked}") == "10\t10"
    ask(told, "INSERT INTO of_failing SELECT 1, 1000")
    ask(told, "INSERT INTO of_held SELECT 1, 20")
    until(lambda: ask(reader, f"SELECT {asked}") == "20\t10")


async def test_what_fails_is_told_when_it_begins_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "LOOK_S", 0.0)
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    found: list[Sequence[str] | Exception] = [["a"], ["a", "b"], MemoryError(), ["b"], [], ["b"], ["b"]]

    def next_one() -> Sequence[str]:
        if len(found) == 1:
            loop.call_soon_threadsafe(stopped.set)
        one = found.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    with capture_logs() as logs:
        await keep_reloading(next_one, stopped)
    assert [(one["event"], one.get("dictionary")) for one in logs] == [
        ("dictionary_not_reloaded", "a"),
        ("dictionary_not_reloaded", "b"),
        ("dictionaries_not_looked_at", None),
        ("dictionary_not_reloaded", "b"),
    ]
