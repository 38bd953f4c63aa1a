"""Deliveries that went wrong: cut short, flipped, replaced by noise, or with a value of another type. Deterministic."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import shake_128
from typing import Any, Final

import orjson

from producers.contract import Delivery

WHOLE: Final = 512  # bytes up to which every prefix is tried, and how many prefixes of a larger body
_ODD_BODIES: Final = (
    b"", b" ", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf{}", b"null", b"true", b"0", b"-1e999", b"NaN", b'""', b'"x"', b"[]",
    b"{}", b"[[]]", b"[null]", b"[{}]", b'{"":null}', b'["\\ud800"]', b'{"a":"\\u0000"}', b"9" * 5000, b"[" * 20_000,
    b'{"a":' * 20_000, b"=", b"&&&", b"a=%ff%zz&a", b"\r\n\r\n", b"--\r\n", b'a,b\n"', b"\n" * 3000,
)  # fmt: skip
_ODD_VALUES: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1.5, 10**18, 1e308, "", " ", "x", "\x00", "9" * 400,
    "2026-13-45T99:99:99Z", "9999-12-31T23:59:59-23:59",
    [], {}, [None], [[]], [{}], {"": None}, {"a": {"a": []}},
)  # fmt: skip
_ODD_TEXTS: Final = (
    "",
    " ",
    "\x00",
    "\xff",
    "\N{SNOWMAN}",
    "0",
    "-1",
    "9" * 5000,
    "1e999",
    "=,=;",
    "v1,",
    "%ff",
    "Basic !",
)


def mutated(delivery: Delivery) -> Iterator[Delivery]:
    """Some hundred variants of a delivery, the same ones every time."""
    for body in (*_ODD_BODIES, *_prefixes(delivery.body), *_noise(delivery.body), *_retyped(delivery.body)):
        yield replace(delivery, body=body)
    for name in delivery.headers:
        yield without(delivery, name)
        for text in _ODD_TEXTS:
            yield with_header(delivery, name, text)
    for text in _ODD_TEXTS:
        yield replace(delivery, query=text)
        yield replace(delivery, path=text, url=text)
    yield replace(delivery, headers={})


def with_header(delivery: Delivery, name: str, value: str) -> Delivery:
    """The delivery with another value of a header."""
    return replace(delivery, headers=dict(delivery.headers) | {name: value})


def without(delivery: Delivery, name: str) -> Delivery:
    """The delivery without a header."""
    return replace(delivery, headers={key: value for key, value in delivery.headers.items() if key != name})


def flipped(body: bytes, at: int) -> bytes:
    """The body with the lowest bit of one byte turned."""
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def spread(length: int, count: int) -> Sequence[int]:
    """At most `count` positions below `length`, evenly spread; all of them where there are no more."""
    return range(length) if length <= count else [index * length // count for index in range(count)]


def _prefixes(body: bytes) -> Iterator[bytes]:
    for end in spread(len(body), WHOLE):
        yield body[:end]


def _noise(body: bytes) -> Iterator[bytes]:
    """Random bytes, and the body with random bytes in it; SHAKE (FIPS 202) gives the same ones every time."""
    for seed in range(48):
        noise = shake_128(b"%d" % seed).digest(1 + seed * 7)
        yield noise
        at = int.from_bytes(noise[:4]) % (len(body) + 1)
        yield body[:at] + noise[:8] + body[at + seed % 9 :]
    for at in spread(len(body), 128):
        yield flipped(body, at)


def _retyped(body: bytes) -> Iterator[bytes]:
    """JSON with one value replaced by one of another type, or left out."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    places = list(_places(document))
    for number in spread(len(places) * len(_ODD_VALUES), 1500):
        container, key = places[number // len(_ODD_VALUES)]
        kept = container[key]
        container[key] = _ODD_VALUES[number % len(_ODD_VALUES)]
        yield orjson.dumps(document)
        container[key] = kept
    for container, key in places:
        if isinstance(container, dict):
            kept = dict(container)
            del container[key]
            yield orjson.dumps(document)
            container.clear()
            container.update(kept)


def _places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in members:
        yield value, key
        yield from _places(below)
