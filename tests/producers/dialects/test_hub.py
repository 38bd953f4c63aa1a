"""The challenge goes to whoever knows the token, and only what the secret signed is believed."""

import hmac
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.contract import Delivery, Refused
from producers.dialects.hub import challenged, signed

SECRET = "a secret"


def delivery(body: bytes = b"", query: str = "", **headers: str) -> Delivery:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery("POST", "/sources/x", query, names, body, datetime(2026, 1, 1, tzinfo=UTC))


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def code(refused: Refused | None) -> str:
    return refused.code if refused else "believed"


@given(st.binary())
def test_what_the_secret_signed_is_believed(body: bytes) -> None:
    assert signed(delivery(body, x_hub_signature_256=signature(body)), SECRET, "") is None


@given(st.binary(), st.text())
def test_nothing_else_is(body: bytes, given_signature: str) -> None:
    refused = signed(delivery(body, x_hub_signature_256=given_signature), SECRET, "the remedy")
    assert code(refused) == ("signature_wrong" if given_signature else "signature_missing")


@pytest.mark.parametrize(
    "wrong",
    [
        signature(b"{}", "another secret"),
        signature(b"{} "),
        signature(b"{}").upper(),
        signature(b"{}").removeprefix("sha256="),
        signature(b"{}")[:-1],
        "sha1=" + hmac.new(SECRET.encode(), b"{}", "sha1").hexdigest(),
        "sha256=é",
    ],
)
def test_a_wrong_signature_names_the_remedy(wrong: str) -> None:
    refused = signed(delivery(b"{}", x_hub_signature_256=wrong), SECRET, "the remedy")
    assert refused is not None
    assert (refused.code, refused.hint) == ("signature_wrong", "the remedy")


def test_the_challenge_comes_back_as_it_came() -> None:
    query = urlencode({"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "tokén &="})
    reply = challenged(delivery(query=query), "tokén &=")
    assert reply is not None
    assert (reply.status, reply.body, reply.content_type) == (200, b"1158201444", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "query",
    [
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=Token",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=tokens",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=token",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=%ff",
    ],
)
def test_who_does_not_know_the_token_gets_no_challenge(query: str) -> None:
    reply = challenged(delivery(query=query), "token")
    assert reply is not None
    assert reply.status == 403
    assert b"1" not in reply.body


@given(st.text())
def test_any_query_has_an_answer(query: str) -> None:
    reply = challenged(delivery(query=query), "token")
    assert reply is None or reply.status in (200, 403)
