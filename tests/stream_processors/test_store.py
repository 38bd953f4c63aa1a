import json
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rocksdict import Rdict

from stream_processors.database import StoreError
from stream_processors.store import Store
from stream_processors.stores import Stores

TODAY, TOMORROW = UUID(int=1), UUID(int=2)
WINDOW = 24 * 3_600_000
HOUR = 3_600_000
NOW = 1_767_225_600_000
KEYS = [bytes([number]) * 16 for number in range(3)]


def opened(folder: Path, topic_id: UUID = TODAY) -> tuple[Stores, Store]:
    stores = Stores(folder, WINDOW)
    return stores, stores.of("interactions.web", 3, topic_id)


def test_a_store_knows_after_a_restart_what_it_was_told(tmp_path: Path) -> None:
    stores, store = opened(tmp_path)
    assert (store.get(KEYS), store.position) == ([None] * 3, None)
    store.write({KEYS[0]: b"a", KEYS[2]: b"c"}, 7, NOW)
    stores.close()
    stores, store = opened(tmp_path)
    assert (store.get([*KEYS, b""]), store.position) == ([b"a", None, b"c", None], 7)
    stores.close()
    assert (tmp_path / "interactions.web-3" / "store.json").exists()


def test_a_topic_made_anew_is_another_generation(tmp_path: Path) -> None:
    stores, store = opened(tmp_path)
    store.write({KEYS[0]: b"a"}, 7, NOW)
    store = stores.of("interactions.web", 3, TOMORROW)
    assert store.topic_ids == [TODAY, TOMORROW]
    assert (store.get(KEYS[:1]), store.position) == ([b"a"], None)
    store.write({}, 2, NOW)
    stores.close()
    stores, store = opened(tmp_path, TOMORROW)
    assert (store.topic_ids, store.position) == ([TODAY, TOMORROW], 2)
    stores.close()


def test_partitions_do_not_know_of_each_other(tmp_path: Path) -> None:
    stores, store = opened(tmp_path)
    store.write({KEYS[0]: b"a"}, 1, NOW)
    assert stores.of("interactions.web", 2, TODAY).get(KEYS[:1]) == [None]
    stores.keep({("interactions.web", 2)})
    again, store = opened(tmp_path)  # it was closed: another worker may have it
    assert store.get(KEYS[:1]) == [b"a"]
    again.close()
    stores.close()


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.binary(min_size=16, max_size=16), st.binary(min_size=1, max_size=60), max_size=20),
        max_size=5,
    )
)
def test_a_store_is_a_map(tmp_path_factory: pytest.TempPathFactory, batches: list[dict[bytes, bytes]]) -> None:
    folder = tmp_path_factory.mktemp("store")
    expected: dict[bytes, bytes] = {}
    for position, batch in enumerate(batches):
        stores, store = opened(folder)
        store.write(batch, position, NOW)
        expected |= batch
        assert store.get(list(expected)) == list(expected.values())
        stores.close()


def test_a_killed_process_loses_no_key_that_was_written(tmp_path: Path) -> None:
    script = (
        "import os, signal; from pathlib import Path; from uuid import UUID\n"
        "from stream_processors.stores import Stores\n"
        f"store = Stores(Path({str(tmp_path)!r}), 86400000).of('interactions.web', 3, UUID(int=1))\n"
        "for n in range(100): store.write({n.to_bytes(16, 'big'): b'x'}, n + 1, 1767225600000)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    stores, store = opened(tmp_path)
    assert store.position == 100
    assert store.get([n.to_bytes(16, "big") for n in range(100)]) == [b"x"] * 100
    stores.close()


def test_a_store_that_another_process_holds_is_waited_for_and_then_refused(tmp_path: Path) -> None:
    stores, _ = opened(tmp_path)
    impatient = Stores(tmp_path, WINDOW, patience_s=0.2)
    with pytest.raises(StoreError, match="held by another process"):
        impatient.of("interactions.web", 3, TODAY)
    stores.close()
    impatient.of("interactions.web", 3, TODAY)
    impatient.close()


def damage(folder: Path, pattern: str, content: bytes) -> None:
    for path in (folder / "interactions.web-3").glob(pattern):
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("pattern", "content", "message"),
    [
        ("store.json", b"junk", "damaged store.json"),
        ("store.json", b"[]", "damaged store.json"),
        ("store.json", json.dumps({"format": 1, "topic_ids": ["x"]}).encode(), "damaged store.json"),
        ("store.json", json.dumps({"format": 2}).encode(), "has format 2, this version knows 1"),
        ("keys/MANIFEST*", b"junk" * 99, "cannot be opened: Corruption"),
    ],
)
def test_a_damaged_store_is_refused_by_name(tmp_path: Path, pattern: str, content: bytes, message: str) -> None:
    stores, store = opened(tmp_path)
    store.write({KEYS[0]: b"a"}, 1, NOW)
    stores.close()
    damage(tmp_path, pattern, content)
    with pytest.raises(StoreError, match=rf"interactions\.web-3 .*{message}.*; move the folder away"):
        opened(tmp_path)


def test_keys_without_their_card_are_refused(tmp_path: Path) -> None:
    stores, _ = opened(tmp_path)
    stores.close()
    (tmp_path / "interactions.web-3" / "store.json").unlink()
    with pytest.raises(StoreError, match=r"keys, but no store\.json"):
        opened(tmp_path)


def test_a_damaged_block_is_no_new_key(tmp_path: Path) -> None:
    stores, store = opened(tmp_path)
    store.write(dict.fromkeys(KEYS, b"value"), 1, NOW)
    for shelf in store._shelves:
        shelf.keys.flush()
    del shelf
    stores.close()
    for path in (tmp_path / "interactions.web-3" / "keys").glob("*.sst"):
        content = bytearray(path.read_bytes())
        content[3] ^= 0xFF
        path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be read: Corruption"):
        opened(tmp_path)[1].get(KEYS)


def shelves(folder: Path) -> int:
    return len(Rdict.list_cf(str(folder / "interactions.web-3" / "keys"))) - 1


def test_keys_go_when_the_window_is_over_and_never_before(tmp_path: Path) -> None:
    stores, store = opened(tmp_path)
    numbers = range(0, 200 * HOUR, HOUR // 2)
    for number in numbers:
        store.write({number.to_bytes(16, "big"): b"x"}, 1, NOW + number)
        young = [n for n in numbers if 0 <= number - n < WINDOW]
        assert store.get([n.to_bytes(16, "big") for n in young]) == [b"x"] * len(young)
    assert shelves(tmp_path) <= 3
    assert store.get([(0).to_bytes(16, "big")]) == [None]
    stores.close()
    stores, store = opened(tmp_path)
    assert store.get([numbers[-1].to_bytes(16, "big")]) == [b"x"]
    stores.close()


def test_what_was_written_later_is_what_is_known(tmp_path: Path) -> None:
    stores, store = opened(tmp_path)
    store.write({KEYS[0]: b"old", KEYS[1]: b"kept"}, 1, NOW)
    store.write({KEYS[0]: b"new"}, 2, NOW + WINDOW)
    assert shelves(tmp_path) == 2
    assert store.get(KEYS) == [b"new", b"kept", None]
    stores.close()


def test_a_clock_that_runs_backwards_drops_nothing(tmp_path: Path) -> None:
    stores, store = opened(tmp_path)
    for now in (NOW, 0, NOW - WINDOW, NOW):
        store.write({KEYS[0]: b"x"}, 1, now)
    assert (shelves(tmp_path), store.get(KEYS[:1])) == (1, [b"x"])
    stores.close()


def test_reopening_many_times_loses_nothing(tmp_path: Path) -> None:
    """RocksDB's own TTL did, through rocksdict, at the first compaction after the second opening."""
    for number in range(12):
        stores, store = opened(tmp_path)
        store.write({number.to_bytes(16, "big"): b"x"}, number, NOW + number)
        assert store.get([n.to_bytes(16, "big") for n in range(number + 1)]) == [b"x"] * (number + 1)
        stores.close()
