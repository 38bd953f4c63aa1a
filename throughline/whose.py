"""Whom a name stands for, and what is theirs: their subjects, less the ranges of time in which one was another's.

The view `customer_timeline` does the same in one statement, which ClickHouse takes longer to plan than these to run
(docs/decisions/0023).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from schemas.identity import BEGIN
from schemas.ids import profile_id
from sinks.clickhouse.client import ClickHouse
from throughline.reading import as_named, query


class Foreign(NamedTuple):
    """A range of time in which a subject was another's: from `begin` to before `end`, ms since 1970."""

    subject: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer that was asked for.

    Attributes:
        name: an identifier in normal form, kind:value, or a profile's id.
        profile_id: whose that is now.
        subjects: under which their interactions are filed.
        foreign: when one of these was another's.
    """

    name: str
    profile_id: UUID
    subjects: tuple[str, ...]
    foreign: tuple[Foreign, ...] = ()

    def as_parameters(self, tenant: str) -> dict[str, Any]:
        """What the queries of their interactions take."""
        whose = {"tenant": tenant, "profile": str(self.profile_id), "subjects": list(self.subjects)}
        if not self.foreign:
            return whose
        others, begins, ends = map(list, zip(*self.foreign, strict=True))
        return {**whose, "others": others, "begins": begins, "ends": ends}


def customers(client: ClickHouse, tenant: str, names: Sequence[str], region: str) -> list[Customer]:
    """Whom `kind:value` identifiers and profile ids stand for now, each once, in their order.

    `region` is of phone numbers that name none.

    Raises:
        click.BadParameter: a name is in neither form.
    """
    found: dict[UUID, Customer] = {}
    for name in names:
        customer = customer_of(client, tenant, as_named(name, region))
        found.setdefault(customer.profile_id, customer)
    return list(found.values())


class Member(NamedTuple):
    """A row of the map: whose a subject is, range by range; each ends before its `until`, the last one holds now."""

    subject: str
    own_profile: UUID
    untils: Sequence[int]
    owners: Sequence[UUID]


def customer_of(client: ClickHouse, tenant: str, asked: str | UUID) -> Customer:
    """Whom an identifier in normal form, or a profile's id of now or of once, stands for now."""
    if isinstance(asked, UUID):
        return _of_profile(client, tenant, asked)
    members = _members(query(client, "members", {"tenant": tenant, "name": asked}))
    own = next((member for member in members if member.subject == asked), None)
    if own is None:
        return Customer(asked, profile_id(tenant, asked), (asked,))
    return _customer(asked, own.owners[-1], members)


def _of_profile(client: ClickHouse, tenant: str, asked: UUID) -> Customer:
    """A profile's id stands for itself while it owns anything; else for who has now what it was made from."""
    members = _of(client, tenant, asked)
    if not members:
        alone = query(client, "subject_alone", {"tenant": tenant, "profile": str(asked)})
        return Customer(str(asked), asked, tuple(row["subject"] for row in alone))
    owner = now_of(asked, members)
    return _customer(str(asked), owner, members if owner == asked else _of(client, tenant, owner))


def now_of(asked: UUID, members: Sequence[Member]) -> UUID:
    """Whom a profile's id stands for, by all that were ever its: as `customer_timeline` has it."""
    if any(asked in member.owners for member in members):
        return asked
    root = next((member.owners[-1] for member in members if member.own_profile == asked), None)
    return root or Counter(member.owners[-1] for member in members).most_common(1)[0][0]


def _of(client: ClickHouse, tenant: str, profile: UUID) -> list[Member]:
    return _members(query(client, "members_of_profile", {"tenant": tenant, "profile": str(profile)}))


def _members(rows: Sequence[Mapping[str, Any]]) -> list[Member]:
    return [Member(row["subject"], row["own_profile"], row["untils"], row["owners"]) for row in rows]


def _customer(name: str, owner: UUID, members: Sequence[Member]) -> Customer:
    theirs = [member for member in members if owner in member.owners]
    foreign = tuple(one for member in theirs for one in foreign_of(member, owner))
    return Customer(name, owner, tuple(member.subject for member in theirs), foreign)


def foreign_of(member: Member, owner: UUID) -> list[Foreign]:
    """The ranges of a subject that are not the owner's."""
    begins = [BEGIN, *member.untils[:-1]]
    ranges = zip(begins, member.untils, member.owners, strict=True)
    return [Foreign(member.subject, begin, end) for begin, end, whose in ranges if whose != owner]
