from math import isnan
from pathlib import Path
from threading import Event, Thread

from structlog.testing import capture_logs

from schemas.disk import Disk
from schemas.telemetry import Metrics
from tests.waiting import until


class Room:
    """Bytes that are free, as the test says."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.asked: set[Path] = set()

    def __call__(self, folder: Path) -> int:
        self.asked.add(folder)
        return self.free


def test_it_says_once_that_room_ran_low_and_once_that_it_is_back(tmp_path: Path) -> None:
    room = Room(100)
    disk = Disk(tmp_path / "not" / "yet" / "there", 50, room)
    with capture_logs() as said:
        assert (disk.is_low, disk.trouble) == (False, None)
        room.free = 49
        assert (disk.is_low, disk.is_low) == (True, True)
        assert disk.trouble == "less than 50 bytes are free below data_dir (limits.free_disk)"
        room.free = 50
        assert not disk.is_low
    assert [(entry["event"], entry["free_bytes"]) for entry in said] == [("disk_filled_up", 49), ("disk_recovered", 50)]
    assert room.asked == {tmp_path}


def test_without_a_floor_nothing_is_asked(tmp_path: Path) -> None:
    room = Room(0)
    assert not Disk(tmp_path, 0, room).is_low
    assert not room.asked


def test_waiting_ends_with_room_or_with_the_process(tmp_path: Path) -> None:
    room, ending, found = Room(0), Event(), list[bool]()
    disk = Disk(tmp_path, 50, room)
    for free, end, expected in ((60, False, True), (0, True, False)):
        room.free = 0
        thread = Thread(target=lambda: found.append(disk.wait(ending)))
        thread.start()
        until(lambda: disk.is_low)
        assert thread.is_alive()
        room.free = free
        if end:
            ending.set()
        thread.join(30)
        assert found.pop() is expected


def test_the_real_file_system_is_asked(tmp_path: Path) -> None:
    assert not Disk(tmp_path, 1).is_low
    assert Disk(tmp_path, 1 << 60).is_low


def test_what_is_free_is_told_at_every_look(tmp_path: Path) -> None:
    room, metrics = Room(70), Metrics()

    def told(name: str) -> float | None:
        return metrics.registry.get_sample_value(f"throughline_disk_{name}_bytes")

    assert isnan(told("free") or 0.0)
    assert isnan(told("floor") or 0.0)
    Disk(tmp_path / "not" / "yet", 50, room).tell(metrics)
    assert (told("free"), told("floor")) == (70, 50)
    room.free = 40
    assert told("free") == 40
