from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from producers.contract import Adapter
from producers.sources import WriteKeys, build
from schemas.settings import ConfigurationError, Settings
from tests.producers.doubles import Double, source

ROLL: dict[str, type[Adapter[Any]]] = {"double": Double}


def settings(**sources: dict[str, object]) -> Settings:
    return Settings.model_validate({"sources": sources})


def test_sources_are_built_with_their_tenants() -> None:
    built = build(settings(shop={"adapter": "double", "write_key": "k", "tenant": "acme"}), ROLL)
    assert list(built) == ["shop"]
    shop = built["shop"]
    assert (shop.name, shop.origin.tenant, shop.origin.adapter, shop.intake) == ("shop", "acme", "double", "http")
    assert shop.adapter.config.write_key.get_secret_value() == "k"


def test_phone_numbers_are_of_the_sources_region_or_of_all_sources() -> None:
    shops = {"here": {"adapter": "double", "write_key": "k"},
             "there": {"adapter": "double", "write_key": "l", "default_region": "GB"}}  # fmt: skip
    built = build(Settings.model_validate({"identity": {"default_region": "DE"}, "sources": shops}), ROLL)
    assert {name: one.origin.region for name, one in built.items()} == {"here": "DE", "there": "GB"}


@pytest.mark.parametrize(
    ("configured", "message"),
    [
        (
            {"adapter": "double"},
            "(adapter double) is missing: set it in the file or as THROUGHLINE_SOURCES__WEB__WRITE_KEY",
        ),
        ({"adapter": "double", "write_key": " "}, "sources.web.write_key (adapter double) is empty: set it"),
        ({"adapter": "doubel"}, "sources.web.adapter: there is no adapter 'doubel'; did you mean double?"),
        ({"adapter": "zzz"}, "there is no adapter 'zzz'; known: double"),
        (
            {"adapter": "double", "write_key": "k", "regoin": "x"},
            "unknown key sources.web.regoin (adapter double); did you mean region?",
        ),
        ({"adapter": "double", "write_key": "k", "zzz": 1}, "known: adapter, tenant, write_key, region"),
        ({"adapter": "double", "write_key": "s3cret", "region": 7}, "sources.web.region (adapter double): Input"),
    ],
)
def test_faults_name_the_key_and_the_remedy_and_show_no_value(configured: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build(settings(web=configured), ROLL)
    assert message in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as refused:
        build(settings(a={"adapter": "double"}, b={"adapter": "double"}), ROLL)
    assert len(str(refused.value).splitlines()) == 2


def test_two_sources_cannot_share_a_write_key() -> None:
    same: dict[str, object] = {"adapter": "double", "write_key": "s3cret"}
    with pytest.raises(ConfigurationError, match=r"sources\.b\.write_key is that of sources\.a too") as refused:
        build(settings(a=same, b=same), ROLL)
    assert "s3cret" not in str(refused.value)


@given(st.text())
def test_a_key_opens_its_own_source_alone(key: str) -> None:
    keys = WriteKeys([source("a"), source("b")])
    found = keys.find(key)
    assert (found.name if found else None) == {"key-a": "a", "key-b": "b"}.get(key)


def test_a_key_that_is_no_text_opens_nothing() -> None:
    assert WriteKeys([source()]).find("\udcff") is None
    assert SecretStr("key-shop") == source().adapter.config.write_key
