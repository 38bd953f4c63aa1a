"""What a command was given, as identifiers: kind:value in normal form, or a profile's id."""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import click

from schemas.identifiers import normalise
from schemas.identity import Rules
from schemas.ids import profile_id
from schemas.interaction import NAME
from throughline.failures import Failed
from throughline.identity.facts import Facts
from throughline.identity.split import strength

_IDENTIFIER: Final = re.compile(NAME.strip("^$") + r":.+", re.DOTALL)


def identifiers_of(shelf: Facts, rules: Rules, tenant: str, names: Sequence[str], *, region: str) -> list[str]:
    """The identifiers that names stand for, one each; a profile stands for its root, or its strongest identifier.

    `region` is the ISO 3166 country of phone numbers that name none.

    Raises:
        click.BadParameter: a name is in neither form.
        Failed: nothing is known of one.
    """
    found = [_written(name, region) or _root(shelf, rules, tenant, _profile(name)) for name in names]
    if missing := sorted(set(found) - shelf.known(found)):
        msg = f"nothing is known of {', '.join(missing)} in tenant {tenant}"
        raise Failed(msg)
    return found


def _written(name: str, region: str) -> str:
    """An identifier in its normal form; empty: it is not written as one."""
    if not _IDENTIFIER.fullmatch(name):
        return ""
    kind, _, value = name.partition(":")
    return f"{kind}:{normalise(kind, value, region)}"


def _root(shelf: Facts, rules: Rules, tenant: str, profile: UUID) -> str:
    members = shelf.ever_of(profile)
    if not members:
        msg = f"nothing is known of profile {profile} in tenant {tenant}"
        raise Failed(msg)
    return root_of(members, rules, tenant, profile)


def root_of(members: Iterable[str], rules: Rules, tenant: str, profile: UUID) -> str:
    """The identifier that a profile is named after, or where an era or an erasure hides it, the strongest one."""
    ordered = sorted(members, key=lambda name: strength(rules, name))
    return next((name for name in ordered if profile_id(tenant, name) == profile), ordered[0])


def _profile(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        msg = f"{text!r} is no identifier: kind:value is expected, as email:ada@example.com, or a profile's id"
        raise click.BadParameter(msg) from None
