import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.gateway.asked import Credentials
from throughline.gateway.door import check_origin, check_password
from throughline.gateway.refusal import RefusedError

PASSWORDS = {"throughline": "long", "reader": "other", "closed": ""}


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:8123"},
        {"host": "localhost"},
        {"host": "app.localhost:1"},
        {"host": "[::1]:8123"},
        {"host": "gateway.internal:8123"},
        {"host": "127.0.0.1:8123", "origin": "http://127.0.0.1:8123", "sec-fetch-site": "same-origin"},
        {"host": "127.0.0.1", "sec-fetch-site": "none"},
    ],
)
def test_callers_of_this_machine_come_in(headers: dict[str, str]) -> None:
    check_origin(headers, "gateway.internal")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": ""},
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "localhost.evil.example:8123"},
        {"host": "["},
        {"host": "127.0.0.1", "origin": "null"},
        {"host": "127.0.0.1:8123", "origin": "http://127.0.0.1:8080"},
        {"host": "127.0.0.1", "origin": "http://["},
        {"host": "127.0.0.1", "sec-fetch-site": "cross-site"},
    ],
)
def test_other_sites_do_not(headers: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="ACCESS_DENIED"):
        check_origin(headers, "127.0.0.1")


@given(st.sampled_from(["throughline", "reader", "closed", "nobody", "default"]), st.text())
def test_a_password_is_right_or_refused(user: str, password: str) -> None:
    told = Credentials(user, password, given=True)
    if password and PASSWORDS.get(user) == password:
        assert check_password(told, PASSWORDS) == user
    else:
        with pytest.raises(RefusedError, match="AUTHENTICATION_FAILED"):
            check_password(told, PASSWORDS)


def test_nobody_is_asked_for_a_password() -> None:
    with pytest.raises(RefusedError, match="REQUIRED_PASSWORD"):
        check_password(Credentials("default", "", given=False), PASSWORDS)
    assert check_password(Credentials("reader", "other", given=True), PASSWORDS) == "reader"
