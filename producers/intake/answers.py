"""What HTTP answers: our words for every outcome, flat, so that SDKs find `code` and `message` where they look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from producers.contract import Refused, Reply
from producers.outcomes import Accepted, Held, Malformed, Outcome, TooLarge

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response; `headers` beside content type and length."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def failure(status: int, code: str, message: str, hint: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error: its closed code, what is wrong, and how to mend it."""
    body = {"success": False, "code": code, "message": message, "hint": hint}
    return Answer(status, orjson.dumps(body), headers=headers or {})


def answer_of(outcome: Outcome, reply: Reply | None) -> Answer:
    """The answer to a delivery. `reply`: what the vendor demands to hear when it was accepted."""
    match outcome:
        case Accepted():
            if reply is not None:
                return Answer(reply.status, reply.body, reply.content_type)
            return Answer(200, orjson.dumps({"success": True, "receipts": outcome.receipts}))
        case Refused():
            return failure(_refused(outcome), outcome.code, outcome.message, outcome.hint)
        case Malformed():
            return failure(400, "malformed", outcome.message, outcome.hint)
        case TooLarge():
            return failure(413, "too_large", outcome.message, outcome.hint)
        case Held():
            return failure(503, outcome.code, outcome.message, outcome.hint, {"retry-after": str(outcome.retry_after)})


def _refused(refused: Refused) -> int:
    match refused.code:
        case "key_missing" | "key_wrong":
            return 401
        case "signature_missing" | "signature_wrong" | "signature_stale":
            return 403
        case "malformed":
            return 400
