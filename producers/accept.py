"""Accept: the story of a delivery, from its bytes to its receipts.

    delivery -> verify -> decode -> seal and check -> publish -> receipts

Every way in (`producers.intake`) makes a `Delivery` and tells its sender the `Outcome`. What is wrong with data is a
value: an item that is no interaction is kept whole in `interactions.rejected`, and its neighbours are accepted.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from producers.contract import Delivery, Refused
from producers.judge import Judge, Judged, Record
from producers.outcomes import Accepted, Held, Malformed, Outcome, TooLarge
from producers.receipts import Recent
from producers.sources import Source
from schemas.telemetry import Metrics
from schemas.topics import Topics

FOR_EVER: Final = float("inf")
PATIENCE_S: Final = 5.0
LARGE: Final = 256 << 10  # bytes of a body that is decoded in a thread, one at a time: others are not held up


class Publishes(Protocol):
    """What the story needs of `producers.publish.Publisher`."""

    @property
    def max_record(self) -> int:
        """Bytes of the largest record that Kafka takes from us."""

    async def publish(self, records: Sequence[Record], patience: float) -> Held | None:
        """Hand records to Kafka; None once all replicas have every one of them."""


class Acceptor:
    """Accepts deliveries of any source. One for each process.

    Attributes:
        recent: the receipts of what was accepted last.
    """

    def __init__(self, publisher: Publishes, topics: Topics, max_interaction: int, metrics: Metrics) -> None:
        self._publisher = publisher
        self._judge = Judge(topics, max_interaction, publisher.max_record)
        self._metrics = metrics
        self.recent = Recent()
        self._large = asyncio.Semaphore(1)

    async def accept(self, source: Source, delivery: Delivery) -> Outcome:
        """Accept one delivery; waits for room in the backlog for a bounded time. Never raises on any bytes."""
        return (await self.accept_all(source, [delivery], PATIENCE_S))[0]

    async def accept_all(
        self, source: Source, deliveries: Sequence[Delivery], patience: float = FOR_EVER
    ) -> list[Outcome]:
        """Accept many deliveries of one source at once: one outcome each, in their order.

        `patience`: seconds to wait for room in the backlog; without it, as long as it takes (`throughline import`).
        Where Kafka does not answer, each that would have been accepted is `Held`.
        """
        judged = [await self._verified(source, delivery) for delivery in deliveries]
        records = [record for one in judged if isinstance(one, Judged) for record in one.records]
        failure = await self._publisher.publish(records, patience) if records else None
        outcomes: list[Outcome] = []
        for one in judged:
            outcome = self._settle(source, one, failure) if isinstance(one, Judged) else one
            self._metrics.deliveries.tally((source.name, _name_of(outcome)))
            outcomes.append(outcome)
        return outcomes

    async def _verified(self, source: Source, delivery: Delivery) -> Judged | Refused | Malformed | TooLarge | Held:
        try:
            refused = source.adapter.verify(delivery)
        except Exception as error:  # noqa: BLE001  a defect: nothing is known to be authentic, so nothing may be kept
            self._judge.tell(source, "verify", error)
            return Held("failed", f"the adapter of source {source.name} failed", "see the log; send it again later", 60)
        if refused is not None:
            return refused
        if len(delivery.body) <= LARGE:
            return self._judge.judge(source, delivery)
        async with self._large:
            return await asyncio.to_thread(self._judge.judge, source, delivery)

    def _settle(self, source: Source, judged: Judged, failure: Held | None) -> Outcome:
        if failure is not None and judged.records:
            return failure
        for channel, count in judged.accepted.items():
            self._metrics.accepted.tally((channel, source.name), count)
        for (channel, reason), count in judged.rejected.items():
            self._metrics.rejected.tally((channel, source.name, reason), count)
        self.recent.add(source.origin, judged.receipts)
        return Accepted(judged.receipts)


def _name_of(outcome: Outcome) -> str:
    """The metric's label: closed, as every refusal's code is."""
    match outcome:
        case Accepted(receipts):
            return "accepted" if receipts else "empty"
        case Refused(code) | Held(code):
            return code
        case Malformed():
            return "malformed"
        case TooLarge():
            return "too_large"
