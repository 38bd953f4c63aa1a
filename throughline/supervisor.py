"""Parts as child processes: started, watched, started again with back-off, and ended in order."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from schemas.telemetry import logger
from throughline.failures import Failed

T = TypeVar("T")

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
HEALTHY_S: Final = 30.0  # a part that has run so long starts again after the first pause
STOP_S: Final = 20.0  # parts drain within 10
MISCONFIGURED: Final = 2  # the exit status of a configuration error: starting again mends nothing


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A part to run: its name, its command, and its whole environment.

    `--supervised READY LIFE` is added to the command: a descriptor to write to when ready, and one that ends with us.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


class Part:
    """One child process, kept running."""

    def __init__(self, spec: PartSpec, stop_s: float = STOP_S) -> None:
        self.spec = spec
        self.stop_s = stop_s
        self.ready = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._log = logger(supervised=spec.name)

    @property
    def pid(self) -> int | None:
        """Its pid while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self) -> None:
        """Keep it running until `stop`.

        Raises:
            Failed: it ended before it was ever ready, or with a configuration error.
        """
        pause = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            began = loop.time()
            status = await self._once()
            if self._stopping.is_set():
                return
            if status == MISCONFIGURED or not self.ready.is_set():
                msg = f"{self.spec.name} could not start (exit status {status}); its message stands above"
                raise Failed(msg)
            if loop.time() - began > HEALTHY_S:
                pause = FIRST_PAUSE_S
            self._log.error("part_ended", status=status, restarts_in_s=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _once(self) -> int:
        ready_read, ready_write = os.pipe()
        life_read, life_write = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.command,
                "--supervised",
                str(ready_write),
                str(life_read),
                env=dict(self.spec.environment),
                pass_fds=(ready_write, life_read),
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches us alone: we end the parts in order
            )
        finally:
            os.close(ready_write)
            os.close(life_read)
        self._log.info("part_started", pid=self._process.pid)
        waiting = asyncio.create_task(self._wait_ready(ready_read))
        try:
            return await self._process.wait()
        finally:
            os.close(life_write)
            await waiting

    async def _wait_ready(self, descriptor: int) -> None:
        said = await asyncio.to_thread(os.read, descriptor, 16)  # empty when the child ended without a word
        os.close(descriptor)
        if said:
            self.ready.set()
            self._log.info("part_became_ready")

    async def stop(self) -> None:
        """End it: SIGTERM, and SIGKILL when it does not drain in time."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.stop_s)
        except TimeoutError:
            self._log.error("part_killed", after_s=self.stop_s)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Supervisor:
    """Several parts; the failure of one to start ends all."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, *specs: PartSpec) -> None:
        """Start parts side by side and wait until all are ready.

        Raises:
            Failed: one could not start.
        """
        started = [self._spawn(spec) for spec in specs]
        await self.until(asyncio.gather(*(part.ready.wait() for part in started)))

    def _spawn(self, spec: PartSpec) -> Part:
        part = self._parts[spec.name] = Part(spec)
        task = self._tasks[spec.name] = asyncio.create_task(part.run())
        task.add_done_callback(self._note)
        return part

    def _note(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def until(self, awaited: asyncio.Future[T]) -> None:
        """Wait for something, unless a part fails for good meanwhile.

        Raises:
            Failed: a part failed for good.
        """
        try:
            await first_of(awaited, self._failed)
        finally:
            if not awaited.done():
                awaited.cancel()
                with suppress(asyncio.CancelledError):
                    await awaited
        if self._failed.done():
            self._failed.result()

    async def stop(self, name: str) -> None:
        """End one part, if it is there."""
        if name in self._parts:
            await self._parts[name].stop()
            task = self._tasks[name]
            task.cancel()
            with suppress(asyncio.CancelledError, Failed):
                await task


async def first_of(*awaited: "asyncio.Future[Any]") -> None:
    """Wait until one of them is done; none is cancelled."""
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
