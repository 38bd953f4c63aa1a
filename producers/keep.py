"""What is no interaction is kept whole: the record of `interactions.rejected` that the intake writes."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from producers.contract import Bad, Delivery, Draft
from producers.seal import timestamp
from producers.sources import Source
from schemas.headers import masked, plain
from schemas.records import CUT, WHOLE, Rejected


def kept(item: Draft | Bad, delivery: Delivery) -> bytes:
    """What is kept of an item that is no interaction: a delivery that holds nothing else."""
    if isinstance(item, Bad):
        return item.body
    return delivery.whole if item.alone is None else item.alone()


def rejected(
    bad: Bad, source: Source, delivery: Delivery, *, channel: str = "", number: int = 0, most: int = WHOLE
) -> Rejected:
    """The record of one bad item.

    Args:
        bad: the item.
        source: where it came from.
        delivery: how.
        channel: where it is known; else the source's own, where it has but one.
        number: which item of the delivery it is.
        most: bytes that are kept of its body.
    """
    said = headers_of(delivery) | ({":first": str(delivery.first + number)} if delivery.first + number else {})
    detail = bad.fault.detail
    if (size := len(bad.body)) > most:
        detail = f"{detail}; of {size} bytes the first {most} are kept"
        said[CUT] = str(size)
    return Rejected(
        fault=replace(bad.fault, detail=plain(detail), path=plain(bad.fault.path)),
        stage="intake",
        tenant=source.origin.tenant,
        source=source.origin.source,
        adapter=source.origin.adapter,
        channel=channel or _channel_of(source),
        received_at=timestamp(delivery.received_at),
        body=bad.body[:most],
        headers=said,
        event_id=bad.event_id,
        message_id=None if bad.message_id is None else plain(bad.message_id),
        replay_of=delivery.replay_of,
    )


def _channel_of(source: Source) -> str:
    """The adapter's only channel, or the one that the source is configured with."""
    channels = source.adapter.channels
    return next(iter(channels)) if len(channels) == 1 else str(getattr(source.adapter.config, "channel", ""))


def headers_of(delivery: Delivery) -> dict[str, str]:
    """The delivery's headers without secrets, and as `:method`, `:path` and `:query` what else a replay needs.

    Of what authenticates (authorization, cookies, signatures, tokens) only the name stays.
    """
    said = {":method": delivery.method, ":path": plain(delivery.path)}
    if delivery.query:
        said[":query"] = urlencode(masked(parse_qsl(delivery.query, keep_blank_values=True)))
    return dict(masked(delivery.headers.items())) | said
