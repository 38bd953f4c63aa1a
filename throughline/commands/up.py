"""`throughline up`: all parts on this machine, in the foreground."""

import asyncio
import os

import click

from producers.sources import build
from schemas.settings import EMBEDDED, Loaded, Settings
from schemas.telemetry import configure_logging, logger
from throughline.options import with_settings
from throughline.stack import METRICS_PORTS, running, stop_signal


@click.command()
@click.option("--log-level", default="info", type=click.Choice(["debug", "info", "warning", "error"]))
@with_settings
def up(*, loaded: Loaded, log_level: str) -> None:
    """All parts on this machine, in the foreground, until Ctrl-C, which drains."""
    configure_logging("up", level=log_level)
    build(loaded.settings)  # a source without its secret stops us here, before anything runs
    asyncio.run(_up(loaded, log_level))


async def _up(loaded: Loaded, log_level: str) -> None:
    asked = stop_signal()
    settings = loaded.settings
    arguments = [*loaded.as_arguments(), "--log-level", log_level]
    async with running(settings, arguments, os.environ, asked) as stack:
        if not asked.done():
            click.echo(_banner(settings), err=True)
            await stack.until(asked)
        logger().info("stop_began")
    logger().info("stopped")


def _banner(settings: Settings) -> str:
    lines = ["Throughline is up. Ctrl-C stops it, and drains first."]
    if not settings.sources:
        lines.append("  No source is configured, so it takes nothing: add one to throughline.toml, as")
        lines.append('    [sources.web]\n    adapter = "segment"\n    write_key = "..."')
    lines.append(f"  HTTP intake   http://{settings.http.listen}  ({', '.join(settings.sources) or 'no sources'})")
    if any(source.adapter == "smtp" for source in settings.sources.values()):
        lines.append(f"  SMTP intake   {settings.smtp.listen}")
    if settings.clickhouse.url == EMBEDDED:
        lines.append(f"  ClickHouse    http://{settings.gateway.listen}  (users and passwords: docs/gateway.md)")
    host, _, first = settings.metrics.listen.rpartition(":")
    if int(first):  # 0: any free ports
        parts = ["serve", "process", "resolve", "sink", *(["gateway"] if settings.clickhouse.url == EMBEDDED else [])]
        ports = ", ".join(f"{part} {int(first) + offset}" for part, offset in METRICS_PORTS.items() if part in parts)
        lines.append(f"  Metrics       http://{host}:PORT/metrics  ({ports})")
    return "\n".join(lines)
