"""What customers are like: of each trait the latest value, and of what they permit the most restrictive."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from schemas.evidence import Evidence
from stream_processors.core import kept
from stream_processors.core.commands import moment_of
from stream_processors.core.kept import Memory, Trait, Traits

_YES: Final = frozenset(
    {b"true", b"1", b'"true"', b'"1"', b'"yes"', b'"y"', b'"on"', b'"granted"', b'"allow"', b'"allowed"', b'"given"',
     b'"opted_in"', b'"opted-in"', b'"opt_in"', b'"subscribed"'}
)  # fmt: skip
_document: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def traits_of(fact: Evidence) -> Traits:
    """What one fact says, each value as JSON; nothing, if it is no object."""
    try:
        bytes(fact.traits).decode()  # its parts are copied as they are, and are not checked again
        said = _document(fact.traits)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    event = fact.event_id.bytes if fact.event_id else b""
    return {name: Trait(moment_of(fact), event, fact.source, bytes(value)) for name, value in said.items()}


def latest(known: Mapping[str, Trait], said: Mapping[str, Trait]) -> Traits:
    """Both together: of each trait what was said last, by the time and the id of the interaction."""
    return {**known, **{name: trait for name, trait in said.items() if name not in known or trait > known[name]}}


def together(some: Iterable[tuple[str, Trait]], consent: frozenset[str]) -> Traits:
    """The traits of one profile, from those of its identifiers, in the order of their names.

    Of a trait in `consent`, whatever is not a clear yes counts before what is.
    """
    ranked: dict[str, tuple[bool, Trait]] = {}
    for name, trait in some:
        rank = (name in consent and not _is_yes(trait.value), trait)
        if name not in ranked or rank > ranked[name]:
            ranked[name] = rank
    return {name: ranked[name][1] for name in sorted(ranked)}


def _is_yes(value: bytes) -> bool:
    return value.strip().lower() in _YES


class TraitBook:
    """The traits of one tenant's identifiers during one run."""

    def __init__(self, tenant: str, memory: Memory) -> None:
        self._start = kept.prefix(b"t", tenant)
        self._memory = memory
        self._traits: dict[str, Traits] = {}
        self._changed: dict[str, None] = {}

    def bring(self, identifiers: Iterable[str]) -> None:
        """Look at the traits of identifiers, together."""
        absent = [identifier for identifier in dict.fromkeys(identifiers) if identifier not in self._traits]
        values = self._memory.get([self._start + identifier.encode() for identifier in absent]) if absent else []
        for identifier, value in zip(absent, values, strict=True):
            self._traits[identifier] = kept.read_traits(value)

    def of(self, identifier: str) -> Traits:
        """The traits of an identifier that was brought; nothing, of another."""
        return self._traits.get(identifier, {})

    def learn(self, facts: Sequence[Evidence]) -> list[str]:
        """Take in what facts say; the identifiers of which that tells something new, sorted."""
        self.bring(fact.left[0] for fact in facts)
        for fact in facts:
            identifier = fact.left[0]
            known = self._traits[identifier]
            if (now := latest(known, traits_of(fact))) != known:
                self._traits[identifier] = now
                self._changed[identifier] = None
        return sorted(self._changed)

    def writes(self) -> dict[bytes, bytes]:
        """What changed, as keys and values."""
        return {
            self._start + identifier.encode(): kept.pack_traits(self._traits[identifier])
            for identifier in self._changed
        }
