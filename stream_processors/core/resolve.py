"""Resolve, whole: evidence -> components -> clusters -> owners -> the rows, changes and profiles that differ.

A run is evaluated once, however many facts it has. The same facts with the same memory give the same bytes; and what
the memory holds afterwards is a function of all facts, whatever their order and the bounds of the runs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.core.apply import apply_command, apply_links
from stream_processors.core.changes import Evidences, absorbed, changes_of, turned
from stream_processors.core.commands import named
from stream_processors.core.customers import Portrait, Writer
from stream_processors.core.desk import Desk
from stream_processors.core.kept import Memory, Numbers
from stream_processors.core.kinds import Kinds
from stream_processors.core.owners import Row, implicit
from stream_processors.core.plainly import take_plain
from stream_processors.core.profiles import portraits
from stream_processors.core.recall import everything, facts_of
from stream_processors.core.resolution import Resolution
from stream_processors.core.settle import settle
from stream_processors.core.survey import Survey, survey
from stream_processors.core.traits import TraitBook

__all__ = ["Resolution", "everything", "facts_of", "resolve"]


def resolve(
    facts: Sequence[Evidence], memory: Memory, rules: Rules, *, version: int, at: int, quiet: bool = False
) -> Resolution:
    """Take in one run of a shard.

    Args:
        facts: of any tenants, in any order.
        memory: what is known; it is only read.
        rules: those in force.
        version: of the records that go out; higher than that of all runs before.
        at: the moment of the run, in milliseconds since 1970.
        quiet: give `writes` alone.
    """
    done, numbers = Resolution(), Numbers(memory)
    kinds = Kinds(rules)
    by_tenant: dict[str, list[Evidence]] = {}
    for fact in facts:
        by_tenant.setdefault(fact.tenant, []).append(fact)
    for tenant, some in sorted(by_tenant.items()):
        _Run(Desk(tenant, memory, kinds, numbers), TraitBook(tenant, memory), Writer(tenant, version, at), done).take(
            some, quiet=quiet
        )
    done.writes |= numbers.writes
    return done


class _Run:
    """One run of one tenant."""

    def __init__(self, desk: Desk, book: TraitBook, writer: Writer, done: Resolution) -> None:
        self._desk = desk
        self._book = book
        self._writer = writer
        self._done = done

    def take(self, facts: Sequence[Evidence], *, quiet: bool) -> None:
        """Facts in, outputs and writes out."""
        desk, done = self._desk, self._done
        links, traits, others = _sorted_out(facts)
        done.links["known"] += sum(fact.fact == "link" for fact in facts) - len(links)
        rest = take_plain(desk, links, [*traits, *others], self._writer, done, quiet=quiet)
        if not (rest or traits or others):
            return
        new = apply_links(desk, rest)
        commands = [fact for fact in others if fact.fact == "rules" or apply_command(desk, fact)]
        told = self._book.learn(traits)
        first_told = frozenset(name for name in told if desk.note_traits(name))
        settle(desk)
        erased = {name for fact in commands if _is_of_erasure(fact) for name in named(fact)}
        seen = survey(desk, sorted(erased.union(told)))
        found = portraits(desk, self._book, seen, desk.recorded, first_told)
        for one in found:
            desk.record(one.owner, is_needed=one.is_needed)
        turns = [*desk.turned, *desk.put_off.values()]
        done.links["known"] += len(rest) - len(new)
        done.links += Counter("accepted" if desk.holds(fact.fact_id, fact.left[0]) else "refused" for fact in new)
        done.refused += Counter(turn.rule.partition(":")[0] for turn in turns if turn.rule)
        done.merges += sum(len(absorbed(owner, seen)) for owner, names in seen.new.items() if len(names) > 1)
        done.profiles_delta += sum(len(names) > 1 for names in seen.new.values())
        done.profiles_delta -= sum(len(names) > 1 for names in seen.old.values())
        if not quiet:
            self._say(seen, found, [*new, *commands])
        desk.tidy()
        done.writes |= desk.writes() | self._book.writes()

    def _say(self, seen: Survey, found: Sequence[Portrait], facts: Sequence[Evidence]) -> None:
        desk, writer, done = self._desk, self._writer, self._done
        for name in seen.changed:
            row = seen.after[name]
            done.map.append(writer.map(name, () if row == implicit(name) else row))
        done.profiles += map(writer.portrait, found)
        turns = [*desk.turned, *desk.put_off.values()]
        rows = self._rows(seen, {name for turn in turns for name in turn.ends})
        evidences = Evidences((fact.fact_id, named(fact)) for fact in facts)
        for fact in sorted(facts, key=_by_id):
            if fact.fact != "link":
                owners = {writer.id_of(span.owner) for name in named(fact) for span in self._rows(seen, {name})[name]}
                done.changes.append(writer.command(fact, sorted(owners)))
        for change in (*changes_of(seen, evidences, writer), *turned(turns, rows, writer)):
            done.changes.append(writer.change(change))

    def _rows(self, seen: Survey, names: Iterable[str]) -> dict[str, Row]:
        """The rows of identifiers now, whether they changed or not."""
        rows = {name: seen.after[name] for name in names if name in seen.after}
        others = sorted(set(names) - rows.keys())
        self._desk.bring(others)
        self._desk.open(self._desk.seats[name].component for name in others)
        return rows | {name: self._desk.row(name) for name in others}


def _sorted_out(facts: Iterable[Evidence]) -> tuple[list[Evidence], list[Evidence], list[Evidence]]:
    """Links, each once and the earliest; traits; and what operators said."""
    links: dict[int, Evidence] = {}  # an id's number is quicker to look up than the id
    traits, others = [], dict[UUID, Evidence]()
    for fact in facts:
        if fact.fact == "link":
            known = links.get(fact.fact_id.int)
            if fact.left != fact.right and (known is None or fact.at < known.at):
                links[fact.fact_id.int] = fact
        elif fact.fact == "traits":
            traits.append(fact)
        else:
            others[fact.fact_id] = fact
    return list(links.values()), traits, list(others.values())


def _is_of_erasure(fact: Evidence) -> bool:
    return fact.fact == "erase" or (fact.fact == "retract" and len(named(fact)) == 1)


def _by_id(fact: Evidence) -> UUID:
    return fact.fact_id
