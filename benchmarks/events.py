"""Interactions of about 900 bytes with two identifiers, as the benchmarks send them."""

import uuid
from collections.abc import Iterator

import orjson

_CONTEXT = {
    "library": {"name": "analytics.js", "version": "2.11.1"},
    "page": {"path": "/pricing", "title": "Pricing", "url": "https://shop.example/pricing"},
    "locale": "en-GB",
}


def documents(count: int, customers: int = 10_000) -> Iterator[dict[str, object]]:
    """Distinct interactions of `customers` customers."""
    for number in range(count):
        yield {
            "schema": 1,
            "event_id": str(uuid.uuid4()),
            "fingerprint": f"{number:016x}",
            "tenant": "default",
            "source": "web",
            "adapter": "segment",
            "channel": "web",
            "type": "action",
            "identifiers": [
                {"kind": "user_id", "value": f"u{number % customers}"},
                {"kind": "anonymous_id", "value": f"a-{number % customers:032x}"},
            ],
            "message_id": f"m-{number:032x}",
            "name": "Product Viewed",
            "properties": {"sku": f"p-{number % 500}", "price": 19.9, "position": number % 9, "note": "x" * 180},
            "occurred_at": f"2026-01-31T{number // 3_600_000 % 24:02}:{number // 60_000 % 60:02}:"
            f"{number // 1000 % 60:02}.{number % 1000:03}Z",
            "received_at": "2026-01-31T12:00:00.000Z",
            "sent_at": "2026-01-31T12:00:00.000Z",
            "context": _CONTEXT,
        }


def linking(count: int, share: float) -> Iterator[dict[str, object]]:
    """Interactions of one identifier each; a `share` of them, evenly spread, links another one that is new."""
    every = round(1 / share) if share else count + 1
    for number, document in enumerate(documents(count), 1):
        user, device = f"u{number}", f"a-{number:032x}"
        pair = [{"kind": "user_id", "value": user}, {"kind": "anonymous_id", "value": device}]
        if number % every:  # as long as the others, so that nothing but the link costs
            pair = [{"kind": "user_id", "value": f"{user}-{device}-{'x' * 33}"}]
        yield document | {"identifiers": pair}


def records(count: int) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of raw records."""
    return map(record, documents(count))


def record(document: dict[str, object]) -> tuple[bytes, bytes]:
    """Key and value of the raw record of an interaction."""
    return f"default:{document['event_id']}".encode(), orjson.dumps(document)
