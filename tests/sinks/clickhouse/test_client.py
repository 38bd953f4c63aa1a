"""The client: what is stored, and what each kind of failure becomes."""

import socket

import pytest

from schemas.settings import ConfigurationError
from sinks.clickhouse.client import BadData, connect
from sinks.errors import FatalError, TransientError
from tests.ports import free_port
from tests.sinks.conftest import Store
from tests.sinks.rows import interaction


@pytest.mark.chdb
def test_rows_under_a_known_token_are_dropped_everywhere(store: Store) -> None:
    rows = b"\n".join(interaction(n, occurred_at=f"{2000 + n}-01-01T00:00:00Z") for n in range(7))
    for _ in range(3):
        assert store.client.insert_ready("interactions", rows, "a") is None
    assert store.one("SELECT count() FROM interactions") == 7
    assert store.one("SELECT count() FROM interactions_fates") == 7


@pytest.mark.chdb
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"{", "CANNOT"),
        (b"[1]", ""),
        (b'{"subject":"x","unknown":1}', "Unknown field"),
        (interaction(1, occurred_at="yesterday"), "CANNOT_PARSE"),
        (interaction(1, amount="much"), ""),
        (interaction(1, event_id="no"), ""),
        (interaction(1)[:-1] + b',"properties":{"a":1,"a":2}}', "Duplicate path"),
        (interaction(1)[:-1] + b',"text":"\\ud800"}', ""),
        (interaction(1)[:-1] + b',"properties":{"a":' + b"[" * 2000 + b"]" * 2000 + b"}}", ""),
    ],
)
def test_a_bad_row_is_refused_and_nothing_is_stored(store: Store, bad: bytes, said: str) -> None:
    refused = store.client.insert_ready("interactions", b"\n".join([interaction(0), bad, interaction(2)]), "a")
    assert isinstance(refused, BadData)
    assert said in refused.detail
    assert store.one("SELECT count() FROM interactions") == 0
    assert store.client.insert_ready("interactions", interaction(0), "a") is None
    assert store.one("SELECT count() FROM interactions") == 1


@pytest.mark.chdb
def test_a_missing_table_needs_a_person(store: Store) -> None:
    with pytest.raises(FatalError, match="UNKNOWN_TABLE"):
        store.client.insert_ready("nowhere", b"{}", "a")


@pytest.mark.chdb
def test_a_wrong_password_needs_a_person(clickhouse_url: str) -> None:
    with pytest.raises(FatalError, match="AUTHENTICATION_FAILED"):
        connect(clickhouse_url.replace("://", "://x", 1))


def test_nobody_there_is_transient() -> None:
    with pytest.raises(TransientError):
        connect(f"http://a:b@127.0.0.1:{free_port()}/x")


def test_whoever_hangs_up_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        port = server.getsockname()[1]
        server.close()
        with pytest.raises(TransientError):
            connect(f"http://a:b@127.0.0.1:{port}/x")


@pytest.mark.parametrize("url", ["embedded", "tcp://a@b:9000/x", "http://", ""])
def test_another_address_is_a_fault_of_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"clickhouse\.url"):
        connect(url)


@pytest.mark.chdb
def test_an_answer_of_any_size_comes_in_blocks(store: Store) -> None:
    sql = "SELECT number AS n FROM numbers({count:UInt32})"
    blocks = list(store.client.stream(sql, {"count": 200_000}))
    assert len(blocks) > 1
    assert {block.columns for block in blocks} == {("n",)}
    assert [row[0] for block in blocks for row in block.rows] == list(range(200_000))
    with pytest.raises(FatalError, match="UNKNOWN_TABLE"):
        list(store.client.stream("SELECT 1 FROM nothing_of_the_kind"))
