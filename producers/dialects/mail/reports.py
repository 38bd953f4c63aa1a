"""Reports about mail that we sent: bounces (RFC 3464), complaints (RFC 5965), read receipts (RFC 8098)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from producers.dialects.mail.content import bytes_of
from producers.dialects.mail.headers import Headers, Mail, is_address, parts_of
from producers.dialects.mail.structure import UnreadableError, fields

_KINDS: Final = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "message/feedback-report"}
    | {"message/disposition-notification", "message/global-disposition-notification"}
)
_ORIGINALS: Final = frozenset(
    {"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
)
REPORTED: Final = _KINDS | _ORIGINALS  # types of the parts that a report is made of
_ACTIONS: Final[Mapping[str, str]] = MappingProxyType({"failed": "bounce", "delayed": "deferred"})
_RECIPIENTS: Final = ("final-recipient", "original-rcpt-to", "original-recipient", "removal-recipient")
_MOST_REPORTS: Final = 500  # recipients of one report
_MOST_FIELDS: Final = 40
_LONGEST: Final = 500  # characters of a field


@dataclass(slots=True)
class Report:
    """What became of a mail, for one of its recipients.

    Attributes:
        name: bounce, deferred, delivered, relayed, expanded, complaint; a receipt's disposition (displayed, deleted).
        recipient: the address; empty where the report leaves it out.
        fields: the report's own, by their names in snake case; those that came more than once as lists.
        original: the header of the mail that it is about, where it came along.
    """

    name: str
    recipient: str
    fields: dict[str, Any]
    original: Headers | None


def reports_of(mail: Mail) -> list[Report]:
    """A report for each recipient; none where the mail is no report that can be read.

    Raises:
        UnreadableError: it is about more recipients than are taken from one mail.
    """
    if mail.get_content_type() != "multipart/report":
        return []
    parts = parts_of(mail)
    about = next((part for part in parts if part.get_content_type() in _KINDS), None)
    if about is None:
        return []
    original = next((_original(part) for part in parts if part.get_content_type() in _ORIGINALS), None)
    groups = [Headers(group) for group in islice(_groups(about), _MOST_REPORTS + 2)]
    named = [group for group in groups if any(name in group for name in _RECIPIENTS)]
    if len(named) > _MOST_REPORTS:
        raise UnreadableError(f"a report on more than {_MOST_REPORTS} recipients")
    common: dict[str, Any] = {}
    for group in groups:
        common |= {} if group in named else _fields(group)
    if not named and about.get_content_type() == "message/feedback-report":
        named = groups  # the complainant was struck out
    reports = [_report(group, common, original, about.get_content_type()) for group in named]
    if len(reports) == 1 and not reports[0].recipient and original is not None:
        addressed = original.addresses("to")  # of a foreign kind in the report, or struck out of it
        reports[0].recipient = addressed[0][1] if len(addressed) == 1 else ""
    return reports


def _groups(part: Mail) -> list[Mail]:
    """The blocks of fields of a machine-readable part; the parser takes a block for a message, or all for one."""
    groups = parts_of(part)
    for rest in [bytes_of(block) for block in groups] or [bytes_of(part)]:
        groups += [
            fields(block) for block in re.split(rb"(?:\r?\n){2,}", rest, maxsplit=_MOST_REPORTS + 2) if block.strip()
        ]
    return groups


def _original(part: Mail) -> Headers:
    return Headers((parts_of(part) or [fields(bytes_of(part))])[0])


def _report(group: Headers, common: dict[str, Any], original: Headers | None, kind: str) -> Report:
    said = common | _fields(group)
    recipient = next((address for name in _RECIPIENTS if (address := _address(group.raw(name)))), "")
    if kind == "message/feedback-report":
        name = _complaint(group.raw("feedback-type").lower())
    elif "disposition" in group:
        name = group.raw("disposition").rpartition(";")[2].partition("/")[0].strip().lower() or "displayed"
    else:
        action = group.raw("action").partition(" ")[0].lower()
        name = _ACTIONS.get(action, action) or _by_status(group.raw("status"))
    return Report(name[:64], recipient, said, original)


def _complaint(feedback: str) -> str:
    """`abuse`, `fraud`, `virus` and `other` are complaints; `not-spam`, `auth-failure` and later ones are not."""
    return "complaint" if feedback in ("", "abuse", "fraud", "virus", "other") else feedback.replace("-", "_")


def _by_status(status: str) -> str:
    return {"2": "delivered", "4": "deferred"}.get(status[:1], "bounce")


def _address(value: str) -> str:
    """The address of `rfc822; ada@example.com`, or of `<ada@example.com>`."""
    address = value.rpartition(";")[2].strip().strip("<>").strip()
    return address if is_address(address) else ""


def _fields(group: Headers) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, values in list(group.items(_LONGEST))[:_MOST_FIELDS]:
        known = [value for value in values if value]
        if known:
            said[name.replace("-", "_")[:64]] = known[0] if len(known) == 1 else known
    return said
