"""Sets of integers as sorted, disjoint, non-adjacent half-open spans: the algebra that services and addresses share."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

Span = tuple[int, int]
"""``(start, end)``: the integers start <= n < end."""


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the canonical form of ``spans``, which may overlap, touch or be empty, in any order."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return tuple(out)


def common(left: tuple[Span, ...], right: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the intersection of two canonical forms."""
    out: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            out.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def without(left: tuple[Span, ...], right: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return what of canonical ``left`` is outside of canonical ``right``."""
    out: list[Span] = []
    j = 0
    for whole_start, end in left:
        start = whole_start
        while j < len(right) and right[j][1] <= start:
            j += 1
        k = j
        while k < len(right) and right[k][0] < end:
            if right[k][0] > start:
                out.append((start, right[k][0]))
            start = right[k][1]
            k += 1
        if start < end:
            out.append((start, end))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class SpanSet:
    """A set of integers. ``spans`` must be canonical; ``of_spans`` makes it so."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def nothing(cls) -> Self:
        """Return the empty set."""
        return cls(())

    @classmethod
    def of_spans(cls, spans: Iterable[Span]) -> Self:
        """Return the union of half-open ``spans``."""
        return cls(merged(spans))

    @property
    def size(self) -> int:
        """How many points it has."""
        return sum(end - start for start, end in self.spans)

    def first(self) -> int:
        """Return the lowest point; raises ValueError when there is none."""
        if not self.spans:
            message = "an empty set has no first point"
            raise ValueError(message)
        return self.spans[0][0]

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, point: int) -> bool:
        index = bisect_right(self.spans, point, key=_start)
        return index > 0 and point < self.spans[index - 1][1]

    def __or__(self, other: Self) -> Self:
        return type(self)(merged(self.spans + other.spans))

    def __and__(self, other: Self) -> Self:
        return type(self)(common(self.spans, other.spans))

    def __sub__(self, other: Self) -> Self:
        return type(self)(without(self.spans, other.spans))

    def __xor__(self, other: Self) -> Self:
        return (self - other) | (other - self)

    def __le__(self, other: Self) -> bool:
        return not without(self.spans, other.spans)


def _start(span: Span) -> int:
    return span[0]
