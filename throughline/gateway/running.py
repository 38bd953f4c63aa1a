"""A gateway in a child process, for as long as it is needed: for commands while `up` does not run, and for tests."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from schemas.settings import ConfigurationError, GatewaySettings, Settings
from schemas.telemetry import Metrics, configure_logging, logger
from throughline.gateway.house import FULL, announced, house, passwords

START_S: Final = 30.0
STOP_S: Final = 15.0
_READY: Final = b"ready\n"
_CODE: Final = "from throughline.gateway.running import child; child()"


class StartError(Exception):
    """The gateway did not start; the text holds what it said."""


@contextmanager
def running_gateway(data_dir: Path, listen: str = "127.0.0.1:0", user: str = FULL) -> Iterator[str]:
    """A gateway over `data_dir`, on a free port unless told otherwise; yields its URL with a user's password.

    Raises:
        StartError: it did not start: the store is taken, the port is in use.
    """
    process = start(data_dir, listen)
    try:
        yield url(data_dir, user)
    finally:
        stop(process)


def start(data_dir: Path, listen: str = "127.0.0.1:0") -> "subprocess.Popen[bytes]":
    """Start it and wait until it answers. It ends when this process does, however it ends.

    Raises:
        StartError: it did not start.
    """
    command = [sys.executable, "-c", _CODE, str(data_dir.resolve()), listen]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  ourselves
    if not _says_ready(process):
        process.kill()
        msg = f"the gateway over {data_dir} did not start (status {stop(process)}); its log says why"
        raise StartError(msg)
    return process


def _says_ready(process: "subprocess.Popen[bytes]") -> bool:
    out = process.stdout
    return out is not None and bool(select.select([out], [], [], START_S)[0]) and out.readline() == _READY


def stop(process: "subprocess.Popen[bytes]") -> int:
    """End it orderly; the answer is its exit status."""
    process.terminate()
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def url(data_dir: Path, user: str = FULL) -> str:
    """The URL of the gateway that serves `data_dir` now.

    Raises:
        StartError: none does.
    """
    home = house(data_dir)
    address = announced(home)
    if address is None:
        msg = f"no gateway serves {data_dir}"
        raise StartError(msg)
    return f"http://{user}:{passwords(home)[user]}@{address}/throughline"


def child() -> None:
    """The child's own entry: `data_dir listen` as arguments, a line on stdout when ready, ends when stdin does."""
    from throughline.gateway.serve import main  # the parent has no use for the server

    data_dir, listen = sys.argv[1:3]
    configure_logging("gateway", level="warning")
    threading.Thread(target=_follow, name="lifeline", daemon=True).start()
    settings = Settings(data_dir=Path(data_dir), gateway=GatewaySettings(listen=listen))
    try:
        status = main(settings, Metrics(), _ready)
    except ConfigurationError as error:
        logger().error("configuration_refused", reason=str(error))
        status = 2
    sys.exit(status)


def _ready() -> None:
    sys.stdout.buffer.write(_READY)
    sys.stdout.flush()


def _follow() -> None:
    while os.read(sys.stdin.fileno(), 1):  # the file object's lock would be in the way at the end
        pass
    os.kill(os.getpid(), signal.SIGTERM)
