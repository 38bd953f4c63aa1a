"""Identifiers among data that people name themselves: custom arguments, parameters, the fields of a form."""

from collections.abc import Mapping
from typing import Final

from schemas.interaction import MAX_VALUE

_KINDS: Final = {
    "user_id": "user_id", "userId": "user_id", "anonymous_id": "anonymous_id", "anonymousId": "anonymous_id",
    "email": "email", "email_address": "email", "phone": "phone", "phone_number": "phone",
}  # fmt: skip


def named(members: Mapping[str, object]) -> list[tuple[str, str]]:
    """(kind, value) of the members whose very names say whose they are; no other name is taken for a customer's.

    An address needs its @ and a phone number a digit: a field that holds `n/a` must not tie customers together.
    """
    found = ((kind, _text(members.get(name))) for name, kind in _KINDS.items())
    return list(dict.fromkeys((kind, value) for kind, value in found if _is_one(kind, value)))


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _is_one(kind: str, value: str) -> bool:
    if kind == "email":
        return "@" in value and len(value) <= MAX_VALUE
    if kind == "phone":
        return any(map(str.isdigit, value)) and len(value) <= MAX_VALUE
    return 0 < len(value) <= MAX_VALUE
