"""What an event costs where there are ten times as many customers, identifiers and events before it; and more workers.

`python -m benchmarks.scale` prints JSON lines. The step with its store and its evidence runs in this process, without
Kafka, on two stores by turns; links go into two graphs, one after the other; workers are real, over one topic.
"""

import gc
import json
import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

from benchmarks import identity
from benchmarks.events import documents, record
from schemas.identity import Rules
from stream_processors.core.evidence import Lane
from stream_processors.core.memory import pack
from stream_processors.core.raw import Raw
from stream_processors.core.step import step
from stream_processors.store import Store
from stream_processors.stores import Stores

HISTORY: Final = 500_000  # interactions that the smaller store knows
CUSTOMERS: Final = 50_000
TIMES: Final = 10
RUN: Final = 4_000
_TOPIC: Final = "interactions.web"
_NOW_MS: Final = 1_780_000_000_000
_WINDOW_MS: Final = 24 * 3600 * 1000


class Place:
    """A store with a past, and the events that come next."""

    def __init__(self, folder: Path, history: int, customers: int, measured: int) -> None:
        self._stores = Stores(folder, _WINDOW_MS)
        self._store = self._stores.of(_TOPIC, 0, UUID(int=1))
        self._position = _remember(self._store, history)
        shared = frozenset(name for name, kind in Rules().kinds.items() if kind.shared)
        self._lane = Lane(shared=shared, logout_events=frozenset())
        self._values = [value for _, value in map(record, _spread(measured, customers))]
        self.took: list[float] = []  # CPU seconds a run

    def run(self) -> None:
        """Judge, remember, and say what the next events say of identifiers."""
        values, self._values = self._values[:RUN], self._values[RUN:]
        offsets = range(self._position, self._position + len(values))
        arrivals = [_NOW_MS] * len(values)
        raw = Raw("web", _TOPIC, 0, self._store.topic_ids, values, offsets, arrivals, [None] * len(values))
        began = time.process_time()
        done = step(raw, self._store, {}, _WINDOW_MS)
        facts = self._lane.facts(done.stored)
        encoded = [fact.encode() for fact in facts]
        self._position += len(values)
        self._store.write(done.writes, self._position, _NOW_MS)
        self.took.append(time.process_time() - began)
        assert len(done.timeline) == len(values)
        assert len(encoded) == len(facts)

    def close(self) -> None:
        """Close the store."""
        self._stores.close()


def measure(history: int = HISTORY, customers: int = CUSTOMERS, runs: int = 40) -> list[dict[str, object]]:
    """Microseconds an event at one time and at ten times everything, and their ratio."""
    return [_processor(history, customers, runs), _identity(customers * 2)]


def _processor(history: int, customers: int, runs: int) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        places = [
            Place(Path(folder) / str(times), history * times, customers * times, runs * RUN) for times in (1, TIMES)
        ]
        gc.collect()
        gc.freeze()
        for _ in range(runs):
            for place in places:
                place.run()
        for place in places:
            place.close()
    costs = [median(place.took[runs // 10 :]) / RUN * 1e6 for place in places]
    return {
        "benchmark": "scale, processor",
        "customers": [customers, customers * TIMES],
        "history": [history, history * TIMES],
        "cpu_us_an_event": [round(cost, 2) for cost in costs],
        "ratio": round(costs[1] / costs[0], 2),
    }


def _identity(identifiers: int) -> dict[str, object]:
    measured = identifiers // 10
    found = [identity.links(identifiers * times, measured) for times in (1, TIMES)]
    return {
        "benchmark": "scale, identity",
        "identifiers": [identifiers, identifiers * TIMES],
        "cpu_us_a_link": [round(cost * 1e6, 1) for cost in found],
        "ratio": round(found[1] / found[0], 2),
    }


def _spread(count: int, customers: int) -> Iterator[dict[str, object]]:
    """Interactions of customers from anywhere among so many, not of the first ones alone."""
    stride = max(1, customers // max(1, count))
    for number, document in enumerate(documents(count)):
        one = number * stride % customers
        pair = [{"kind": "user_id", "value": f"u{one}"}, {"kind": "anonymous_id", "value": f"a-{one:032x}"}]
        yield document | {"identifiers": pair}


def _remember(store: Store, history: int) -> int:
    """Fill a store with keys that will not come again; where the next record stands."""
    keys = (os.urandom(16) for _ in range(history))
    position = 0
    while some := list(islice(keys, 50_000)):
        writes = {
            key: pack(0, position + at, bytes(8), _NOW_MS - 3_600_000) for at, key in enumerate(some)
        }  # an hour ago
        position += len(some)
        store.write(writes, position, _NOW_MS - 3_600_000)
    return position


if __name__ == "__main__":
    for result in measure():
        print(json.dumps(result))
