import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from schemas.identity import Rules
from stream_processors.database import HeldError, StoreError
from stream_processors.resolver.begin import State
from stream_processors.resolver.graphs import Graphs, has_store

AT = ("identity.evidence", 2)
STATE = State(generation=3, settled=3, position=7, profiles=2)
RULES = msgspec.json.encode(Rules(hub=3).as_document())


def test_a_store_knows_after_a_restart_what_it_was_told(tmp_path: Path) -> None:
    graphs = Graphs(tmp_path)
    graph = graphs.of(AT)
    assert (graph.state, graph.rules, graph.get([b"a"])) == (State(), None, [None])
    graph.write({b"a": b"1", b"b": b"2", b"c": b"3"}, STATE)
    graph.write({b"b": None}, STATE)
    graph.put_rules(RULES)
    graphs.close()
    graphs = Graphs(tmp_path)
    graph = graphs.of(AT)
    assert (graph.state, graph.rules) == (STATE, Rules(hub=3))
    assert graph.get([b"a", b"b", b"c"]) == [b"1", None, b"3"]
    assert list(graph.scan(b"a", b"c")) == [(b"a", b"1")]
    assert list(graph.scan(b"a", b"d")) == [(b"a", b"1"), (b"c", b"3")]
    graphs.close()


def test_what_was_noted_survives_a_kill(tmp_path: Path) -> None:
    script = (
        "import os, signal; from pathlib import Path\n"
        "from stream_processors.resolver.begin import State\n"
        "from stream_processors.resolver.graphs import Graphs\n"
        f"graph = Graphs(Path({str(tmp_path)!r})).of({AT!r})\n"
        "for n in range(50): graph.note(State(pending=n)); graph.write({b'a%d' % n: b'x'}, State(position=n))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    graphs = Graphs(tmp_path)
    assert graphs.of(AT).state == State(position=49)
    assert len(list(graphs.of(AT).scan(b"a", b"b"))) == 50
    graphs.close()


def test_a_fresh_store_takes_the_place_of_the_one_in_force_at_once(tmp_path: Path) -> None:
    graphs = Graphs(tmp_path)
    graphs.of(AT).write({b"a": b"old"}, STATE)
    fresh = graphs.fresh(AT)
    fresh.graph.write({b"a": b"new"}, State())
    assert graphs.of(AT).get([b"a"]) == [b"old"]
    graph = graphs.install(AT, fresh, STATE)
    assert graphs.of(AT) is graph
    graphs.close()
    graphs = Graphs(tmp_path)
    assert (graphs.of(AT).get([b"a"]), graphs.of(AT).state) == ([b"new"], STATE)
    assert [path.name for path in (tmp_path / "identity.evidence-2").glob("graph-*")] == ["graph-2"]
    graphs.close()


def test_a_store_that_was_being_filled_is_gone_at_the_next_start(tmp_path: Path) -> None:
    graphs = Graphs(tmp_path)
    graphs.of(AT).write({b"a": b"old"}, STATE)
    graphs.fresh(AT).graph.write({b"a": b"new"}, State())
    graphs.discard(graphs.fresh(AT))
    del graphs
    graphs = Graphs(tmp_path)
    assert graphs.of(AT).get([b"a"]) == [b"old"]
    assert [path.name for path in (tmp_path / "identity.evidence-2").glob("graph-*")] == ["graph-1"]
    graphs.close()


def test_a_store_of_another_process_is_refused(tmp_path: Path) -> None:
    graphs = Graphs(tmp_path)
    assert not has_store(tmp_path, AT)
    graphs.of(AT)
    assert has_store(tmp_path, AT)
    with pytest.raises(HeldError, match=r"identity store .*identity\.evidence-2 is held by another process"):
        Graphs(tmp_path, patience_s=0.2).of(AT)
    graphs.keep(set())
    other = Graphs(tmp_path, patience_s=0.2)
    other.of(AT)
    other.close()


def test_a_damaged_store_names_the_way_out(tmp_path: Path) -> None:
    graphs = Graphs(tmp_path)
    graphs.of(AT).write({b"!state": b"junk"}, STATE)
    graphs.of(AT).write({}, STATE)
    graphs.close()
    for manifest in (tmp_path / "identity.evidence-2").glob("graph-1/MANIFEST*"):
        manifest.write_bytes(b"junk" * 99)
    with pytest.raises(StoreError, match="throughline resolve --rebuild"):
        Graphs(tmp_path).of(AT)
