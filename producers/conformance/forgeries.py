"""What a forger would try: no key at all, an empty one, a changed body or header."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from producers.conformance.golden import Case, build, outcome
from producers.conformance.mutations import flipped, spread, with_header, without
from producers.contract import Adapter

_EMPTY: Final[tuple[object, ...]] = ("", [])


def keyless(adapter: type[Adapter[Any]]) -> Iterator[str]:
    """How an adapter can be built without what it verifies with."""
    if not _refused_keys(adapter, {}):
        yield "a source without any key can be built: whoever finds it would be believed"
    for name, field in adapter.Config.model_fields.items():
        if field.is_required() or _is_secret(field):
            for empty in _EMPTY:
                if name not in _refused_keys(adapter, {name: empty}):
                    yield f"{name} = {empty!r} is taken: an empty key verifies nothing"


def _is_secret(field: FieldInfo) -> bool:
    found = [field.annotation]
    while found:
        part = found.pop()
        if part is SecretStr:
            return True
        found += get_args(part)
    return False


def _refused_keys(adapter: type[Adapter[Any]], config: dict[str, Any]) -> set[str]:
    """The keys that a configuration is refused for."""
    try:
        build(adapter, config)
    except ValidationError as error:
        return {str(one["loc"][0]) if one["loc"] else "" for one in error.errors()}
    return set()


def believed_bodies(case: Case, adapter: Adapter[Any]) -> Iterator[str]:
    """Changes to a signed body that verification lets pass although they change what it says."""
    delivery = case.delivery
    said = outcome(adapter, delivery)
    for at in spread(len(delivery.body), 200):
        forged = replace(delivery, body=flipped(delivery.body, at))
        if adapter.verify(forged) is None and outcome(adapter, forged) != said:
            yield f"byte {at} of the body was flipped, and it is believed"


def believed_headers(case: Case, adapter: Adapter[Any]) -> Iterator[str]:
    """Headers of a signed delivery that prove nothing, and changes to those that do which nobody notices."""
    delivery = case.delivery
    needed = [name for name in delivery.headers if adapter.verify(without(delivery, name)) is not None]
    if not needed:
        yield "it is believed whichever header is missing: nothing in the headers proves who sent it"
    for name in needed:
        for changed in _changed(delivery.headers[name]):
            if adapter.verify(with_header(delivery, name, changed)) is None:
                yield f"the header {name} was changed to {changed!r}, and it is believed"


def _changed(value: str) -> Iterator[str]:
    """A header with all of its characters changed; and with one, where it is no list of which one will do."""
    turned = ["".join(chr(ord(character) ^ 1) if character.isalnum() else character for character in value)]
    if " " not in value:
        turned += [value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :] for at in spread(len(value), 4)]
    return iter(turned)
