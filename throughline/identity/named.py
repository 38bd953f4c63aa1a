"""What a command was given, as identifiers: kind:value in normal form, or a profile's id."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from schemas.identity import Rules
from schemas.ids import profile_id
from throughline.failures import Failed
from throughline.identity.facts import Facts
from throughline.identity.split import strength
from throughline.reading import as_named


def identifiers_of(shelf: Facts, rules: Rules, tenant: str, names: Sequence[str], *, region: str) -> list[str]:
    """The identifiers that names stand for, one each; a profile stands for its root, or its strongest identifier.

    `region` is the ISO 3166 country of phone numbers that name none.

    Raises:
        click.BadParameter: a name is in neither form.
        Failed: nothing is known of one.
    """
    asked = [as_named(name, region) for name in names]
    found = [_root(shelf, rules, tenant, one) if isinstance(one, UUID) else one for one in asked]
    if missing := sorted(set(found) - shelf.known(found)):
        msg = f"nothing is known of {', '.join(missing)} in tenant {tenant}"
        raise Failed(msg)
    return found


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
