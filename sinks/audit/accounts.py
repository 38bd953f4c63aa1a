"""What became of the accepted positions of one raw partition. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sinks.audit.bounds import Bounds
from sinks.audit.spans import Span, joined, total, without
from sinks.ranges import Where

PAGE: Final = 1 << 16  # positions that are counted together


class Page(NamedTuple):
    """Positions with a fate, of one partition and one page: offsets with the same quotient by PAGE.

    `positions` lie between `lowest` and `highest`, both included; the others count fates.
    """

    lowest: int
    highest: int
    positions: int
    stored: int
    duplicate: int
    rejected: int

    @property
    def span(self) -> Span:
        """The least span that holds its positions."""
        return self.lowest, self.highest + 1

    @property
    def is_whole(self) -> bool:
        """Whether all positions of its span have a fate."""
        return self.positions == self.highest + 1 - self.lowest

    @property
    def has_doubles(self) -> bool:
        """Whether there are more fates than positions."""
        return self.stored + self.duplicate + self.rejected > self.positions


@dataclass(frozen=True, slots=True)
class Account:
    """One partition: accepted = stored + duplicate + rejected + in_flight + missing, where no position is doubled.

    Attributes:
        where: the partition.
        bounds: what was accepted, and what of it must have a fate.
        stored, duplicate, rejected: fates.
        in_flight: how many positions without a fate may still get one.
        missing: positions that have no fate and must.
        doubled: positions with more than one fate.
    """

    where: Where
    bounds: Bounds
    stored: int
    duplicate: int
    rejected: int
    in_flight: int
    missing: tuple[Span, ...]
    doubled: tuple[Span, ...]

    @property
    def accepted(self) -> int:
        """How many positions were accepted."""
        return self.bounds.end - self.bounds.first

    @property
    def is_clean(self) -> bool:
        """Whether nothing is missing and nothing doubled."""
        return not self.missing and not self.doubled


def account(
    where: Where, bounds: Bounds, pages: Sequence[Page], doubled: Sequence[Span], waiting: Sequence[Span] = ()
) -> Account:
    """Compare what was accepted with what has a fate.

    `pages`: whole ones, within the bounds; together all positions with a fate there. `doubled`: those with several.
    `waiting`: positions that are known to be in flight.
    """
    fated = joined(page.span for page in pages)
    missing = tuple(without((bounds.first, bounds.settled), joined([*fated, *waiting])))
    return Account(
        where,
        bounds,
        sum(page.stored for page in pages),
        sum(page.duplicate for page in pages),
        sum(page.rejected for page in pages),
        bounds.end - bounds.first - total(fated) - total(missing),
        missing,
        tuple(joined(doubled)),
    )
