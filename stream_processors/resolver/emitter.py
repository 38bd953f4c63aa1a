"""The way out: room, sent, and all of it in Kafka; or nobody knows, and the same is sent again."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

from schemas.kafka.backlog import Ledger
from schemas.topics import Topics
from stream_processors.outflow import SOMEWHERE
from stream_processors.outlet import Outlet, Placed
from stream_processors.resolver.contract import Output, Resolution
from stream_processors.resolver.halt import Halt

_ROOM_S: Final = 0.02
_LARGEST: Final = 8 << 20  # bytes: as many rows as the producer's queue surely takes


class Batch:
    """Outputs by topic, and their bytes."""

    def __init__(self) -> None:
        self.outputs: dict[str, list[Output]] = {}
        self.sizes: Counter[str] = Counter()

    def add(self, topics: Topics, done: Resolution) -> None:
        """What a resolution says."""
        for topic, outputs in zip(topics.resolved, (done.map, done.changes, done.profiles), strict=True):
            if outputs:
                self.outputs.setdefault(topic, []).extend(outputs)
                self.sizes[topic] += sum(map(len, chain.from_iterable(outputs)))

    @property
    def size(self) -> int:
        """Bytes of keys and values."""
        return self.sizes.total()

    def pieces(self, most: int) -> Iterator["Batch"]:
        """The same in batches of so many bytes at most, unless a single record is larger."""
        piece = Batch()
        for topic, outputs in self.outputs.items():
            for output in outputs:
                size = sum(map(len, output))
                if piece.size and piece.size + size > most:
                    yield piece
                    piece = Batch()
                piece.outputs.setdefault(topic, []).append(output)
                piece.sizes[topic] += size
        if piece.size:
            yield piece


class Emitter:
    """Sends batches, one at a time. Used by one thread.

    Attributes:
        most: bytes that are sent at once: within the budget, and within the producer's queue.
    """

    def __init__(self, outlet: Outlet, ledger: Ledger, halt: Halt) -> None:
        self.most = min(ledger.budget, _LARGEST)
        self._outlet = outlet
        self._ledger = ledger
        self._halt = halt

    def emit(self, batch: Batch) -> bool:
        """Wait for room, a piece at a time, and until Kafka has all of it. False: given up; it may be there or not.

        Raises:
            DeliveryError: Kafka refused some of it.
        """
        if not self._wait(lambda: not self._ledger.is_closed):  # what follows is a write, also where nothing is sent
            return False
        return all(self._emit(piece) for piece in batch.pieces(self.most))

    def _wait(self, true: Callable[[], bool]) -> bool:
        while not true():
            if self._halt.ending.wait(_ROOM_S) or self._halt.gives_up:
                return False
        return True

    def _emit(self, batch: Batch) -> bool:
        if not self._wait(lambda: self._ledger.reserve(batch.size)):
            return False
        for topic, outputs in batch.outputs.items():
            self._outlet.send(topic, outputs)
        is_there = self._flush()
        self._ledger.landed([(topic, SOMEWHERE, SOMEWHERE, size) for topic, size in batch.sizes.items()], batch.size)
        return is_there

    def publish(self, topic: str, outputs: Sequence[Placed]) -> bool:
        """Send to the partitions that are named, whatever room there is. False: given up, as above."""
        self._outlet.send_to(topic, outputs)
        return self._flush()

    def close(self) -> None:
        """Forget what is on its way."""
        self._outlet.close()

    def _flush(self) -> bool:
        return self._outlet.flush(lambda: self._halt.gives_up)
