"""A packet set known only between two bounds, for what rests on facts that could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet


@dataclass(frozen=True, slots=True)
class Bounds:
    """The true set holds all of ``surely`` and nothing outside ``possibly`` (which is widened to hold ``surely``)."""

    lower: PacketSet
    upper: PacketSet

    def __post_init__(self) -> None:
        if self.upper is not self.lower:
            object.__setattr__(self, "upper", self.upper | self.lower)

    def __or__(self, other: Bounds) -> Bounds:
        surely = self.lower | other.lower
        return exactly(surely) if self._known and other._known else Bounds(surely, self.upper | other.upper)

    def __and__(self, other: Bounds) -> Bounds:
        if other is EVERYTHING:
            return self
        surely = self.lower & other.lower
        return exactly(surely) if self._known and other._known else Bounds(surely, self.upper & other.upper)

    def __sub__(self, other: Bounds) -> Bounds:
        surely = self.lower - other.upper
        return exactly(surely) if self._known and other._known else Bounds(surely, self.upper - other.lower)

    def only(self, services: ServiceSet) -> Bounds:
        """Return the part whose service is one of ``services``."""
        surely = self.lower.only(services)
        return exactly(surely) if self._known else Bounds(surely, self.upper.only(services))

    def within(self, addresses: AddressSet) -> Bounds:
        """Return the part whose address is one of ``addresses``."""
        surely = self.lower.within(addresses)
        return exactly(surely) if self._known else Bounds(surely, self.upper.within(addresses))

    @property
    def _known(self) -> bool:
        """Whether both bounds are one object, as ``exactly`` makes them: then every operator works once, not twice."""
        return self.upper is self.lower

    @property
    def undecided(self) -> PacketSet:
        """The packets that may or may not be in."""
        return self.upper - self.lower


def exactly(packets: PacketSet) -> Bounds:
    """Return the bounds of a set that is known."""
    return Bounds(packets, packets)


def unknown(packets: PacketSet) -> Bounds:
    """Return the bounds of a set of which nothing is known but that it lies in ``packets``."""
    return Bounds(PacketSet.nothing(), packets)


NOTHING: Final = exactly(PacketSet.nothing())
EVERYTHING: Final = exactly(PacketSet.everything())
