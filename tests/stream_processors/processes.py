"""Workers as processes of their own, which a test may kill."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from schemas.settings import KafkaSettings, Settings


@contextmanager
def worker(kafka: KafkaSettings, folder: Path, part: str = "process") -> Iterator[subprocess.Popen[str]]:
    """A process of a part: `process` or `resolve`; killed at the end where it still runs."""
    settings = Settings(kafka=kafka, data_dir=folder).model_dump(mode="json", exclude_defaults=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.stream_processors.work", part, orjson.dumps(settings).decode()],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def await_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
