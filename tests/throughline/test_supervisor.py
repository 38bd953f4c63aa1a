"""Parts are started, started again, and ended, whatever they do."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from throughline.failures import Failed
from throughline.supervisor import Part, PartSpec, Supervisor

READY = "import os, sys, time; at = sys.argv.index('--supervised'); os.write(int(sys.argv[at + 1]), b'ready\\n')\n"
LIFE = "os.read(int(sys.argv[at + 2]), 1)\n"


def spec(program: str) -> PartSpec:
    return PartSpec("part", [sys.executable, "-c", program], {})


async def test_a_part_that_is_ready_runs_until_it_is_stopped() -> None:
    supervisor = Supervisor()
    await supervisor.start(spec(READY + "time.sleep(60)"))
    await supervisor.stop("part")


async def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    part = Part(spec(READY + f"open({str(runs)!r}, 'a').write('x'); sys.exit(1)"))
    task = asyncio.create_task(part.run())
    while not runs.exists() or len(runs.read_text()) < 2:
        await asyncio.sleep(0.02)
    await part.stop()
    task.cancel()


@pytest.mark.parametrize("program", ["import sys; sys.exit(1)", "import sys; sys.exit(2)"])
async def test_a_part_that_never_becomes_ready_fails_the_start(program: str) -> None:
    supervisor = Supervisor()
    with pytest.raises(Failed, match="part could not start"):
        await supervisor.start(spec(program))


async def test_a_start_that_is_given_up_leaves_nobody_waiting() -> None:
    supervisor = Supervisor()
    start = asyncio.create_task(supervisor.start(spec("import time; time.sleep(60)")))
    await asyncio.sleep(0)
    start.cancel()
    await asyncio.wait({start})
    await supervisor.stop("part")
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_part_that_becomes_misconfigured_is_not_started_again() -> None:
    supervisor = Supervisor()
    await supervisor.start(spec(READY + "time.sleep(0.2); sys.exit(2)"))
    with pytest.raises(Failed, match="exit status 2"):
        await asyncio.wait_for(supervisor.until(asyncio.get_running_loop().create_future()), 10)


async def test_a_part_that_does_not_drain_is_killed() -> None:
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    part = Part(spec(ignore + READY + "time.sleep(60)"), stop_s=0.3)
    task = asyncio.create_task(part.run())
    await part.ready.wait()
    await part.stop()
    await task
    assert part.pid is None


@pytest.mark.slow
async def test_a_part_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    child = READY + f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n" + LIFE
    program = (
        "import asyncio\nfrom throughline.supervisor import Supervisor, PartSpec\n"
        "async def main():\n    s = Supervisor()\n"
        f"    await s.start(PartSpec('part', [{sys.executable!r}, '-c', {child!r}], {{}}))\n"
        "    print('up', flush=True)\n    await asyncio.sleep(60)\nasyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert parent.stdout is not None
    assert b"up" in await parent.stdout.readuntil(b"up")
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.02)
    pid = int((tmp_path / "pid").read_text())
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    while _runs(pid):
        await asyncio.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
