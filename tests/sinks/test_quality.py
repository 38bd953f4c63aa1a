"""What each source sends just now, read back from rows that were really stored."""

import pytest
from prometheus_client import CollectorRegistry

from schemas.telemetry import Metrics
from sinks.quality import Quality
from tests.sinks.conftest import Store
from tests.sinks.rows import interaction

pytestmark = pytest.mark.chdb


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
