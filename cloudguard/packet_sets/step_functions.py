"""Step functions from address points to bit masks, and axes, which say what services the bits stand for.

A step function is ``(starts, masks)``: mask i holds from start i up to the next start (the last one up to ADDRESS_END).
It is canonical if ``starts[0]`` is 0 and neighbouring masks differ. Equal functions on one axis then are equal tuples.
An axis is a sorted tuple of cuts, the first of them 0. Atom i is the services from cut i up to the next cut (the last
one up to SERVICE_END), and bit i of a mask stands for all services of atom i.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import compress
from operator import ne

from cloudguard.intervals import ADDRESS_END, Interval, union
from cloudguard.packet_sets.services import SERVICE_END

StepFunction = tuple[tuple[int, ...], tuple[int, ...]]
Axis = tuple[int, ...]

Piece = tuple[int, int, int]
"""``(start, end, mask)``: one mask on one interval of addresses."""

EMPTY: StepFunction = ((0,), (0,))


def axis_of(services: Iterable[tuple[Interval[int], ...]]) -> Axis:
    """Return the coarsest axis on which each of ``services`` (the intervals of a ServiceSet) is a union of atoms."""
    cuts = {0}
    for intervals in services:
        for interval in intervals:
            cuts.update(interval)
    cuts.discard(SERVICE_END)
    return tuple(sorted(cuts))


@lru_cache(maxsize=4096)
def common_axis(left: Axis, right: Axis) -> Axis:
    """Return the coarsest axis that refines both axes."""
    cuts = {*left, *right}
    if len(cuts) == len(left):
        return left
    return right if len(cuts) == len(right) else tuple(sorted(cuts))


def mask_of(intervals: tuple[Interval[int], ...], axis: Axis) -> int:
    """Return the mask of services whose ends are cuts of ``axis``."""
    mask = 0
    for start, end in intervals:
        mask |= (1 << bisect_left(axis, end)) - (1 << bisect_left(axis, start))
    return mask


def masks_of(services: Iterable[tuple[Interval[int], ...]]) -> tuple[Axis, dict[tuple[Interval[int], ...], int]]:
    """Return the coarsest axis on which each of ``services`` can be written, and the mask of each on it."""
    kinds = {*services}
    axis = axis_of(kinds)
    return axis, {intervals: mask_of(intervals, axis) for intervals in kinds}


@lru_cache(maxsize=4096)
def services_on_axis(intervals: tuple[Interval[int], ...]) -> tuple[Axis, int]:
    """Return the coarsest axis on which services can be written, and their mask on it."""
    axis = axis_of((intervals,))
    return axis, mask_of(intervals, axis)


def constant(mask: int, intervals: tuple[Interval[int], ...]) -> StepFunction:
    """Return the function that is ``mask`` inside canonical ``intervals`` of addresses, and 0 elsewhere."""
    if not mask:
        return EMPTY
    starts, masks = [0], [0]
    for start, end in intervals:
        if start:
            starts.append(start)
            masks.append(mask)
        else:
            masks[0] = mask
        if end < ADDRESS_END:
            starts.append(end)
            masks.append(0)
    return tuple(starts), tuple(masks)


def intervals_of(mask: int, axis: Axis) -> tuple[Interval[int], ...]:
    """Return the services of ``mask`` as intervals. This is the inverse of ``mask_of``."""
    edges = (*axis, SERVICE_END)
    return union((edges[low], edges[high]) for low, high in _runs(mask))


def _runs(mask: int) -> Iterable[tuple[int, int]]:
    """Yield the runs of set bits, the lowest first, as half-open pairs of bit numbers."""
    while mask:
        low = (mask & -mask).bit_length() - 1
        rest = ~(mask >> low)
        high = low + (rest & -rest).bit_length() - 1
        yield low, high
        mask = mask >> high << high


class _Refinement(dict[int, int]):
    """A dict of masks of a coarse axis → masks of a finer axis. Entries are computed on first use."""

    def __init__(self, coarse: Axis, fine: Axis) -> None:
        super().__init__()
        self._bits = [bisect_left(fine, cut) for cut in (*coarse, SERVICE_END)]

    def __missing__(self, mask: int) -> int:
        bits = self._bits
        fine = 0
        for low, high in _runs(mask):
            fine |= (1 << bits[high]) - (1 << bits[low])
        self[mask] = fine
        return fine


_refinement = lru_cache(maxsize=128)(_Refinement)


def refined(function: StepFunction, coarse: Axis, fine: Axis) -> StepFunction:
    """Return the same function on the axis ``fine``, which refines ``coarse``."""
    if coarse == fine:
        return function
    refinement = _refinement(coarse, fine)
    return function[0], tuple([refinement[mask] for mask in function[1]])


def coarsest(function: StepFunction, axis: Axis) -> tuple[StepFunction, Axis]:
    """Return the same function on the coarsest axis on which it can be written."""
    starts, masks = function
    edges = 0
    for mask in set(masks):
        edges |= mask ^ (mask << 1)
    keep = [0, *(bit for bit in range(1, len(axis)) if edges >> bit & 1)]
    if len(keep) == len(axis):
        return function, axis
    shrunk = {mask: sum(1 << i for i, bit in enumerate(keep) if mask >> bit & 1) for mask in set(masks)}
    return (starts, tuple([shrunk[mask] for mask in masks])), tuple([axis[bit] for bit in keep])


def union_of_pieces(pieces: Iterable[Piece]) -> StepFunction:
    """Return the union of ``(start, end, mask)`` pieces in one sweep over their sorted starts.

    ``ends`` and ``covers`` are a stack of the pieces that are open at the current point, with the piece that ends first
    on top. A cover is the union of its piece's mask and of all masks below it. CIDRs are nested, so that a piece almost
    always goes directly on top.
    """
    starts, masks = [0], [0]
    ends, covers = [ADDRESS_END], [0]
    for start, end, mask in sorted(pieces):
        while ends[-1] <= start:
            closed = ends.pop()
            covers.pop()
            _append(starts, masks, closed, covers[-1])
        if mask | covers[-1] == covers[-1] and end <= ends[-1]:
            continue
        _push(ends, covers, end, mask)
        _append(starts, masks, start, covers[-1])
    while len(ends) > 1:
        closed = ends.pop()
        covers.pop()
        if closed < ADDRESS_END:
            _append(starts, masks, closed, covers[-1])
    return tuple(starts), tuple(masks)


def _push(ends: list[int], covers: list[int], end: int, mask: int) -> None:
    """Put a piece on the stack, below the pieces that end before it."""
    index = len(ends)
    while ends[index - 1] < end:
        index -= 1
        covers[index] |= mask
    cover = covers[index - 1] | mask
    if ends[index - 1] == end and index > 1:
        covers[index - 1] = cover
    else:
        ends.insert(index, end)
        covers.insert(index, cover)


def _append(starts: list[int], masks: list[int], start: int, mask: int) -> None:
    """Append ``mask`` from ``start`` on. ``start`` is not before the last start."""
    if starts[-1] == start:
        starts.pop()
        masks.pop()
    if not masks or masks[-1] != mask:
        starts.append(start)
        masks.append(mask)


def combined(
    left: StepFunction, right: StepFunction, operation: Callable[[list[int], list[int]], list[int]]
) -> StepFunction:
    """Return two functions on one axis, combined by ``operation``, which combines two lists of masks pairwise."""
    starts = sorted(left[0] + right[0])
    left_get, right_get = dict(zip(*left, strict=True)).get, dict(zip(*right, strict=True)).get
    mask = 0
    lefts = [mask := left_get(start, mask) for start in starts]
    mask = 0
    rights = [mask := right_get(start, mask) for start in starts]
    return canonical(starts, operation(lefts, rights))


def restricted(function: StepFunction, intervals: Iterable[Interval[int]]) -> StepFunction:
    """Return the function inside canonical ``intervals``, and 0 elsewhere.

    The time for an interval is proportional to the number of steps in it.
    """
    if function == EMPTY:
        return EMPTY
    starts, masks = function
    kept, values = [0], [0]
    first, last = 0, len(starts)
    for start, end in intervals:
        first = bisect_right(starts, start, first)
        past = bisect_left(starts, end, first) if first < last and starts[first] < end else first
        mask = masks[first - 1]
        if first == past and not mask:
            continue
        if start:
            kept.append(start)
            values.append(mask)
        else:
            values[0] = mask
        if first < past:
            kept.extend(starts[first:past])
            values.extend(masks[first:past])
        if end < ADDRESS_END:
            kept.append(end)
            values.append(0)
    return canonical(kept, values)


def support(function: StepFunction) -> Iterator[Interval[int]]:
    """Yield the intervals where the function is not 0, in order."""
    starts, masks = function
    opened = -1
    for start, mask in zip(starts, masks, strict=True):
        if mask and opened < 0:
            opened = start
        elif not mask and opened >= 0:
            yield opened, start
            opened = -1
    if opened >= 0:
        yield opened, ADDRESS_END


def canonical(starts: Iterable[int], masks: list[int]) -> StepFunction:
    """Return the canonical form: only starts where the mask changes remain."""
    changes = [True, *map(ne, masks[1:], masks)]
    return tuple(compress(starts, changes)), tuple(compress(masks, changes))


def union_of(lefts: list[int], rights: list[int]) -> list[int]:
    """Return the unions of masks, pairwise."""
    return [left | right for left, right in zip(lefts, rights, strict=True)]


def intersection_of(lefts: list[int], rights: list[int]) -> list[int]:
    """Return the intersections of masks, pairwise."""
    return [left & right for left, right in zip(lefts, rights, strict=True)]


def difference_of(lefts: list[int], rights: list[int]) -> list[int]:
    """Return the differences of masks (left without right), pairwise."""
    return [left & ~right for left, right in zip(lefts, rights, strict=True)]
