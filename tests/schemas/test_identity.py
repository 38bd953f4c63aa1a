"""Rules survive their bytes; settings lie on top of what comes with Throughline; times are told exactly."""

from datetime import UTC, datetime, timedelta

import orjson
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import END, Rules, milliseconds, moment
from schemas.identity_settings import IdentitySettings


def test_rules_survive_their_document() -> None:
    rules = IdentitySettings.model_validate({"kinds": {"loyalty_id": {"unique": True, "limit": 1}}}).rules
    assert Rules.from_document(orjson.loads(orjson.dumps(rules.as_document()))) == rules
    assert rules.of("loyalty_id").unique
    assert not rules.of("crm_id").unique


def test_settings_change_what_they_name() -> None:
    rules = IdentitySettings.model_validate({"kinds": {"email": {"limit": 9, "blocked": ["info@shop.example"]}}}).rules
    assert rules.of("email").limit == 9
    assert rules.of("email").priority == Rules().of("email").priority
    assert rules.of("email").blocked >= {"info@shop.example"}


@given(st.integers(0, END))
def test_a_moment_is_told_and_read_exactly(at: int) -> None:
    assert milliseconds(datetime.fromisoformat(moment(at))) == at


def test_a_time_counts_whole_milliseconds() -> None:
    assert milliseconds(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=1999)) == 1
