from pathlib import Path

import httpx
import pytest

from schemas.settings import ClickHouseSettings, GatewaySettings, Settings
from throughline.gateway import access
from throughline.gateway.house import Ownership, house, owned, passwords
from throughline.gateway.running import StartError, running_gateway


def _ask(url: str, sql: str) -> str:
    given = httpx.URL(url)
    base = given.copy_with(path="/", username=None, password=None)
    answer = httpx.post(base, content=sql, auth=(given.username, given.password))
    assert answer.status_code == 200, answer.text
    return answer.text.strip()


def test_a_configured_server_is_taken_as_it_is(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, clickhouse=ClickHouseSettings(url="http://a:b@host:8123/x"))
    assert access.url(settings) == "http://a:b@host:8123/x"
    with access.opened(settings) as url:
        assert url == "http://a:b@host:8123/x"
    assert list(tmp_path.iterdir()) == []


def test_the_url_of_the_embedded_store(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, gateway=GatewaySettings(listen="127.0.0.1:9999"))
    url = access.url(settings)
    assert url == f"http://throughline:{passwords(house(tmp_path))['throughline']}@127.0.0.1:9999/throughline"
    assert access.url(settings) == url
    assert access.url(settings, access.READER).startswith("http://reader:")


@pytest.mark.chdb
@pytest.mark.slow
def test_one_of_our_own_and_the_one_that_runs(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with access.opened(settings) as own:
        _ask(own, "CREATE TABLE t (n Int8) ENGINE = MergeTree ORDER BY n")
        _ask(own, "INSERT INTO t VALUES (7)")
        assert owned(house(tmp_path))
    assert not owned(house(tmp_path))
    with (
        running_gateway(tmp_path) as running,
        access.opened(settings) as url,
        access.opened(settings, "reader") as reader,
    ):
        assert url == running
        assert _ask(url, "SELECT n FROM t") == "7"
        assert _ask(reader, "SELECT n FROM t") == "7"


def test_a_store_that_nobody_can_open_is_told(tmp_path: Path) -> None:
    ownership = Ownership(house(tmp_path))
    try:
        with pytest.raises(StartError), running_gateway(tmp_path):
            pass
    finally:
        ownership.release()
