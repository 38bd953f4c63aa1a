"""Identifiers: their kinds, their normal form, and the subject that an interaction is filed under."""

import re
from collections.abc import Sequence
from typing import Final, Protocol

from schemas.phones import e164

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
REGION: Final = "US"  # of phone numbers without a country, where nothing is configured
OTHER: Final = 50  # kinds that are not listed: ids of other systems


class _Identifier(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...


def normalise(kind: str, value: str, region: str = REGION) -> str:
    """The normal form of a value: trimmed; e-mail addresses bare and in lower case; phone numbers in E.164.

    `region` is the ISO 3166 country of phone numbers that name none. No provider's habits are assumed of addresses:
    dots and what follows a plus count. Normal forms stay as they are.
    """
    value = value.strip(_SPACE)
    if kind == "email":
        return _bare(value)
    return value if kind != "phone" or is_blocked(value) else e164(value, region)


def _bare(address: str) -> str:
    """Without what mail programs and address books put around an address: a name and angles, `mailto:`, quotes."""
    before = ""
    while address != before:
        before = address
        inner = _ANGLES.search(address)
        address = (inner[1] if inner else address).strip(_SPACE).rstrip(_AFTER).lower()
        if address.startswith("mailto:"):
            address = address.removeprefix("mailto:").partition("?")[0]
        if address[:1] in _QUOTES and address[:1] == address[-1:]:
            address = address[1:-1]
    return address


_SPACE: Final = (  # what is copied along, seen or unseen
    " \t\r\n\f\v\u00a0\u200b\u200e\u200f\u202a\u202c\u2060\ufeff"
)
_AFTER: Final = _SPACE + ",;."
_ANGLES: Final = re.compile(r"<([^<>]*@[^<>]*)>")


def is_blocked(value: str) -> bool:
    """Whether a value says that there is none: as an identifier it would make one customer of hundreds.

    The published lists of Segment (twilio.com/docs/segment/unify/identity-resolution/identity-resolution-onboarding:
    zeroes and dashes, -1, null, anonymous) and of PostHog (posthog.com/docs/product-analytics/identify, of
    invalid inputs: some in any case, some as they are written) together, each in quotes as well. Here null and none
    count in any case.
    """
    if len(value) > _LONGEST and value[0] not in _SUSPECT:  # nearly always
        return False
    if value[:1] in _QUOTES and value[:1] == value[-1:]:
        value = value[1:-1].strip()
    return value.casefold() in _BLOCKED or value in _BLOCKED_AS_WRITTEN or _is_zero(value) is not None


_QUOTES: Final = frozenset({'"', "'"})
_BLOCKED: Final = frozenset(
    {
        "anonymous",
        "guest",
        "distinctid",
        "distinct_id",
        "id",
        "not_authenticated",
        "email",
        "undefined",
        "true",
        "false",
    }
    | {"null", "none", "nil", "-1", ""}
)
_BLOCKED_AS_WRITTEN: Final = frozenset({"NaN", "[object Object]"})
_LONGEST: Final = max(map(len, _BLOCKED | _BLOCKED_AS_WRITTEN))
_SUSPECT: Final = _QUOTES | frozenset("+-0")  # how longer ones may begin
_is_zero: Final = re.compile(r"\+?[0-]+").fullmatch


def subject_of(identifiers: Sequence[_Identifier]) -> str:
    """The subject, `kind:value`: the least identifier by (priority, kind, value), whatever their order.

    A blocked value is taken only where there is no other. What a configuration blocks is no concern of the subject's.

    Raises:
        ValueError: there are no identifiers.
    """
    if not identifiers:
        raise ValueError("the identifiers are empty: there is no subject")
    least = _least([each for each in identifiers if not is_blocked(each.value)] or identifiers)
    return f"{least.kind}:{least.value}"


def _least(identifiers: Sequence[_Identifier]) -> _Identifier:
    """A loop, because nearly always priorities decide: half the time of the least of a list of triples."""
    least, lowest = identifiers[0], PRIORITIES.get(identifiers[0].kind, OTHER)
    for other in identifiers[1:]:
        priority = PRIORITIES.get(other.kind, OTHER)
        if priority < lowest or (priority == lowest and (other.kind, other.value) < (least.kind, least.value)):
            least, lowest = other, priority
    return least
