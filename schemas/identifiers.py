"""Identifiers: their kinds, their normal form, and the subject that an interaction is filed under."""

from collections.abc import Iterable
from typing import Final, Protocol

# Lower comes first. The subject stands in ClickHouse's sorting key: a priority, once released, is never changed.
PRIORITIES: Final = {
    "user_id": 10,
    "email": 20,
    "phone": 30,
    "facebook_id": 40,
    "instagram_id": 40,
    "whatsapp_id": 40,
    "whatsapp_user_id": 40,
    "device_id": 80,
    "anonymous_id": 90,
    "call_id": 95,
}
OTHER: Final = 50  # kinds that are not listed: ids of other systems


class _Identifier(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...


def normalise(kind: str, value: str) -> str:
    """The normal form of a value: trimmed, and e-mail addresses in lower case."""
    value = value.strip()
    return value.lower() if kind == "email" else value


def subject_of(identifiers: Iterable[_Identifier]) -> str:
    """The subject, `kind:value`: the least identifier by (priority, kind, value), whatever their order.

    Raises:
        ValueError: there are no identifiers.
    """
    _, kind, value = min((PRIORITIES.get(i.kind, OTHER), i.kind, i.value) for i in identifiers)
    return f"{kind}:{value}"
