"""What an event costs where there are ten times as many customers, identifiers and events before it.

`python -m benchmarks.scale` prints JSON lines. The step with its store and its evidence runs in this process, without
Kafka, on stores that take turns; so do links, into graphs. Customers come in any order, and each has come before: what
a worker of their number has forgotten of their links it says again. `--times 100` adds a store and a graph of a
hundred times as many: at `--size 1`, 50 M keys (4 GB on disk) and 10 M identifiers, and as many minutes as those take.
"""

import gc
import json
import os
import random
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

from benchmarks import identity
from benchmarks.events import documents, record
from schemas.check import Passed, check_all
from schemas.fates import Fault
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
        dice = random.Random(customers)  # noqa: S311  the same ones in every run
        everybody = dice.sample(range(customers), customers)
        for at in range(0, customers, RUN):
            self._lane.facts(_passed(everybody[at : at + RUN]))
        self._values = _values([dice.randrange(customers) for _ in range(measured)])
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


def measure(
    history: int = HISTORY, customers: int = CUSTOMERS, times: int = TIMES, runs: int = 40
) -> list[dict[str, object]]:
    """Microseconds an event at one time, at ten times and at `times` of everything, and their ratios."""
    steps = sorted({1, TIMES, times})
    return [_processor(history, customers, steps, runs), _identity(customers * 2, steps)]


def ratios(steps: Sequence[int], costs: Sequence[float]) -> dict[str, object]:
    """What an event costs at ten times everything, and at more, in terms of what it costs at one time."""
    found = {step: round(cost / costs[0], 2) for step, cost in zip(steps, costs, strict=True)}
    more = {f"ratio_at_{step}": ratio for step, ratio in found.items() if step not in {1, TIMES}}
    return {"ratio": found[TIMES], **more}


def _processor(history: int, customers: int, steps: Sequence[int], runs: int) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        places = [Place(Path(folder) / str(step), history * step, customers * step, runs * RUN) for step in steps]
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
        "customers": [customers * step for step in steps],
        "history": [history * step for step in steps],
        "cpu_us_an_event": [round(cost, 2) for cost in costs],
        **ratios(steps, costs),
    }


def _identity(identifiers: int, steps: Sequence[int]) -> dict[str, object]:
    costs = identity.links([identifiers * step for step in steps], identifiers // 4)
    return {
        "benchmark": "scale, identity",
        "identifiers": [identifiers * step for step in steps],
        "cpu_us_a_link": [round(cost * 1e6, 1) for cost in costs],
        **ratios(steps, costs),
    }


def _values(customers: Sequence[int]) -> list[bytes]:
    """An interaction of each of these customers."""
    found = []
    for one, document in zip(customers, documents(len(customers)), strict=True):
        pair = [{"kind": "user_id", "value": f"u{one}"}, {"kind": "anonymous_id", "value": f"a-{one:032x}"}]
        found.append(record(document | {"identifiers": pair})[1])
    return found


def _passed(customers: Sequence[int]) -> list[Passed]:
    """The same, checked."""
    return [one for one in check_all(_values(customers)) if not isinstance(one, Fault)]


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
