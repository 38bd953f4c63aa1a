"""The audit that never ends: a thread of every sink, which looks again and again and shows what it finds.

Each sink audits everything: whichever of them lives tells. A look reads only what has settled since the last one; all
of it is read again as often as that takes a hundredth of the time. What was found stays found until then.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from schemas.settings import KafkaSettings
from schemas.telemetry import Metrics, logger
from sinks.audit import audit as audits
from sinks.audit.accounts import Account
from sinks.audit.bounds import Bounds, Mark
from sinks.audit.look import Snapshot
from sinks.audit.spans import cut, total
from sinks.ranges import Where

EVERY_S: Final = 30.0
EVERY_EMBEDDED_S: Final = 5.0  # its memory ends with it: marks are all that says what it had accepted
PATIENCE_S: Final = 20.0  # with sinks that are behind; what they have not passed then is judged by a later look
PAUSE_S: Final = 0.2
SHARE: Final = 100  # of the time between two looks at everything, to the time that one takes
LEAVE_S: Final = 1.0


class Offsets(audits.TimedOffsets, Protocol):
    """What is asked of Kafka."""

    def close(self) -> None:
        """Leave Kafka."""


class Fates(audits.Fates, Protocol):
    """What is asked of ClickHouse, and told."""

    def keep(self, marks: Mapping[Where, Mark]) -> None:
        """Remember what was seen."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of a partition: judged up to a position, and how much did not add up before it."""

    upto: int
    missing: int = 0
    doubled: int = 0


class AuditWatch:
    """Looks, shows and remembers, until its sink is told to stop."""

    def __init__(
        self, offsets: Offsets, kafka: KafkaSettings, fates: Fates, metrics: Metrics, stop: threading.Event
    ) -> None:
        """`stop`: the sink's; what Kafka has accepted is remembered once more while the sink drains."""
        self._offsets = offsets
        self._kafka = kafka
        self._fates = fates
        self._metrics = metrics
        self._every = EVERY_EMBEDDED_S if kafka.is_embedded else EVERY_S
        self._marks: dict[Where, Mark] = {}
        self._told: dict[Where, _Told] = {}
        self._all_again_at = float("-inf")
        self._patient_until = float("inf")
        self._shown = (0, 0)
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._log = logger()

    def start(self) -> None:
        """Begin; the first look is made in the thread."""
        self._thread.start()

    def end(self) -> None:
        """End; what takes long is left behind."""
        self._stop.set()
        self._thread.join(LEAVE_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._try()
            self._stop.wait(self._every)
        self._try()
        self._offsets.close()

    def _try(self) -> None:
        try:
            self.look()
        except Exception as error:  # noqa: BLE001  whatever it was, a later look may succeed; the last one's age shows
            self._log.warning("audit_failed", error=type(error).__name__)

    def look(self) -> None:
        """Look once; while it is being stopped, only at Kafka.

        Raises:
            KafkaException, TransientError, FatalError: Kafka or ClickHouse did not answer.
            MovedError: the topics do not stay the same for as long as this takes.
        """
        self._patient_until = time.monotonic() + PATIENCE_S
        for snapshot in audits.looks(self._offsets, self._kafka, self._pause):
            began = time.monotonic()
            if self._stop.is_set():
                self._keep(snapshot)
                return
            is_all = began >= self._all_again_at
            told = self._all(snapshot) if is_all else self._new(snapshot)
            if audits.is_same(self._offsets, snapshot):
                if is_all:
                    self._all_again_at = began + SHARE * (time.monotonic() - began)
                self._told |= told
                self._keep(snapshot)
                self._show(time.monotonic() - began)
                return
        raise audits.MovedError

    def _pause(self) -> bool:
        return not self._stop.wait(PAUSE_S) and time.monotonic() < self._patient_until

    def _all(self, snapshot: Snapshot) -> dict[Where, _Told]:
        """Judge everything, from what has been remembered before."""
        self._marks = dict(self._fates.marks())
        accounts = audits.judged(snapshot, self._fates, self._marks, time.time())
        return {account.where: _told(account, _Told(0)) for account in accounts}

    def _new(self, snapshot: Snapshot) -> dict[Where, _Told]:
        """Judge what has settled since it was last judged."""
        told = {}
        for where in {*snapshot.seen, *self._marks}:
            limits = audits.limits_of(where, snapshot, self._marks.get(where), None, time.time())
            before = self._told.get(where, _Told(limits.first))
            if before.upto < limits.settled:
                span = Bounds(before.upto, limits.settled, limits.settled)
                told[where] = _told(audits.examined(self._fates, where, span), before)
        return told

    def _keep(self, snapshot: Snapshot) -> None:
        """Remember how far each partition has come, where it has moved."""
        now = time.time()
        moved = {}
        for where, seen in snapshot.seen.items():
            before = self._marks.get(where)
            limits = audits.limits_of(where, snapshot, before, None, now)
            if seen.end and (before is None or (before.end, before.settled) != (limits.end, limits.settled)):
                moved[where] = Mark(limits.first, limits.end, limits.settled, now, limits.first)
        if moved:
            self._fates.keep(moved)
            self._marks |= moved

    def _show(self, seconds: float) -> None:
        found = sum(told.missing for told in self._told.values()), sum(told.doubled for told in self._told.values())
        self._metrics.audit_missing.set(found[0])
        self._metrics.audit_doubled.set(found[1])
        self._metrics.audit_seconds.set(seconds)
        self._metrics.audit_timestamp.set(time.time())
        if found != self._shown:
            self._shown = found
            self._log.error(
                "audit_changed", missing=found[0], doubled=found[1], hint="`throughline audit` says which positions"
            )


def _told(account: Account, before: _Told) -> _Told:
    """What is known after an account; doubles beyond what is settled are counted when they have settled."""
    settled = account.bounds.settled
    doubled = total(cut(account.doubled, (account.bounds.first, settled)))
    return _Told(settled, before.missing + total(account.missing), before.doubled + doubled)
