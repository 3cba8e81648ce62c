"""Lower and upper bounds of packet sets that depend on facts that could not be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import Packet, PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of a set that contains all of ``lower`` and nothing outside ``upper``.

    ``lower`` is always added to ``upper``.
    """

    lower: PacketSet
    upper: PacketSet

    def __post_init__(self) -> None:
        if self.upper is not self.lower:
            object.__setattr__(self, "upper", self.upper | self.lower)

    def __or__(self, other: Bounds) -> Bounds:
        return self._each(PacketSet.__or__, other.lower, other.upper)

    def __and__(self, other: Bounds) -> Bounds:
        return self if other is EVERYTHING else self._each(PacketSet.__and__, other.lower, other.upper)

    def __sub__(self, other: Bounds) -> Bounds:
        return self._each(PacketSet.__sub__, other.upper, other.lower)

    def _each(self, operation: Callable[[PacketSet, T], PacketSet], for_lower: T, for_upper: T) -> Bounds:
        """Return the results of an operation on each bound.

        If both bounds are one object, as ``exactly`` makes them, and so are the operands, only one result is computed.
        """
        lower = operation(self.lower, for_lower)
        exact = self.upper is self.lower and for_upper is for_lower
        return exactly(lower) if exact else Bounds(lower, operation(self.upper, for_upper))

    def __le__(self, other: Bounds) -> bool:
        """Whether every packet is certainly in ``other``."""
        return self.upper <= other.lower

    def __bool__(self) -> bool:
        """Whether the set may have members: False only if it is certainly empty."""
        return bool(self.upper)

    def witness(self) -> Packet | None:
        """Return a packet that is certainly in the set, or None if there is none."""
        return self.lower.witness()

    def only(self, services: ServiceSet) -> Bounds:
        """Return the part whose service is one of ``services``."""
        return self._each(PacketSet.only, services, services)

    def within(self, addresses: AddressSet) -> Bounds:
        """Return the part whose address is one of ``addresses``."""
        return self._each(PacketSet.within, addresses, addresses)

    @property
    def undecided(self) -> PacketSet:
        """The packets that are in the upper bound and not in the lower bound."""
        return self.upper - self.lower


def exactly(packets: PacketSet) -> Bounds:
    """Return the bounds of a known set: both are ``packets``."""
    return Bounds(packets, packets)


def unknown(packets: PacketSet) -> Bounds:
    """Return the bounds of an unknown subset of ``packets``."""
    return Bounds(PacketSet.nothing(), packets)


NOTHING: Final = exactly(PacketSet.nothing())
EVERYTHING: Final = exactly(PacketSet.everything())
