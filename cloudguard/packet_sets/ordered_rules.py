"""Ordered filters: what the rules so far permit, what they deny, and what they leave to the next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cloudguard.intervals import ADDRESS_END
from cloudguard.packet_sets import step_functions
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet

_BLOCK: Final = 32
"""Rules that are laid one by one before the tree of merges begins."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a list of rules decides. ``permit`` and ``deny`` have nothing in common if they come from here."""

    permit: PacketSet
    deny: PacketSet

    def then(self, other: Decided) -> Decided:
        """Return what both decide when ``other`` sees only what this leaves undecided. Associative."""
        seen = self.permit | self.deny
        return Decided(self.permit | (other.permit - seen), self.deny | (other.deny - seen))

    @property
    def undecided(self) -> PacketSet:
        """What no rule matched."""
        return PacketSet.everything() - (self.permit | self.deny)


UNDECIDED: Final = Decided(PacketSet.nothing(), PacketSet.nothing())
"""No rules: the identity of ``then``."""


def first_match(rules: Sequence[tuple[bool, AddressSet, ServiceSet]]) -> Decided:
    """Return what ordered rules ``(permit, addresses, services)`` decide when the first that matches a packet counts.

    A mask of twice the axis' width says it all: the low half is what is permitted, the high half what is decided at
    all. ``then`` on such masks is one expression, and a balanced tree of it makes n rules cost n log n steps.
    """
    axis = step_functions.axis_of({services.intervals for _, _, services in rules})
    width = len(axis)

    def then(firsts: list[int], seconds: list[int]) -> list[int]:
        return [first | (second & ~(first >> width)) for first, second in zip(firsts, seconds, strict=True)]

    pieces = _pieces(rules, axis)
    level = [_painted(pieces[at : at + _BLOCK], width) for at in range(0, len(pieces), _BLOCK)] or [
        step_functions.EMPTY
    ]
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        level = [step_functions.combined(*pair, then) for pair in zip(level[::2], level[1::2], strict=False)] + odd
    starts, masks = level[0]
    low = (1 << width) - 1
    permit = PacketSet(step_functions.settled(starts, [mask & low for mask in masks]), axis)
    deny = PacketSet(step_functions.settled(starts, [mask >> width & ~mask for mask in masks]), axis)
    return Decided(permit, deny)


def _pieces(
    rules: Sequence[tuple[bool, AddressSet, ServiceSet]], axis: step_functions.Axis
) -> list[step_functions.Piece]:
    """Return the rules' address intervals in order, each with its rule's mask of twice the width."""
    width = len(axis)
    decided = {
        intervals: step_functions.mask_of(intervals, axis)
        for intervals in {services.intervals for _, _, services in rules}
    }
    out: list[step_functions.Piece] = []
    for permit, addresses, services in rules:
        mask = decided[services.intervals]
        wide = mask << width | (mask if permit else 0)
        out.extend((start, end, wide) for start, end in addresses.intervals)
    return out


def _painted(pieces: list[step_functions.Piece], width: int) -> step_functions.Steps:
    """Return what a short list of pieces decides, by laying each where the earlier ones left something undecided."""
    starts = sorted({0, *(edge for start, end, _ in pieces for edge in (start, end))} - {ADDRESS_END})
    masks = [0] * len(starts)
    for start, end, mask in pieces:
        for place in range(bisect_left(starts, start), bisect_left(starts, end)):
            masks[place] |= mask & ~(masks[place] >> width)
    return step_functions.settled(starts, masks)
