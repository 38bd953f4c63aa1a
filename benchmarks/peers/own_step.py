"""Our own step and its store, for the engines of others: judge a run, send what came of it, then keep it."""

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from benchmarks.peers.job import Job
from stream_processors.core.raw import Headers, Raw
from stream_processors.core.step import Step, step
from stream_processors.store import Store
from stream_processors.stores import Stores

_WINDOW_MS: Final = 24 * 3600 * 1000
_TOPIC_ID: Final = UUID(int=1)
Produce = Callable[[str, bytes, bytes], object]  # topic, value, key


class Judged(NamedTuple):
    """A run of one partition: what came of it, and what to keep once Kafka has that."""

    store: Store
    done: Step
    end: int
    latest: int


class OwnStep:
    """The step over one store a partition; used by one thread."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._stores = Stores(Path(job.folder) / "process", _WINDOW_MS)
        gc.collect()
        gc.freeze()  # as our own processor does
        gc.set_threshold(200_000, 20, 20)

    def judge(
        self,
        partition: int,
        values: Sequence[bytes],
        offsets: Sequence[int],
        arrivals: Sequence[int],
        headers: Sequence[Headers | None],
    ) -> Judged:
        """Decide about a run."""
        store = self._stores.of(self._job.source, partition, _TOPIC_ID)
        raw = Raw("web", self._job.source, partition, store.topic_ids, values, offsets, arrivals, headers)
        return Judged(store, step(raw, store, {}, _WINDOW_MS), offsets[-1] + 1, max(arrivals))

    def send(self, judged: Judged, produce: Produce) -> None:
        """Hand everything that came of it to a producer."""
        for topic, outputs in zip(
            (self._job.output, self._job.duplicates, self._job.rejected), judged.done.roles, strict=True
        ):
            for key, value in outputs:
                produce(topic, value, key)

    def keep(self, judged: Judged) -> None:
        """Remember what was seen and how far; not before Kafka has what was sent."""
        judged.store.write(judged.done.writes, judged.end, judged.latest)
