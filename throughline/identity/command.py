"""Operators' commands as facts, and what stands against them. A command that cannot stand changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from schemas.evidence import Evidence, FactKind, command_fact_id
from schemas.identity import milliseconds, moment
from schemas.ids import uuid_of
from stream_processors.core.kinds import Kinds
from throughline.failures import Failed
from throughline.identity.outlook import Outlook
from throughline.identity.words import fact_words, remedy, rule_words
from throughline.identity.world import World

Name = Literal["tie", "keep-apart", "split", "handover", "block", "retract", "apply"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it was given.

    Attributes:
        at: when, in milliseconds since 1970.
        words: what it was given, in order: identifiers, ids, a time.
    """

    name: Name
    tenant: str
    at: int
    author: str
    reason: str
    words: tuple[str, ...]
    command_id: UUID = field(init=False)

    def __post_init__(self) -> None:
        given = uuid_of("command", self.name, self.tenant, str(self.at), *self.words)
        object.__setattr__(self, "command_id", given)

    def fact(
        self,
        fact: FactKind,
        left: Sequence[str],
        right: Sequence[str] = (),
        *,
        at: int | None = None,
        target: Evidence | None = None,
    ) -> Evidence:
        """A fact of this command, as of now or of another moment."""
        when = self.at if at is None else at
        aim = None if target is None else target.fact_id
        return Evidence(
            tenant=self.tenant,
            fact_id=command_fact_id(self.tenant, fact, when, left=left, right=right, target=aim),
            fact=fact,
            at=_EPOCH + timedelta(milliseconds=when),
            left=tuple(left),
            right=tuple(right),
            target=aim,
            target_fact="" if target is None else target.fact,
            command_id=self.command_id,
            command=self.name,
            author=self.author,
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a command would say, and how things stand before and after it."""

    facts: tuple[Evidence, ...]
    before: World
    after: World


def tie(command: Command, outlook: Outlook, one: str, other: str, *, force: bool) -> Proposal:
    """Two identifiers are one customer.

    Raises:
        Failed: they are tied already, or are the same; a rule refuses the tie; it breaks what holds, without `force`.
    """
    _differ(one, other)
    ends = {outlook.now.now(one), outlook.now.now(other)}
    for fact in _living(outlook.now, "tie"):
        if set(outlook.now.ends(fact)) == ends:
            _in_force(fact)
    fact = command.fact("tie", [one], [other])
    before, after = outlook.supposing([fact])
    if rule := after.judgement.verdicts[fact.fact_id].rule:
        against = "".join(f"\n  {fact_words(found)}" for found in against_tie(after, rule, fact))
        msg = f"{rule} refuses this tie: {rule_words(rule, outlook.rules)}{against}\n  {remedy(rule)}"
        raise Failed(msg)
    if not force:
        _breaks_nothing(before, after, one, other)
    return Proposal((fact,), before, after)


def _breaks_nothing(before: World, after: World, one: str, other: str) -> None:
    kind = one.partition(":")[0]
    if kind == other.partition(":")[0] and before.rules.of(kind).unique:
        rule = f"unique:{kind}"
        msg = f"{rule}: {one} and {other} are two customers; this tie merges them: if that is meant, --force"
        raise Failed(msg)
    verdicts = after.judgement.verdicts
    torn = [
        (fact, verdicts[fact.fact_id].rule)
        for fact, verdict in before.joining()
        if not verdict.rule and fact.fact_id in verdicts and verdicts[fact.fact_id].rule
    ]
    if torn:
        rule = torn[0][1]
        links = "".join(f"\n  {fact_words(fact)}" for fact, _ in torn)
        msg = (
            f"{rule}: {rule_words(rule, before.rules)}; with this tie these links would no longer hold:{links}\n"
            f"  {remedy(rule)}; or, if that is meant, --force"
        )
        raise Failed(msg)


def against_tie(world: World, rule: str, tied: Evidence) -> Iterator[Evidence]:
    """The operators' facts by which a rule refuses a tie: only they come before it."""
    ends = world.ends(tied)
    near = {node.identifier for end in ends for node in world.cluster(end)}
    name = rule.partition(":")[0]
    for fact in world.living.values():
        sides = {*fact.left, *fact.right}
        if (
            (name == "keep_apart" and fact.fact == "keep_apart" and near & set(fact.left) and near & set(fact.right))
            or (name == "blocked" and fact.fact == "block" and sides & {end.identifier for end in ends})
            or (name in {"unique", "limit", "cap"} and fact.fact == "tie" and fact != tied and sides & near)
        ):
            yield fact


def keep_apart(command: Command, outlook: Outlook, one: str, other: str) -> Proposal:
    """Two identifiers are never one customer.

    Raises:
        Failed: they are the same, or kept apart already.
    """
    _differ(one, other)
    world = outlook.now
    ends = world.now(one), world.now(other)
    for fact in _living(world, "keep_apart"):
        at = milliseconds(fact.at)
        left, right = ({world.node(name, at) for name in side} for side in (fact.left, fact.right))
        if any(ends[0] in side and ends[1] in opposite for side, opposite in ((left, right), (right, left))):
            _in_force(fact)
    return _proposed(outlook, [command.fact("keep_apart", [one], [other])])


def handover(command: Command, outlook: Outlook, identifier: str, at: int) -> Proposal:
    """From a moment (ms) on an identifier is somebody else's.

    Raises:
        Failed: the moment is to come, or this handover was told already.
    """
    if at > command.at:
        msg = f"{moment(at)} is to come: a handover is told when it has happened"
        raise Failed(msg)
    for fact in _living(outlook.now, "handover"):
        if fact.left[0] == identifier and milliseconds(fact.at) == at:
            _in_force(fact)
    return _proposed(outlook, [command.fact("handover", [identifier], at=at)])


def block(command: Command, outlook: Outlook, identifier: str) -> Proposal:
    """An identifier is none: it links nothing.

    Raises:
        Failed: it is blocked already, by a command or by the rules.
    """
    for fact in _living(outlook.now, "block"):
        if fact.left[0] == identifier:
            _in_force(fact)
    if Kinds(outlook.rules).is_blocked(identifier):
        msg = f"{identifier} is blocked already, by the rules (identity.kinds.{identifier.partition(':')[0]}.blocked)"
        raise Failed(msg)
    return _proposed(outlook, [command.fact("block", [identifier])])


def _proposed(outlook: Outlook, facts: Sequence[Evidence]) -> Proposal:
    return Proposal(tuple(facts), *outlook.supposing(facts))


def _living(world: World, kind: FactKind) -> Iterator[Evidence]:
    return (fact for fact in world.living.values() if fact.fact == kind)


def _differ(one: str, other: str) -> None:
    if one == other:
        msg = f"{one} twice: two identifiers are expected"
        raise Failed(msg)


def _in_force(fact: Evidence) -> None:
    msg = f"in force already: {fact_words(fact)}"
    raise Failed(msg)
