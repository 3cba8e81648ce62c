"""Set operations on half-open intervals, which packet sets and permission sets share, and a parser of CIDRs.

A tuple of intervals is canonical if it is sorted and its intervals are not empty, do not overlap and do not touch.
Two equal sets then have equal tuples.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final, Protocol, Self, TypeVar

from cloudguard.values import dataclass


class Ordered(Protocol):
    """The type of an interval's ends: an integer, or a cut between real numbers."""

    def __lt__(self, other: Self, /) -> bool: ...
    def __le__(self, other: Self, /) -> bool: ...
    def __gt__(self, other: Self, /) -> bool: ...
    def __ge__(self, other: Self, /) -> bool: ...


End = TypeVar("End", bound=Ordered)
Interval = tuple[End, End]
"""``(start, end)``: the points from ``start`` up to ``end``, without ``end``."""

V4_END: Final = 1 << 32
"""The end of IPv4 on the address axis. IPv4 addresses are [0, V4_END); the IPv6 address n is the point V4_END + n."""

ADDRESS_END: Final = V4_END + (1 << 128)
"""One past the last point of the address axis."""


def union(intervals: Iterable[Interval[End]]) -> tuple[Interval[End], ...]:
    """Return the canonical form of ``intervals``, which may be unsorted, overlap, touch or be empty."""
    out: list[Interval[End]] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return tuple(out)


def intersection(left: tuple[Interval[End], ...], right: tuple[Interval[End], ...]) -> tuple[Interval[End], ...]:
    """Return the intersection of two canonical tuples."""
    out: list[Interval[End]] = []
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


def difference(left: tuple[Interval[End], ...], right: tuple[Interval[End], ...]) -> tuple[Interval[End], ...]:
    """Return canonical ``left`` without canonical ``right``."""
    out: list[Interval[End]] = []
    j = 0
    for first, end in left:
        start = first
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
class Intervals:
    """A set of integers. ``intervals`` must be canonical; ``of_intervals`` accepts any intervals."""

    intervals: tuple[Interval[int], ...] = ()

    @classmethod
    def nothing(cls) -> Self:
        """Return the empty set."""
        return cls(())

    @classmethod
    def of_intervals(cls, intervals: Iterable[Interval[int]]) -> Self:
        """Return the union of ``intervals``."""
        return cls(union(intervals))

    @classmethod
    def union(cls, sets: Iterable[Self]) -> Self:
        """Return the points that are in any of ``sets``."""
        return cls(union(interval for each in sets for interval in each.intervals))

    @property
    def size(self) -> int:
        """The number of points."""
        return sum(end - start for start, end in self.intervals)

    def first(self) -> int:
        """Return the lowest point; raises ValueError if the set is empty."""
        if not self.intervals:
            message = "an empty set has no first point"
            raise ValueError(message)
        return self.intervals[0][0]

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __contains__(self, point: int) -> bool:
        index = bisect_right(self.intervals, point, key=_start)
        return index > 0 and point < self.intervals[index - 1][1]

    def __or__(self, other: Self) -> Self:
        return type(self)(union(self.intervals + other.intervals))

    def __and__(self, other: Self) -> Self:
        return type(self)(intersection(self.intervals, other.intervals))

    def __sub__(self, other: Self) -> Self:
        return type(self)(difference(self.intervals, other.intervals))

    def __le__(self, other: Self) -> bool:
        return not difference(self.intervals, other.intervals)


def _start(interval: Interval[int]) -> int:
    return interval[0]


def cidr_interval(text: str, *, host_bits: bool = False) -> Interval[int]:
    """Return the points of the address axis for an address or a CIDR (``10.0.0.0/8``, ``2001:db8::7``).

    Raises ValueError for any other text, and for a CIDR with host bits set. With ``host_bits``, such a CIDR is
    accepted and its host bits are ignored.
    """
    address, slash, length = text.partition("/")
    point = address_point(address)
    start, width = (0, 32) if point < V4_END else (V4_END, 128)
    if not slash:
        return point, point + 1
    if not (length.isascii() and length.isdigit() and len(length) <= len("128") and int(length) <= width):
        message = f"{text!r} is not a CIDR: its prefix length is a number from 0 to {width}"
        raise ValueError(message)
    size = 1 << (width - int(length))
    first = point - ((point - start) & (size - 1))
    if point != first and not host_bits:
        meant = f"{address_text(first)}/{int(length)}"
        message = f"{text!r} is not a CIDR: it has host bits set; write {meant} or {address}/{width}"
        raise ValueError(message)
    return first, first + size


def address_point(text: str) -> int:
    """Return the point of an address on the address axis; raises ValueError if ``text`` is not an address."""
    try:
        if ":" in text:
            return V4_END + int.from_bytes(inet_pton(AF_INET6, text))
        return int.from_bytes(inet_pton(AF_INET, text))
    except (OSError, ValueError) as error:
        message = f"{text!r} is not an IP address"
        raise ValueError(message) from error


def address_text(point: int) -> str:
    """Return the usual text of the address at ``point``; raises ValueError if ``point`` is not on the axis."""
    if not 0 <= point < ADDRESS_END:
        message = f"{point} is not a point of the address axis"
        raise ValueError(message)
    if point < V4_END:
        return inet_ntop(AF_INET, point.to_bytes(4))
    return inet_ntop(AF_INET6, (point - V4_END).to_bytes(16))
