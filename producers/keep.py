"""What is no interaction is kept whole: the record of `interactions.rejected` that the intake writes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlencode

from producers.contract import Bad, Delivery
from producers.seal import timestamp
from producers.sources import Source
from schemas.records import Rejected

MASKED: Final = "(kept out)"
_SECRET: Final = re.compile(
    r"authorization|cookie|signature|secret|password|token|api-?_?key|access-?_?key|write-?_?key|hmac|csrf|credential"
)
_HARMLESS: Final = frozenset({"i-twilio-idempotency-token"})  # tells retries apart and opens nothing


def rejected(bad: Bad, source: Source, delivery: Delivery, channel: str = "") -> Rejected:
    """The record of one bad item. `channel`: where it is known; else the source's own, where it has but one."""
    return Rejected(
        fault=replace(bad.fault, detail=_plain(bad.fault.detail), path=_plain(bad.fault.path)),
        stage="intake",
        tenant=source.origin.tenant,
        source=source.origin.source,
        adapter=source.origin.adapter,
        channel=channel or _channel_of(source),
        received_at=timestamp(delivery.received_at),
        body=bad.body,
        headers=headers_of(delivery),
        event_id=bad.event_id,
        message_id=None if bad.message_id is None else _plain(bad.message_id),
    )


def _channel_of(source: Source) -> str:
    """The adapter's only channel, or the one that the source is configured with."""
    channels = source.adapter.channels
    return next(iter(channels)) if len(channels) == 1 else str(getattr(source.adapter.config, "channel", ""))


def headers_of(delivery: Delivery) -> dict[str, str]:
    """The delivery's headers without secrets, and as `:method`, `:path` and `:query` what else a replay needs.

    Of what authenticates (authorization, cookies, signatures, tokens) only the name stays.
    """
    said = {":method": delivery.method, ":path": _plain(delivery.path)}
    if delivery.query:
        said[":query"] = urlencode(_masked(dict(parse_qsl(delivery.query, keep_blank_values=True))))
    return said | _masked(delivery.headers)


def _masked(values: Mapping[str, str]) -> dict[str, str]:
    return {
        _plain(name): MASKED if _SECRET.search(name.lower()) and name not in _HARMLESS else _plain(value)
        for name, value in values.items()
    }


def _plain(text: str) -> str:
    """Text that UTF-8 can hold: bytes that were no characters (lone surrogates) are spelled out."""
    return text.encode(errors="backslashreplace").decode()
