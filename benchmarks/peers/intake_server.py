"""The intake's application under a server that is not ours: SERVER PARSER LOOP PORT SETTINGS.

What is not in our environment (granian, hypercorn, h11) is taken from the peers'. It serves until it is killed.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import uvloop
from prometheus_client import CollectorRegistry

from producers.connect import connected
from producers.intake.http import HttpIntake
from producers.receipts import Receipts
from producers.serve import collect_less_often
from producers.sources import build
from schemas.settings import Settings
from schemas.telemetry import Metrics, configure_logging

PEERS: Final = next(Path(__file__).parent.glob(".venv/lib/python3*/site-packages"), Path())
Serve = Callable[[HttpIntake, int], Awaitable[None]]


def main(server: str, parser: str, loop: str, port: str, settings: str) -> None:
    """Serve with it; the settings are JSON."""
    sys.path.append(str(PEERS))  # behind ours, so that it only adds
    configure_logging("serve", console=False)
    collect_less_often()
    serve: dict[str, Serve] = {
        "uvicorn": lambda intake, at: _uvicorn(intake, at, parser),
        "granian": _granian,
        "hypercorn": _hypercorn,
        "aiohttp": _aiohttp,
    }
    run = uvloop.run if loop == "uvloop" else asyncio.run
    run(_run(serve[server], Settings.model_validate_json(settings), int(port)))


async def _run(serve: Serve, settings: Settings, port: int) -> None:
    metrics = Metrics(CollectorRegistry())
    async with connected(settings, metrics, sys.exit, "serve") as kafka:
        await kafka.answered()
        receipts = Receipts(kafka.acceptor.recent, None)
        intake = HttpIntake(build(settings), kafka.acceptor, settings.http, metrics, list, receipts=receipts)
        asyncio.get_running_loop().call_later(1.0, lambda: print("serves", flush=True))
        await serve(intake, port)


async def _uvicorn(intake: HttpIntake, port: int, parser: str) -> None:
    import uvicorn

    how: dict[str, Any] = {"http": parser, "interface": "asgi3", "ws": "none", "lifespan": "off", "access_log": False}
    await uvicorn.Server(uvicorn.Config(intake, port=port, log_config=None, loop="none", **how)).serve()


async def _granian(intake: HttpIntake, port: int) -> None:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    how: dict[str, Any] = {"interface": Interfaces.ASGINL, "log_enabled": False, "websockets": False}
    await Server(intake, address="127.0.0.1", port=port, **how).serve()


async def _hypercorn(intake: HttpIntake, port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    await serve(intake, config, shutdown_trigger=asyncio.Event().wait)


async def _aiohttp(intake: HttpIntake, port: int) -> None:
    """It is no ASGI server: each request is put to the application as one would be."""
    from aiohttp import web

    async def handle(request: web.BaseRequest) -> web.Response:
        scope = {
            "type": "http",
            "method": request.method,
            "scheme": "http",
            "path": request.path,
            "raw_path": request.raw_path.encode(),
            "query_string": request.query_string.encode(),
            "headers": [(name.lower(), value) for name, value in request.raw_headers],
        }
        body = await request.read()
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await intake(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        return web.Response(status=said[0]["status"], headers=headers, body=said[1]["body"])

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
