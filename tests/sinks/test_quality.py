"""What each source sends just now, read back from rows that were really stored."""

import threading
from typing import NoReturn

import pytest
from prometheus_client import CollectorRegistry

from schemas.telemetry import Metrics
from sinks.clickhouse.client import ClickHouse
from sinks.errors import TransientError
from sinks.quality import Quality
from tests.sinks.conftest import Store
from tests.sinks.rows import interaction


class StandsStill(ClickHouse):
    """A ClickHouse that takes a query and does not answer."""

    def __init__(self) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()

    def query(self, *_: object, **__: object) -> NoReturn:
        self.asked.set()
        self.answers.wait()
        raise TransientError("cut off")


def test_a_query_that_is_not_answered_holds_no_end_up() -> None:
    clickhouse = StandsStill()
    quality = Quality(clickhouse, Metrics(CollectorRegistry()))
    quality.start()
    assert clickhouse.asked.wait(10)
    ending = threading.Thread(target=quality.stop, daemon=True)
    ending.start()
    ending.join(30)
    has_ended = not ending.is_alive()
    clickhouse.answers.set()
    assert has_ended


@pytest.mark.chdb
def test_shares_and_delays_are_of_what_was_stored_lately(store: Store) -> None:
    registry = CollectorRegistry()
    quality = Quality(store.client, Metrics(registry))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"throughline_quality_{name}", labels)

    rows = [interaction(n, text="hello") for n in range(3)] + [interaction(3, identifiers=[], source="calls")]
    rows.append(interaction(4))
    store.put("interactions", *rows)
    quality.look()
    assert value("interactions", source="web") == 4
    assert value("field_share", source="web", field="text") == 0.75
    assert value("field_share", source="web", field="strong_identifier") == 1
    assert value("field_share", source="calls", field="identifier") == 0
    assert value("delay_seconds", source="web") == 1
    store.client.command("TRUNCATE TABLE interactions")
    quality.look()
    assert value("interactions", source="web") is None
