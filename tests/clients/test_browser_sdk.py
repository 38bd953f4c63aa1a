"""Segment's browser SDK, @segment/analytics-next, in Chromium, on a page of another origin."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from schemas.settings import KafkaSettings
from tests.clients.intake import KEY, published

PAGE = Path(__file__).with_name("browser_sdk.html")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


class Shop(ThreadingHTTPServer):
    """Serves a folder; a POST to it is what the page has to report."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.reported = threading.Event()
        self.report: dict[str, Any] = {}


class Handler(SimpleHTTPRequestHandler):
    server: Shop

    def do_POST(self) -> None:
        self.server.report = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(204)
        self.end_headers()
        self.server.reported.set()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[Shop]:
    with Shop(folder) as shop:
        thread = threading.Thread(target=shop.serve_forever)
        thread.start()
        try:
            yield shop
        finally:
            shop.shutdown()
            thread.join()


@contextmanager
def browsing(url: str, profile: Path) -> Iterator[None]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "Chromium is missing: apt-get install chromium"
    log = profile.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [chromium, *QUIET, f"--user-data-dir={profile}", url], stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # its own session: the browser and its helpers
        process.wait(20)


@pytest.mark.slow
def test_every_message_of_a_page_of_another_origin_arrives_once(
    intake: str, mock_kafka: KafkaSettings, node_modules: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    shutil.copytree(node_modules / "@segment/analytics-next/dist/umd", site)
    shutil.copy(PAGE, site / "index.html")
    with serving(site) as shop:
        host, port = intake.removeprefix("http://"), shop.server_address[1]
        with browsing(f"http://127.0.0.1:{port}/index.html?host={host}&key={KEY}", tmp_path / "profile"):
            assert shop.reported.wait(60), (tmp_path / "profile.log").read_text()
    assert shop.report["failures"] == []
    found = published(mock_kafka)
    assert found.message_ids == sorted(shop.report["sent"])
    assert found.rejected == []
    assert Counter((each["type"], each["name"]) for each in found.interactions) == {
        ("view", "Home"): 2,
        ("identity", "identify"): 1,
        ("identity", "group"): 1,
        ("identity", "alias"): 1,
        ("order", "Order Completed"): 1,
        ("action", "Batched"): 25,
    }
    [order] = [each for each in found.interactions if each["type"] == "order"]
    assert (order["amount"], order["currency"]) == (25.0, "EUR")
    assert {"kind": "user_id", "value": "97980cfea0067"} in order["identifiers"]
    assert order["context"]["page"]["title"] == "Shop"
