import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from throughline.gateway.house import FULL, READER, Ownership, TakenError, announced, house, owned, passwords


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    home = house(tmp_path / "deep" / "data")
    assert home.root == (tmp_path / "deep" / "data" / "clickhouse").resolve()
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    home = house(tmp_path)
    assert not owned(home)
    first = Ownership(home)
    assert owned(home)
    with pytest.raises(TakenError, match=f"pid {os.getpid()}"):
        Ownership(home)
    first.announce("127.0.0.1:1")
    assert announced(home) == "127.0.0.1:1"
    first.release()
    assert announced(home) is None
    assert not owned(home)
    Ownership(home).release()


def test_an_owner_that_was_killed_leaves_nothing_that_counts(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from throughline.gateway.house import Ownership, house\n"
        "Ownership(house(Path(sys.argv[1]))).announce('127.0.0.1:1'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    home = house(tmp_path)
    assert announced(home) == "127.0.0.1:1"
    assert not owned(home)
    heir = Ownership(home)
    assert announced(home) is None
    heir.release()


def test_passwords_are_made_once_by_whoever_comes_first(tmp_path: Path) -> None:
    home = house(tmp_path)
    found: list[dict[str, str]] = []
    threads = [threading.Thread(target=lambda: found.append(passwords(home))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(held == found[0] for held in found)
    assert len(found) == 8
    assert set(found[0]) == {FULL, READER}
    assert len(set(found[0].values())) == 2
    assert all(len(password) >= 32 for password in found[0].values())
    assert stat.S_IMODE(home.users.stat().st_mode) == 0o600
    assert [path.name for path in home.root.iterdir()] == ["users.json"]


def test_passwords_may_be_chosen(tmp_path: Path) -> None:
    home = house(tmp_path)
    home.users.write_text(json.dumps({FULL: "a", READER: "b"}))
    assert passwords(home) == {FULL: "a", READER: "b"}
