"""The desk of one tenant during one run: what was taken out of the memory, and what goes back."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from stream_processors.core import kept
from stream_processors.core.beside import Beside
from stream_processors.core.commands import PREFIX
from stream_processors.core.component import Component
from stream_processors.core.kept import STRONG, WEAK, Kept, Memory, Numbers, Seat, Writes
from stream_processors.core.kinds import Kinds
from stream_processors.core.owners import Owner, Row, implicit


class Turn(NamedTuple):
    """A link that is refused by a rule that did not refuse it, or, the rule empty, holds and did not."""

    link: UUID
    rule: str
    ends: tuple[str, str]


class Desk:
    """Seats, components and links aside of one tenant; implements `stream_processors.core.hubs.Aside`.

    Attributes:
        tenant, kinds: whose, and by which rules.
        beside: the links that are kept aside.
        kept: by number, the components that were taken out, as they were.
        numbers: for new components.
        seats: by identifier, those that were looked at. They are changed in place: see `touch`.
        dirty: the numbers of components to evaluate, in order.
        worked: by number, all components that were changed, or are to be.
        before: the rows, at the beginning of the run, of all whom these hold.
        was_refused: by the first 8 bytes of its id, the rule that refused a link at the beginning of the run.
        turned: the links that a rule refuses now, and those that hold now and did not.
        put_off: by the first 8 bytes of their ids, links that were put aside as they came.
    """

    def __init__(self, tenant: str, memory: Memory, kinds: Kinds, numbers: Numbers) -> None:
        self.tenant = tenant
        self.kinds = kinds
        self.beside = Beside(tenant, memory, kinds)
        self.seats: dict[str, Seat] = {}
        self.dirty: dict[int, None] = {}
        self.worked: dict[int, Component] = {}
        self.before: dict[str, Row] = {}
        self.was_refused: dict[int, str] = {}
        self.turned: list[Turn] = []
        self.put_off: dict[int, Turn] = {}
        self.kept: dict[int, Kept] = {}
        self.numbers = numbers
        self._memory = memory
        self._components: dict[int, Component] = {}
        self._touched: dict[str, None] = {}
        self._gone: list[int] = []
        self._letters = {letter: kept.prefix(letter, tenant) for letter in (b"i", b"c")}

    # Seats

    def bring(self, identifiers: Iterable[str]) -> None:
        """Look at the seats of identifiers, together."""
        absent = [identifier for identifier in dict.fromkeys(identifiers) if identifier not in self.seats]
        if absent:
            start = self._letters[b"i"]
            found = self._memory.get([start + identifier.encode() for identifier in absent])
            for identifier, value in zip(absent, found, strict=True):
                self.seats[identifier] = kept.read_seat(value)

    def seat(self, identifier: str) -> Seat:
        """How an identifier stands."""
        if identifier not in self.seats:
            self.bring([identifier])
        return self.seats[identifier]

    def touch(self, identifier: str) -> Seat:
        """A seat that is about to change."""
        self._touched[identifier] = None
        return self.seat(identifier)

    # Components

    def load(self, numbers: Iterable[int]) -> None:
        """Take components out, together, as they are kept."""
        absent = [number for number in dict.fromkeys(numbers) if number not in self.kept]
        if not absent:
            return
        keys = [self._letters[b"c"] + number.to_bytes(8, "big") for number in absent]
        for number, value in zip(absent, self._memory.get(keys), strict=True):
            if value is None:
                message = f"component {number} is not in the memory, but a member is"
                raise LookupError(message)
            self.kept[number] = kept.read_kept(value)

    def open(self, numbers: Iterable[int]) -> None:
        """Work on components, and on the seats of those of their members that have more to say."""
        absent = [number for number in dict.fromkeys(numbers) if number and number not in self._components]
        self.load(absent)
        for number in absent:
            self._components[number] = Component.of(number, self.kept[number])
        self.bring(name for number in absent for name in sorted(self._components[number].special))

    def component(self, identifier: str) -> Component | None:
        """The component of an identifier."""
        number = self.seat(identifier).component
        if not number:
            return None
        self.open([number])
        return self._components[number]

    def are_together(self, ends: tuple[str, str]) -> bool:
        """Whether two identifiers are in one component."""
        number = self.seat(ends[0]).component
        return bool(number) and number == self.seat(ends[1]).component

    def settle_in(self, identifier: str) -> Component:
        """The component of an identifier, a new one if it has none; it will be evaluated."""
        component = self.component(identifier)
        if component is None:
            component = Component(self.numbers.next(), [identifier])
            self._components[component.number] = component
            self.sit([identifier], component)
        self.mark(component)
        return component

    def mark(self, component: Component) -> None:
        """Evaluate a component in this run."""
        self.dirty[component.number] = None
        self.work(component)

    def work(self, component: Component) -> None:
        """A component that is about to change."""
        if component.number not in self.worked:
            self.worked[component.number] = component
            for identifier, row in zip(component.members, component.rows, strict=True):
                self.before.setdefault(identifier, row)
            for prefix, rule in component.refused.items():
                self.was_refused.setdefault(prefix, rule)

    def sit(self, identifiers: Iterable[str], component: Component | None) -> None:
        """Seat identifiers in a component, or in none."""
        for identifier in identifiers:
            if identifier not in self.seats:
                self.seats[identifier] = Seat()  # it is no special member: its seat says no more
            seat = self.touch(identifier)
            seat.component = component.number if component else 0
            if component and not seat.is_plain:
                component.special.add(identifier)

    def join(self, one: Component, other: Component) -> Component:
        """Make one component of two; the larger takes in the other."""
        large, small = sorted((one, other), key=lambda component: (-len(component.members), component.number))
        self.mark(large)
        self.mark(small)
        self.sit(small.members, large)
        large.absorb(small)
        self.discard(small)
        return large

    def seat_piece(self, piece: Component, number: int = 0) -> None:
        """One part of a component that fell apart: under its number, or a new one."""
        piece.number = number or self.numbers.next()
        self._components[piece.number] = piece
        self.worked[piece.number] = piece
        if not number:
            self.sit(piece.members, piece)

    def discard(self, component: Component) -> None:
        """A component is no more; its members sit elsewhere."""
        self._gone.append(component.number)
        del self.worked[component.number]
        del self._components[component.number]
        self.dirty.pop(component.number, None)

    # Links aside

    def put_aside(self, link: UUID, t: int, ends: tuple[str, str], *, counts: bool) -> None:
        """Keep a link beside the components of its ends."""
        for identifier, status in self.beside.put(link, t, ends, counts=counts):
            self._count(identifier, status, 1)

    def take_back(self, link: UUID, t: int, ends: tuple[str, str], *, counts: bool) -> None:
        """A link that was aside is no more."""
        for identifier, status in self.beside.drop(link, t, ends, counts=counts):
            self._count(identifier, status, -1)

    def counts(self, members: Sequence[str]) -> dict[int, int]:
        """By number of a member, how many links aside of it count, where some do."""
        seats = self.seats
        return {
            n: seat.strong + seat.weak
            for n, name in enumerate(members)
            if (seat := seats.get(name)) is not None and (seat.strong or seat.weak)
        }

    def times(self, identifier: str, *, strong: bool, since: int, until: int, most: int) -> list[int]:
        """The times of the first links aside that count."""
        found = self.beside.of(identifier, STRONG if strong else WEAK, since, until)
        return [t for t, _, _ in islice(found, most)]

    def _count(self, identifier: str, status: bytes, by: int) -> None:
        seat = self.touch(identifier)
        if seat.is_plain and (component := self.component(identifier)):
            component.special.add(identifier)
            self.work(component)
        if status == STRONG:
            seat.strong += by
        elif status == WEAK:
            seat.weak += by
        else:
            seat.out += by

    def has_traits(self, identifier: str) -> bool:
        """Whether an identifier has traits, for what the desk holds of it."""
        seat = self.seats.get(identifier)
        return seat is not None and seat.traits

    def note_traits(self, identifier: str) -> bool:
        """An identifier has traits; true: it had none."""
        seat = self.seat(identifier)
        if seat.traits:
            return False
        if component := self.component(identifier):
            component.special.add(identifier)
            self.work(component)
        self.touch(identifier).traits = True
        return True

    @property
    def recorded(self) -> frozenset[Owner]:
        """Profiles that have a record and do not need it, of all components that have changed."""
        return frozenset(owner for component in self.worked.values() for owner in component.recorded)

    def record(self, owner: Owner, *, is_needed: bool) -> None:
        """Note that a profile has a record; if it does not need it, it is to be corrected when its root moves."""
        component = self.component(owner.identifier)
        if component is None and is_needed:
            return
        if component is None:
            component = Component(0, [owner.identifier])
            self.seat_piece(component)
        if (owner in component.recorded) == is_needed:
            self.work(component)
            component.recorded ^= {owner}

    def holds(self, link: UUID, end: str) -> bool:
        """Whether a link that was applied in this run holds, once all is settled."""
        component = self.component(end)
        prefix = link.int >> PREFIX
        return component is not None and prefix in component.links and prefix not in component.refused

    def row(self, identifier: str) -> Row:
        """Whose an identifier is, as far as it has been evaluated."""
        component = self.component(identifier)
        return component.rows[component.place(identifier)] if component else implicit(identifier)

    def tidy(self) -> None:
        """Single identifiers of which nothing need be kept leave their components."""
        for component in list(self.worked.values()):
            name = component.members[0]
            is_single = len(component.members) == 1 and not component.commands and not component.recorded
            if is_single and component.rows[0] == implicit(name):
                self.sit([name], None)
                self.discard(component)

    # Back into the memory

    def keep_plain(
        self, number: int, whole: Kept, parts: Iterable[tuple[int, Kept]], single: Iterable[str], writes: Writes
    ) -> None:
        """A component that was taken out, and nothing else of it; what it took in, and whom, sits in it now."""
        start, key = self._letters[b"i"], self._letters[b"c"]
        seat = kept.pack_place(number)
        writes[key + number.to_bytes(8, "big")] = kept.pack_kept(whole)
        for other, part in parts:
            writes[key + other.to_bytes(8, "big")] = None
            for name in part.members:
                writes[start + name.encode()] = seat
        for name in single:
            writes[start + name.encode()] = seat

    def writes(self) -> Writes:
        """All that changed, as keys and values; None: the key goes."""
        start, whole = self._letters[b"i"], self._letters[b"c"]
        writes: Writes = {}
        for identifier in self._touched:
            writes[start + identifier.encode()] = kept.pack_seat(self.seats[identifier])
        for number in self._gone:
            writes[whole + number.to_bytes(8, "big")] = None
        for number, component in self.worked.items():
            component.special = {name for name in component.special if not self.seats[name].is_plain}
            writes[whole + number.to_bytes(8, "big")] = kept.pack_kept(component.keep())
        return writes | self.beside.writes()
