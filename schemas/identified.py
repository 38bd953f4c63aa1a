"""Whom an interaction names, and all that follows from it alone.

A customer's interactions come close together, and name them with the same bytes each time: what was worked out lately
is kept, and found again by those bytes.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from schemas.identifiers import PRIORITIES, is_blocked, subject_of
from schemas.interaction import MAX_IDENTIFIERS, MAX_VALUE, is_name

_MOST: Final = 1 << 15  # kept; about 40 MB
_LONGEST: Final = 512  # bytes of identifiers; longer ones are worked out each time, so that the memory stays small


class CheckedIdentifier(msgspec.Struct, gc=False, frozen=True, forbid_unknown_fields=True):
    """An identifier, as `schemas.interaction.Identifier`."""

    kind: Annotated[str, Meta(min_length=1, max_length=64)]
    value: Annotated[str, Meta(min_length=1, max_length=MAX_VALUE)]


class Identified(msgspec.Struct, gc=False, frozen=True):
    """The identifiers of an interaction.

    Attributes:
        identifiers: as they came.
        subject: what the interaction is filed under, `kind:value`.
        key: the same, as the key of a record.
        member: the same, as a member of a JSON document.
        others: the identifiers beside the subject, without those that are blocked: each with the text that tells this
            pair from every other.
    """

    identifiers: tuple[CheckedIdentifier, ...]
    subject: str
    key: bytes
    member: bytes
    others: tuple[tuple[str, str], ...]


_decode: Final = msgspec.json.Decoder(
    Annotated[tuple[CheckedIdentifier, ...], Meta(min_length=1, max_length=MAX_IDENTIFIERS)]
).decode
_quote: Final = msgspec.json.Encoder().encode


def identified(raw: msgspec.Raw) -> Identified:
    """What a JSON array of identifiers comes to.

    Raises:
        msgspec.DecodeError: it is none.
        ValueError: a kind is no name.
    """
    value = bytes(raw)
    return _kept(value) if len(value) <= _LONGEST else _worked_out(value)


def _worked_out(value: bytes) -> Identified:
    identifiers = _decode(value)
    for identifier in identifiers:
        if identifier.kind not in PRIORITIES and not is_name(identifier.kind):
            raise ValueError("the kind of an identifier is no name")
    subject = subject_of(identifiers)
    head = f"{len(subject)} {subject} "  # with its length: identifiers may hold anything
    names = [f"{one.kind}:{one.value}" for one in identifiers if not is_blocked(one.value)]
    others = tuple([(name, head + name) for name in names if name != subject])
    return Identified(identifiers, subject, subject.encode(), b'"subject":%b' % _quote(subject), others)


_kept: Final = lru_cache(maxsize=_MOST)(_worked_out)
