"""A running `throughline serve`, as a process of its own, for tests that speak to it over the network."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from schemas.settings import KafkaSettings
from tests.ports import free_port

KEY = "wk_web"
DEADLINE_S = 30.0


@dataclass(frozen=True)
class Served:
    process: subprocess.Popen[bytes]
    url: str
    smtp_port: int
    metrics_url: str
    log: Path

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)

    def peak_memory_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    def metric(self, line: str) -> float:
        """The value of a metric with its labels, as Prometheus prints it; 0 where there is none."""
        for found in httpx.get(self.metrics_url).text.splitlines():
            if found.startswith(f"{line} "):
                return float(found.rpartition(" ")[2])
        return 0.0


@contextmanager
def serving(
    kafka: KafkaSettings, folder: Path, environment: Mapping[str, str] | None = None, *, wait: bool = True
) -> Iterator[Served]:
    """Run it; `wait` until it is ready."""
    ports = [free_port() for _ in range(3)]
    log = folder / "serve.log"
    config = folder / "throughline.toml"
    config.write_text(f'[sources.web]\nadapter = "segment"\nwrite_key = "{KEY}"\n')
    variables = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")} | {
        "THROUGHLINE_CONFIG": str(config),
        "THROUGHLINE_DATA_DIR": str(folder / "data"),
        "THROUGHLINE_KAFKA__BOOTSTRAP": kafka.bootstrap,
        "THROUGHLINE_KAFKA__PREFIX": kafka.prefix,
        "THROUGHLINE_HTTP__LISTEN": f"127.0.0.1:{ports[0]}",
        "THROUGHLINE_SMTP__LISTEN": f"127.0.0.1:{ports[1]}",
        "THROUGHLINE_METRICS__LISTEN": f"127.0.0.1:{ports[2]}",
        "THROUGHLINE_HTTP__NOTICE": "0s",
    }
    if kafka.embedded_run is not None:
        variables["THROUGHLINE_KAFKA__EMBEDDED_RUN"] = str(kafka.embedded_run)
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "throughline", "serve"],
            env=variables | dict(environment or {}),
            stdout=written,
            stderr=written,
        )
    served = Served(process, f"http://127.0.0.1:{ports[0]}", ports[1], f"http://127.0.0.1:{ports[2]}/metrics", log)
    try:
        if wait:
            until_ready(served)
        yield served
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def until_ready(served: Served) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline and served.process.poll() is None:
        try:
            if httpx.get(f"{served.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not ready: {served.log.read_text()}")
