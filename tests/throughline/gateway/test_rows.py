"""What an INSERT is to write stands in a file of the gateway's, and the statement reads it there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.gateway import rows
from throughline.gateway.refusal import RefusedError
from throughline.gateway.rows import Rows, from_file
from throughline.gateway.statement import read


def _held(room: Rows) -> bytes:
    return Path(room.path).read_bytes()


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_pieces_are_one_file_in_memory_or_on_the_disk(pieces: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "MEMORY", 64)
        with Rows(Path("/tmp"), 0) as room:
            for piece in pieces:
                room.add(piece)
            kept = str(Path(room.path).readlink())
            assert _held(room) == b"".join(pieces)
            assert kept.startswith("/memfd:") is (sum(map(len, pieces)) <= 64)
        assert not Path(kept).exists()


def test_nothing_has_a_name_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MEMORY", 1)
    with Rows(tmp_path, 0) as room:
        room.add(b"12")
        assert Path(room.path).readlink().is_relative_to(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_what_goes_to_the_disk_leaves_it_its_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MEMORY", 2)
    with Rows(tmp_path, 1 << 60) as room:
        room.add(b"12")
        with pytest.raises(RefusedError, match="must stay so") as refused:
            room.add(b"3")
        assert refused.value.code == 243
        assert _held(room) == b"12"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO t FORMAT CSV", "INSERT INTO t FROM INFILE 'f' FORMAT `CSV`"),
        ("INSERT INTO d.t (a, `b`) VALUES", "INSERT INTO d.t (a, `b`) FROM INFILE 'f' FORMAT `Values`"),
        (
            "INSERT INTO ä SETTINGS a = 1 FORMAT TSV",
            "INSERT INTO ä FROM INFILE 'f' SETTINGS a = 1 FORMAT `TSV`",
        ),
        (
            "INSERT INTO settings (settings) settings a = 1 FORMAT TSV",
            "INSERT INTO settings (settings) FROM INFILE 'f' settings a = 1 FORMAT `TSV`",
        ),
        ("INSERT INTO d.settings FORMAT TSV", "INSERT INTO d.settings FROM INFILE 'f' FORMAT `TSV`"),
        ("INSERT settings FORMAT TSV", "INSERT settings FROM INFILE 'f' FORMAT `TSV`"),
        ("INSERT INTO t -- all\n FORMAT TSV", "INSERT INTO t -- all\n FROM INFILE 'f' FORMAT `TSV`"),
    ],
)
def test_where_a_statement_reads_its_rows(text: str, expected: str) -> None:
    statement = read(text.encode() + b"\n1", complete=False)
    assert statement is not None
    assert from_file(statement, "f").split() == expected.split()
