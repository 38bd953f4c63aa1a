"""The record of a customer fits a record of Kafka, whatever is said of them."""

from uuid import UUID

import orjson

from schemas.identity import BEGIN
from schemas.topics import MAX_RECORD
from stream_processors.core.customers import Portrait, Writer, entry
from stream_processors.core.kept import Trait, Traits
from stream_processors.core.owners import Owner

WRITER = Writer("acme", 1, 0)


def told(traits: Traits, entries: list[bytes] | None = None) -> bytes:
    return WRITER.portrait(Portrait(Owner("user_id:u"), None, entries or [], traits, is_needed=True))[1]


def trait(size: int) -> Trait:
    return Trait(0, UUID(int=1).bytes, "web", b'"%b"' % (b"x" * (size - 2)))


def test_all_traits_are_there_while_they_fit() -> None:
    traits = {f"t{number:02}": trait(250_000) for number in range(16)}
    assert orjson.loads(told(traits))["traits"].keys() == traits.keys()


def test_of_more_than_fit_the_largest_are_left_out_whatever_their_order() -> None:
    traits = {f"t{number:03}": trait(250_000 + number) for number in range(40)} | {"plan": trait(20)}
    kept = orjson.loads(told(traits))["traits"]
    assert kept.keys() == {"plan", *(f"t{number:03}" for number in range(16))}
    assert list(kept) == [name for name in traits if name in kept]
    backwards = orjson.loads(told(dict(reversed(traits.items()))))["traits"]
    assert backwards == kept


def test_with_as_many_identifiers_as_a_profile_may_have_it_fits_a_record() -> None:
    entries = [entry(f"user_id:{number:04}" + "\x01" * 508, BEGIN, "linked") for number in range(1000)]
    assert len(told({f"t{number:03}": trait(250_000) for number in range(40)}, entries)) < MAX_RECORD - 4096
