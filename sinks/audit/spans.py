"""Spans of offsets: half-open, as [first, end). Pure."""

from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]


def total(spans: Iterable[Span]) -> int:
    """How many offsets disjoint spans hold."""
    return sum(end - first for first, end in spans)


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same offsets in the fewest spans, in order; empty ones vanish."""
    found: list[Span] = []
    for first, end in sorted(spans):
        if end <= first:
            continue
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((first, end))
    return found


def cut(spans: Iterable[Span], within: Span) -> list[Span]:
    """The parts of spans that lie within one, in the same order."""
    lower, upper = within
    return [(max(first, lower), min(end, upper)) for first, end in spans if max(first, lower) < min(end, upper)]


def without(span: Span, taken: Sequence[Span]) -> Iterator[Span]:
    """What is left of a span; `taken` as `joined` gives it."""
    at, last = span
    for first, end in cut(taken, span):
        if at < first:
            yield at, first
        at = end
    if at < last:
        yield at, last
