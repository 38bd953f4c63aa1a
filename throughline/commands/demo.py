"""`throughline demo`: four channels through the real doors, onto one timeline."""

import asyncio
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from schemas.settings import PREFIX, Loaded, Settings, load
from schemas.telemetry import configure_logging
from sinks.clickhouse.client import ClickHouse
from throughline.commands.explain import explained
from throughline.commands.timeline import interactions, print_timeline
from throughline.demo.deliver import recorded, send
from throughline.demo.sources import Doors, configure
from throughline.failures import Failed
from throughline.identity.render import lines
from throughline.options import with_settings
from throughline.reading import opened, query
from throughline.stack import running, stop_signal
from throughline.whose import customers

CUSTOMER: Final = "email:ada@example.com"
FAR: Final = ("facebook_id:6254361511111111", "anonymous_id:anon-5f1c")  # ends that no interaction has together
EXPECTED: Final = 12  # interactions in the recorded deliveries
PATIENCE_S: Final = 60.0


@click.command()
@click.option("--keep", is_flag=True, help="Stay up afterwards, until Ctrl-C.")
@click.option("--log-level", default="warning", type=click.Choice(["debug", "info", "warning", "error"]))
@with_settings
def demo(*, loaded: Loaded, keep: bool, log_level: str) -> None:
    """Recorded deliveries of four channels, through the real HTTP and SMTP doors of an embedded stack.

    Prints one customer's timeline across all of them, how it is known to be one customer's, and what to try next.
    """
    configure_logging("demo", level=log_level)
    folder = loaded.settings.data_dir.resolve() / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file, doors = configure(folder)
    asyncio.run(_demo(file, doors, keep=keep, log_level=log_level))


async def _demo(file: Path, doors: Doors, *, keep: bool, log_level: str) -> None:
    asked = stop_signal()
    settings = load(file, {}).settings
    began = time.monotonic()
    click.echo("Starting Kafka's protocol, ClickHouse, and four parts in this folder: " + str(settings.data_dir))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    async with running(settings, ["--config", str(file), "--log-level", log_level], environment, asked) as stack:
        click.echo(f"Up in {time.monotonic() - began:.1f} s. Now the deliveries, each sent twice, as vendors do:")
        story = asyncio.ensure_future(asyncio.to_thread(_tell, settings, doors))
        await stack.until(story)
        rows, why = story.result()
        print_timeline(rows, as_json=False, title=f"One customer, asked for as {CUSTOMER}")
        click.echo("How it knows that her Messenger account and the browser of the first visit are hers:\n")
        click.echo(why)
        click.echo(_next_steps(file, settings, keep=keep))
        if keep:
            await stack.until(asked)


def _tell(settings: Settings, doors: Doors) -> tuple[list[dict[str, Any]], str]:
    """Send everything, wait until all of it is one customer's; her timeline, and why it is hers.

    Raises:
        Failed: a delivery was not accepted, or what was accepted does not stand there once each, as one customer's.
    """
    for delivery in recorded(time.time()):
        click.echo(f"  {delivery.adapter:13} {delivery.about}")
        send(delivery, doors)
        send(delivery, doors)
    with opened(settings) as client:
        rows = _whole_timeline(client, settings.identity.default_region)
        click.echo(f"{EXPECTED} interactions stand in ClickHouse once each; their {EXPECTED} copies in `duplicates`.\n")
        told, seen = explained(client, "default", FAR, region=settings.identity.default_region)
        return rows, "\n".join(lines(told, seen))


def _whole_timeline(client: ClickHouse, region: str) -> list[dict[str, Any]]:
    """The customer's timeline, once it has everything."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        [counts] = query(client, "demo_counts", {})
        rows = interactions(client, "default", customers(client, "default", [CUSTOMER], region))
        if counts["stored"] == counts["duplicates"] == len(rows) == EXPECTED:
            return rows
        if time.monotonic() > deadline:
            msg = (
                f"{EXPECTED} interactions were accepted twice each; ClickHouse has {counts}, {len(rows)} of {CUSTOMER}"
            )
            raise Failed(msg)
        time.sleep(0.05)


def _next_steps(file: Path, settings: Settings, *, keep: bool) -> str:
    run, config = _command(), f"--config {_near(file)}"
    steps = [
        "",
        "What to try next:",
        f"  {run} timeline phone:+15550100 {config}",
        f"  {run} customer {CUSTOMER} {config}",
        f"  {run} sql 'SELECT channel, count() FROM timeline GROUP BY 1' {config}",  # noqa: S608  text for a person
        f"  {run} sql 'SELECT fate, count() FROM fates GROUP BY fate' {config}",  # noqa: S608  as above
        f"  {run} demo --keep     the same, and it stays up: send your own deliveries to it",
        f"  {run} up              your own sources, from throughline.toml: see README.md",
    ]
    if keep:
        steps.append(
            f"It stays up until Ctrl-C. Intake http://{settings.http.listen}, ClickHouse {settings.gateway.listen}."
        )
    return "\n".join(steps)


def _near(path: Path) -> Path:
    """A path as short as it can be typed here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _command() -> str:
    """How this command is called again from here."""
    found = shutil.which("throughline")
    own = Path(sys.executable).with_name("throughline")
    return "throughline" if found and Path(found).samefile(own) else str(_near(own))
