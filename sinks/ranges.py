"""A range of one partition, and the mark that remembers it in the committed offset's metadata. Pure.

Ranges of several partitions of one topic may go to ClickHouse in one insert. Each of them then knows the others, in its
token and in its mark: whoever comes next, with whichever of the partitions, can send the very same insert again.
"""

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple
from uuid import UUID

MEMBERS: Final = 32  # ranges in one insert, so that each one's mark has room for the others
LAYOUT: Final = 1  # of what a token stands for: raise it when the same range is to be stored again in another form


@dataclass(frozen=True, slots=True)
class Where:
    """A partition of one topic; its id, since offsets start again when a topic is made anew."""

    topic: str
    topic_id: UUID
    partition: int


class Span(NamedTuple):
    """Offsets of one partition, from `first` to `last`, both included."""

    partition: int
    first: int
    last: int

    def encode(self) -> str:
        """As tokens and marks have it."""
        return f"{self.partition}:{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Range:
    """Records of one partition from offset `first` to offset `last`, both included.

    Attributes:
        where: the partition.
        first: where reading began; records may be missing in between (retention, control records).
        last: the offset of the last record, or of the last that once was there.
        offsets, values: the records, in order.
        state: `open` is to be inserted; `refused` is one record that must not be inserted any more.
        detail: why it was refused.
        layout: of its token.
        beside: of the other ranges that go in the same insert.
    """

    where: Where
    first: int
    last: int
    offsets: "array[int]"
    values: Sequence[bytes]
    state: Literal["open", "refused"] = "open"
    detail: str = ""
    layout: int = LAYOUT
    beside: tuple[Span, ...] = ()

    @property
    def span(self) -> Span:
        """Which offsets of which partition."""
        return Span(self.where.partition, self.first, self.last)

    @property
    def token(self) -> str:
        """Names exactly the insert that it goes in: ClickHouse drops whatever comes under a token that it knows."""
        spans = ",".join(span.encode() for span in sorted((self.span, *self.beside)))
        return f"{self.where.topic_id}:{spans}:{self.layout}"

    @property
    def mark(self) -> str:
        """What the commit says while the range is on its way."""
        return Mark(self.state == "refused", self.last, self.where.topic_id, self.layout, self.beside).encode()

    def alone(self) -> "Range":
        """The same, to go in an insert of its own."""
        return replace(self, beside=())

    def split(self, row: int | None) -> "tuple[Range, Range]":
        """Two ranges that are this one: cut around `row` (the one that was refused) where it is known, else in half."""
        count = len(self.values)
        at = count // 2 if row is None or not 0 <= row < count else max(row, 1)
        cut = self.offsets[at]
        return (
            Range(self.where, self.first, cut - 1, self.offsets[:at], self.values[:at]),
            Range(self.where, cut, self.last, self.offsets[at:], self.values[at:]),
        )

    def refused(self, detail: str) -> "Range":
        """The same, once it is known that ClickHouse does not take it."""
        return Range(self.where, self.first, self.last, self.offsets, self.values, "refused", detail)


def together(ranges: Sequence[Range]) -> tuple[Range, ...]:
    """Ranges of several partitions of one topic as one insert: by partition, each knowing the others."""
    spans = sorted(batch.span for batch in ranges)
    by_partition = sorted(ranges, key=lambda batch: batch.where.partition)
    return tuple(replace(batch, beside=tuple(span for span in spans if span != batch.span)) for batch in by_partition)


def body(ranges: Sequence[Range]) -> bytes:
    """The rows as JSONEachRow."""
    return b"\n".join(value for batch in ranges for value in batch.values) + b"\n"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a commit's metadata says about the records that begin at its offset.

    Attributes:
        refused: they were refused and are to be rejected; else they may or may not have been inserted.
        last: the last offset of the range.
        topic_id: of the topic that they are of.
        layout: of the token that they were sent under.
        beside: of the other ranges in the same insert.
    """

    refused: bool
    last: int
    topic_id: UUID
    layout: int = LAYOUT
    beside: tuple[Span, ...] = ()

    def encode(self) -> str:
        """Within the 4,095 characters that Kafka keeps, for MEMBERS ranges at most."""
        state = "refused" if self.refused else "pending"
        beside = f" beside={','.join(span.encode() for span in self.beside)}" if self.beside else ""
        return f"{state}={self.last} topic={self.topic_id} layout={self.layout}{beside}"


_SPAN: Final = r"\d+:\d+-\d+"
_MARK: Final = re.compile(
    rf"(pending|refused)=(\d+) topic=([0-9a-f-]{{36}}) layout=(\d+)(?: beside=({_SPAN}(?:,{_SPAN})*))?", re.ASCII
)


def decode_mark(metadata: str | None) -> Mark | None:
    """The mark, or None where the metadata holds none of ours."""
    found = _MARK.fullmatch(metadata or "")
    if found is None:
        return None
    spans = (re.split("[:-]", span) for span in (found[5] or "").split(",") if span)
    beside = tuple(Span(*map(int, span)) for span in spans)
    return Mark(found[1] == "refused", int(found[2]), UUID(found[3]), int(found[4]), beside)


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin with a partition.

    Attributes:
        first: the first offset of the first range.
        read_from: the first offset that can still be read.
        mark: what is known of the first range.
        lost: what could not be read any more, for a person; empty when all is well.
    """

    first: int
    read_from: int
    mark: Mark | None = None
    lost: str = ""


def start_of(topic_id: UUID, committed: int | None, metadata: str | None, low: int, high: int) -> Start:
    """Where to begin, from what the group committed and the partition's ends (`high` is past the last record).

    A position that is gone is said, never passed over in silence. Whatever is still there is read again from the
    beginning where the position makes no sense: rows that come again collapse.
    """
    if committed is None:
        return Start(low, low)
    mark = decode_mark(metadata)
    if mark is not None and mark.topic_id != topic_id:
        return Start(low, low, lost="the topic was made anew; read from its beginning")
    if committed > high or (mark is not None and mark.last >= high):
        return Start(low, low, lost=f"offset {committed} is beyond the end {high}; read again from the beginning")
    if committed >= low:
        return Start(committed, committed, mark)
    lost = f"offsets {committed} to {low - 1} were deleted before they were known to be stored"
    if mark is None or mark.last < low:
        return Start(low, low, lost=lost)
    return Start(committed, low, mark, lost)
