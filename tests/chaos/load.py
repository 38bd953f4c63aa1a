"""Seeded deliveries, and a sender that behaves as an SDK does: what is not answered 200 is sent again, unchanged.

Every number is one interaction. Of a hundred, about ten happened long ago and one is invalid (no identifier at all);
about five are followed, in a later delivery, by a copy of an earlier one, and a few in a thousand by another body under
the id of an earlier one, which must be rejected as a conflict.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import orjson

from tests.integration.running import WRITE_KEY

LATE: Final = 0.10
INVALID: Final = 0.01
RETRY_S: Final = 0.2
PATIENCE_S: Final = 180.0  # of one delivery; then the run has failed
_NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is sent.

    Attributes:
        seed: of all chance.
        count: of numbers; copies and conflicts come on top.
        batch: numbers in a delivery.
        lane, lanes: which of the deliveries, when several senders share them.
        copies: of these, so many come again.
        timeless: so many have no time of their own. Their copies differ in it: only the dedupe store knows them.
        conflicts: so many ids come again with another body.
        people: so many customers.
    """

    seed: int
    count: int
    batch: int = 50
    lane: int = 0
    lanes: int = 1
    copies: float = 0.05
    timeless: float = 0.05
    conflicts: float = 0.003
    people: int = 200

    def deliveries(self) -> Iterator[list[Message]]:
        """The messages of each delivery, the same at every call."""
        dice = random.Random(f"{self.seed}:{self.lane}")
        sent: list[int] = []  # sound numbers of this lane: they are in Kafka before what follows is sent
        for begin in range(self.lane * self.batch, self.count, self.batch * self.lanes):
            numbers = range(begin, min(begin + self.batch, self.count))
            messages = [self.message(number) for number in numbers]
            if sent:
                messages += [self.message(dice.choice(sent)) for _ in numbers if dice.random() < self.copies]
                messages += [self.conflict(dice.choice(sent)) for _ in numbers if dice.random() < self.conflicts]
            sent += [number for number in numbers if not self.is_invalid(number)]
            yield messages

    def is_invalid(self, number: int) -> bool:
        """Whether this one can only be rejected."""
        return self._dice(number, "invalid").random() < INVALID

    def message(self, number: int) -> Message:
        """The message of a number, the same at every call."""
        dice = self._dice(number, "body")
        person = dice.randrange(self.people)
        at = _NOW + timedelta(milliseconds=number)
        if dice.random() < LATE:
            at -= timedelta(days=dice.randrange(1, 1000))
        said: Message = {
            "type": "track",
            "messageId": f"c{self.seed}-{number}",
            "event": dice.choice(("Order Placed", "Product Seen", "Page Left")),
            "properties": {"number": number, "note": "x" * dice.randrange(200)},
        }
        if dice.random() >= self.timeless:
            said["timestamp"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if not self.is_invalid(number):
            said["anonymousId"] = f"a{person}.{dice.randrange(3)}"
            if dice.random() < 0.3:
                said["userId"] = f"u{person}"
        return said

    def conflict(self, number: int) -> Message:
        """Another body under the id of a number."""
        return self.message(number) | {"event": "Something Else"}

    def _dice(self, number: int, what: str) -> random.Random:
        return random.Random(f"{self.seed}:{number}:{what}")


@dataclass
class Ledger:
    """What was sent and what was answered, by message id. Shared by senders."""

    sent: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, messages: list[Message], receipts: list[Message]) -> None:
        """A delivery was answered 200."""
        with self.lock:
            for message, receipt in zip(messages, receipts, strict=True):
                taken = self.accepted if receipt["status"] == "accepted" else self.rejected
                taken.add(message["messageId"])


class Sender:
    """Sends deliveries, one after the other, in a thread."""

    def __init__(self, url: str, recipe: Recipe, ledger: Ledger, pause_s: float = 0.0) -> None:
        self._url = f"{url}/v1/batch"
        self._recipe = recipe
        self._ledger = ledger
        self._pause_s = pause_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Sender":
        self._thread.start()
        return self

    def stop(self) -> None:
        """Send no delivery after the one that is under way."""
        self._end.set()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def join(self, timeout: float = PATIENCE_S) -> None:
        """Wait until all is answered."""
        self._thread.join(timeout)
        assert self.is_done, f"not all was answered; so far {dict(self._ledger.answers)}"

    def _run(self) -> None:
        with httpx.Client(auth=(WRITE_KEY, ""), timeout=20) as client:
            for messages in self._recipe.deliveries():
                if not self._deliver(client, messages) or self._end.wait(self._pause_s):
                    return

    def _deliver(self, client: httpx.Client, messages: list[Message]) -> bool:
        body = orjson.dumps({"batch": messages})
        with self._ledger.lock:
            self._ledger.sent.update(message["messageId"] for message in messages)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            said = self._try(client, body, messages)
            with self._ledger.lock:
                self._ledger.answers[said] += 1
            if said == "200":
                return True
            if said.startswith("4"):
                break
            time.sleep(RETRY_S)
        self._ledger.strange.append(f"a delivery was given up after {said}")
        return False

    def _try(self, client: httpx.Client, body: bytes, messages: list[Message]) -> str:
        try:
            answer = client.post(self._url, content=body, headers={"content-type": "application/json"})
        except httpx.TransportError as error:
            return type(error).__name__
        if answer.status_code == httpx.codes.OK:
            self._ledger.note(messages, answer.json()["receipts"])
        return str(answer.status_code)
