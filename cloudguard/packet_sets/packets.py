"""Exact sets of packets: pairs of a peer address and a service."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Final

from cloudguard.intervals import ADDRESS_END, Interval, address_point
from cloudguard.packet_sets import step_functions
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet, service_name
from cloudguard.values import dataclass

_MUCH_SMALLER: Final = 8
"""A set with this many times fewer steps than another is much smaller."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One peer address and one point of the service axis."""

    address: str
    service: int

    def __str__(self) -> str:
        return f"{self.address} {service_name(self.service)}"


class PacketSet:
    """An exact, immutable set of (address, service) pairs. Equal sets are ``==`` and have the same hash."""

    __slots__ = ("_axis", "_canonical", "_function")

    def __init__(
        self, function: step_functions.StepFunction = step_functions.EMPTY, axis: step_functions.Axis = (0,)
    ) -> None:
        """Wrap a canonical step function on ``axis``. Only for this package: other code uses ``of``."""
        self._function = function
        self._axis = axis
        self._canonical: tuple[step_functions.StepFunction, step_functions.Axis] | None = None

    @staticmethod
    def nothing() -> PacketSet:
        """Return the empty set."""
        return _NOTHING

    @staticmethod
    def everything() -> PacketSet:
        """Return every service from every address."""
        return _EVERYTHING

    @staticmethod
    def product(addresses: AddressSet, services: ServiceSet) -> PacketSet:
        """Return all ``services`` from all ``addresses``."""
        axis, mask = step_functions.services_on_axis(services.intervals)
        return PacketSet(step_functions.constant(mask, addresses.intervals), axis)

    @staticmethod
    def of(pairs: Iterable[tuple[AddressSet, ServiceSet]]) -> PacketSet:
        """Return the union of products: for each pair, all its services from all its addresses."""
        rows = [(addresses.intervals, services.intervals) for addresses, services in pairs]
        axis, masks = step_functions.masks_of(intervals for _, intervals in rows)
        pieces = [(start, end, masks[intervals]) for row, intervals in rows for start, end in row]
        return PacketSet(step_functions.union_of_pieces(pieces), axis)

    @staticmethod
    def union(sets: Iterable[PacketSet]) -> PacketSet:
        """Return the union of ``sets``, computed in one sweep."""
        members = tuple(sets)
        coarsest: step_functions.Axis = (0,)
        axis = reduce(step_functions.common_axis, (member.axis for member in members), coarsest)
        pieces = (piece for member in members for piece in member.pieces(axis) if piece[2])
        return PacketSet(step_functions.union_of_pieces(pieces), axis)

    def __or__(self, other: PacketSet) -> PacketSet:
        if not other:
            return self
        return self._combined(other, step_functions.union_of) if self else other

    def __and__(self, other: PacketSet) -> PacketSet:
        if other is _EVERYTHING or not self:
            return self
        if self is _EVERYTHING or not other:
            return other
        return self._restricted_to(other)._combined(other._restricted_to(self), step_functions.intersection_of)

    def __sub__(self, other: PacketSet) -> PacketSet:
        return self._combined(other._restricted_to(self), step_functions.difference_of) if self and other else self

    def _restricted_to(self, other: PacketSet) -> PacketSet:
        """Return the part from the addresses of ``other`` if that is much smaller, else the whole set."""
        if len(other._function[0]) * _MUCH_SMALLER > len(self._function[0]):
            return self
        return PacketSet(step_functions.restricted(self._function, step_functions.support(other._function)), self._axis)

    def _combined(self, other: PacketSet, operation: Callable[[list[int], list[int]], list[int]]) -> PacketSet:
        axis = self._axis if self._axis is other._axis else step_functions.common_axis(self._axis, other._axis)
        return PacketSet(step_functions.combined(self._on_axis(axis), other._on_axis(axis), operation), axis)

    @property
    def axis(self) -> step_functions.Axis:
        """The axis of the set's step function. Only for this package."""
        return self._axis

    def pieces(self, axis: step_functions.Axis) -> Iterator[step_functions.Piece]:
        """Return the pieces of the set's step function on ``axis``, which refines its own. Only for this package."""
        starts, masks = self._on_axis(axis)
        return zip(starts, (*starts[1:], ADDRESS_END), masks, strict=True)

    def _on_axis(self, axis: step_functions.Axis) -> step_functions.StepFunction:
        return step_functions.refined(self._function, self._axis, axis)

    def __le__(self, other: PacketSet) -> bool:
        return not self - other

    def __bool__(self) -> bool:
        return self._function != step_functions.EMPTY

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PacketSet):
            return NotImplemented
        if self._axis == other._axis:
            return self._function == other._function
        return self._function[0] == other._function[0] and self._canonical_form() == other._canonical_form()

    def __hash__(self) -> int:
        return hash(self._canonical_form())

    def _canonical_form(self) -> tuple[step_functions.StepFunction, step_functions.Axis]:
        if self._canonical is None:
            self._canonical = step_functions.coarsest(self._function, self._axis)
        return self._canonical

    def __repr__(self) -> str:
        inside = "; ".join(f"{addresses} {services}" for addresses, services in self.items())
        return f"<PacketSet {inside or 'nothing'}>"

    def only(self, services: ServiceSet) -> PacketSet:
        """Return the part whose service is one of ``services``."""
        if not self:
            return self
        axis = step_functions.common_axis(self._axis, step_functions.services_on_axis(services.intervals)[0])
        kept = step_functions.mask_of(services.intervals, axis)
        starts, masks = self._on_axis(axis)
        function = step_functions.canonical(starts, [mask & kept for mask in masks])
        return PacketSet(*step_functions.coarsest(function, axis))

    def within(self, addresses: AddressSet) -> PacketSet:
        """Return the part whose address is one of ``addresses``."""
        return PacketSet(step_functions.restricted(self._function, addresses.intervals), self._axis)

    def on(self, services: ServiceSet) -> AddressSet:
        """Return the addresses that reach at least one of ``services``."""
        return self.only(services).addresses()

    def at(self, point: int) -> ServiceSet:
        """Return the services that the address at ``point`` reaches."""
        starts, masks = self._function
        return self._services_of(masks[bisect_right(starts, point) - 1])

    def _services_of(self, mask: int) -> ServiceSet:
        return ServiceSet(step_functions.intervals_of(mask, self._axis))

    def addresses(self) -> AddressSet:
        """Return the addresses that reach any service."""
        return AddressSet(tuple(step_functions.support(self._function)))

    def services(self) -> ServiceSet:
        """Return the services that any address reaches."""
        mask = 0
        for step in self._function[1]:
            mask |= step
        return self._services_of(mask)

    def items(self) -> Iterator[tuple[AddressSet, ServiceSet]]:
        """Yield disjoint address sets, the lowest address first, each with its services.

        No two address sets have the same services.
        """
        intervals = defaultdict[int, list[Interval[int]]](list)
        for start, end, mask in self.pieces(self._axis):
            intervals[mask].append((start, end))
        for mask, part in intervals.items():
            if mask:
                yield AddressSet(tuple(part)), self._services_of(mask)

    def witness(self) -> Packet | None:
        """Return a packet with the most readable address and its lowest service, or None if the set is empty."""
        address = self.addresses().witness()
        return None if address is None else Packet(address, self.at(address_point(address)).first())


_NOTHING: Final = PacketSet()
_EVERYTHING: Final = PacketSet.product(AddressSet.everything(), ServiceSet.everything())
