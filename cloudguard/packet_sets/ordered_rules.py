"""Ordered rules: the packets that they permit, deny, or leave to the next rule."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from cloudguard.intervals import ADDRESS_END
from cloudguard.packet_sets import step_functions
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.values import dataclass

_BLOCK: Final = 32
"""The number of pieces in a block. They are evaluated one by one, and blocks are merged as a balanced tree."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The packets that a list of rules permits and denies. The two sets are disjoint if this module made them."""

    permit: PacketSet
    deny: PacketSet

    def then(self, other: Decided) -> Decided:
        """Return the decisions of ``self`` followed by ``other``, which decides only the remaining packets.

        The operation is associative.
        """
        decided = self.permit | self.deny
        return Decided(self.permit | (other.permit - decided), self.deny | (other.deny - decided))

    @property
    def undecided(self) -> PacketSet:
        """The packets that no rule matched."""
        return PacketSet.everything() - (self.permit | self.deny)


UNDECIDED: Final = Decided(PacketSet.nothing(), PacketSet.nothing())
"""The decisions of no rules. It is the identity element of ``then``."""


def first_match(rules: Sequence[tuple[bool, AddressSet, ServiceSet]]) -> Decided:
    """Return the decisions of ordered rules ``(permit, addresses, services)``: the first matching rule decides.

    The masks have twice the width of the axis: the low half has the permitted services, the high half the decided ones.
    ``then`` on such masks is one expression, and a balanced tree of it evaluates n rules in n log n steps.
    """
    axis, masks_of = step_functions.masks_of(services.intervals for _, _, services in rules)
    width = len(axis)

    def then(firsts: list[int], seconds: list[int]) -> list[int]:
        return [first | (second & ~(first >> width)) for first, second in zip(firsts, seconds, strict=True)]

    pieces = [
        (start, end, _wide(masks_of[services.intervals], width, permit=permit))
        for permit, addresses, services in rules
        for start, end in addresses.intervals
    ]
    blocks = [pieces[start : start + _BLOCK] for start in range(0, len(pieces), _BLOCK)]
    level = [_evaluated(block, width) for block in blocks] or [step_functions.EMPTY]
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        level = [step_functions.combined(*pair, then) for pair in zip(level[::2], level[1::2], strict=False)] + odd
    starts, masks = level[0]
    low = (1 << width) - 1
    permit = PacketSet(step_functions.canonical(starts, [mask & low for mask in masks]), axis)
    deny = PacketSet(step_functions.canonical(starts, [mask >> width & ~mask for mask in masks]), axis)
    return Decided(permit, deny)


def _wide(mask: int, width: int, *, permit: bool) -> int:
    """Return the mask of twice the width for a rule's mask."""
    return mask << width | (mask if permit else 0)


def _evaluated(pieces: list[step_functions.Piece], width: int) -> step_functions.StepFunction:
    """Return the decisions of a short list of pieces. Each decides the packets that earlier ones left undecided."""
    starts = sorted({0, *(edge for start, end, _ in pieces for edge in (start, end))} - {ADDRESS_END})
    masks = [0] * len(starts)
    for start, end, mask in pieces:
        for index in range(bisect_left(starts, start), bisect_left(starts, end)):
            masks[index] |= mask & ~(masks[index] >> width)
    return step_functions.canonical(starts, masks)
