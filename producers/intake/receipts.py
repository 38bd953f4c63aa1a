"""GET /v1/receipts/<event_id>: what became of an interaction, as HTTP answers it."""

from typing import Final
from uuid import UUID

import orjson

from producers.intake.answers import Answer, failure
from producers.receipts import Receipts, UnavailableError
from producers.sources import Source

_UNKNOWN: Final = (
    "what another process has just accepted is known once it is stored: ask again in some seconds; "
    "an id of another tenant is never told"
)


async def receipt_of(receipts: Receipts, source: Source, text: str) -> Answer:
    """The answer to a question by somebody who has the source's write key. `text`: the event id, as it was asked."""
    try:
        event_id = UUID(text)
    except ValueError:
        return failure(400, "malformed", "this is no event id", "ask for the event_id of a receipt, a UUID")
    try:
        found = await receipts.find(source.origin, event_id)
    except UnavailableError as error:
        hint = "ask again later; the interaction is where its receipt says, whether this can be told or not"
        return failure(503, "receipts_unavailable", str(error), hint, {"retry-after": "5"})
    if found is None:
        return failure(404, "receipt_unknown", "nothing is known of this event id", _UNKNOWN)
    return Answer(200, orjson.dumps({"success": True, "receipt": found}))
