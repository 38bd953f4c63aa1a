"""Without room on its disk the embedded engine refuses rows before it writes, and the sink tries again."""

import subprocess
import sys
from pathlib import Path

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from sinks.clickhouse import client
from sinks.errors import TransientError

_INSERT = """
import sys
from pathlib import Path
from throughline.gateway.engine import Engine
engine = Engine(Path(sys.argv[1]) / "store", Path(sys.argv[1]) / "configuration", int(sys.argv[2]))
connection = engine.open()
connection.query("CREATE TABLE throughline.t (a Int8) ENGINE = MergeTree ORDER BY a", "Null")
connection.query("INSERT INTO throughline.t SELECT 1", "Null")
"""


def insert(folder: Path, free_disk: int) -> str:
    """What the engine says of an insert that needs so much room; empty when it takes it."""
    command = [sys.executable, "-c", _INSERT, str(folder), str(free_disk)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=90).stderr


@pytest.mark.chdb
def test_an_insert_without_room_is_refused_and_tried_again(tmp_path: Path) -> None:
    assert insert(tmp_path / "one", 1000) == ""
    said = insert(tmp_path / "two", 1 << 60)
    assert "Code: 243" in said
    assert isinstance(client._translated(DatabaseError(said)), TransientError)
