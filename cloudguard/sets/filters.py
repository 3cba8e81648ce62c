"""Ordered filters: what the rules so far permit, what they deny, and what they leave to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cloudguard.sets import steps
from cloudguard.sets.addresses import AddressSet
from cloudguard.sets.packets import PacketSet
from cloudguard.sets.services import ServiceSet


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
    axis = steps.axis_of({services.spans for _, _, services in rules})
    width = len(axis)

    def then(firsts: list[int], seconds: list[int]) -> list[int]:
        return [first | (second & ~(first >> width)) for first, second in zip(firsts, seconds, strict=True)]

    def leaf(permit: bool, addresses: AddressSet, services: ServiceSet) -> steps.Steps:  # noqa: FBT001 - a rule's field
        decided = steps.mask_of(services.spans, axis)
        mask = decided << width | (decided if permit else 0)
        return steps.swept((start, end, mask) for start, end in addresses.spans)

    level = [leaf(*rule) for rule in rules] or [steps.EMPTY]
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        level = [steps.combined(*pair, then) for pair in zip(level[::2], level[1::2], strict=False)] + odd
    starts, masks = level[0]
    low = (1 << width) - 1
    permit = PacketSet(steps.settled(starts, [mask & low for mask in masks]), axis)
    deny = PacketSet(steps.settled(starts, [mask >> width & ~mask for mask in masks]), axis)
    return Decided(permit, deny)
