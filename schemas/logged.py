"""What a part logged last as a warning or an error: a metric, and a file that outlives the process."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson
import structlog

from schemas.telemetry import Metrics

LEVELS: Final = ("warning", "error", "critical")
KEPT: Final = 8  # events of a part that a file holds


class Logged:
    """A structlog processor that lets everything pass. Event names are a closed set, so they may be labels.

    Errors are written to `file` at once: what made a part end is told by the one that is started in its place. Losing
    one is no harm, so a file that cannot be written is passed over.
    """

    def __init__(self, metrics: Metrics, file: Path) -> None:
        self._metrics = metrics
        self._file = file
        self._errors: dict[str, float] = {}
        for event, at in left(file).items():
            self._note("error", event, at)

    def __call__(self, _: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """Note a warning or an error."""
        level = str(event.get("level", method))
        if level in LEVELS:
            record = event.get("_record")  # of a library, which logs sentences: its name will do
            name = str(event["event"]) if record is None else f"logged_by_{record.name.partition('.')[0]}"
            self._note("warning" if level == "warning" else "error", name, time.time())
            if level != "warning":
                self._keep()
        return event

    def _note(self, level: str, event: str, at: float) -> None:
        self._metrics.logged.labels(level, event).set(at)
        if level == "error":
            self._errors.pop(event, None)
            self._errors[event] = at

    def _keep(self) -> None:
        newest = dict(list(self._errors.items())[-KEPT:])
        fresh = self._file.with_suffix(".new")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(orjson.dumps(newest))
            fresh.replace(self._file)


def left(file: Path) -> dict[str, float]:
    """The errors that a part has left in its file: when each was last logged. Empty where there is no such file."""
    try:
        return {str(event): float(at) for event, at in orjson.loads(file.read_bytes()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def file_of(data_dir: Path, part: str) -> Path:
    """Where a part leaves its errors."""
    return data_dir / "logged" / f"{part}.json"
