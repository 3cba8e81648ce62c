"""Which hop each address is routed to: longest prefix wins."""

from __future__ import annotations

from collections.abc import Mapping

from cloudguard.model.filters import AddressList
from cloudguard.model.network import NextHop, Route, Subnet
from cloudguard.packet_sets.addresses import AddressSet

_HALF4, _HALF6 = 2**31, 2**127
"""Half of all addresses."""


def is_default(addresses: AddressSet) -> bool:
    """Whether so much is routed one way that it says nothing of who is behind it."""
    return addresses.size4 >= _HALF4 or addresses.size6 >= _HALF6


def routed(segment: Subnet, lists: Mapping[str, AddressList]) -> dict[tuple[NextHop, str], AddressSet]:
    """Return the addresses that each (hop, target) of the segment's routes leads to, by longest prefix."""
    prefixes = [
        (addresses.size, _rank(route.hop), route.hop, route.target, addresses)
        for route in segment.routes
        for addresses in _destinations(route, lists) or ()
    ]
    taken, found = AddressSet.nothing(), dict[tuple[NextHop, str], AddressSet]()
    for _, _, hop, target, addresses in sorted(prefixes, key=lambda one: (one[0], one[1], one[3])):
        own = addresses - taken
        if own:
            found[hop, target] = found.get((hop, target), AddressSet.nothing()) | own
        taken |= addresses
    return found


def _destinations(route: Route, lists: Mapping[str, AddressList]) -> tuple[AddressSet, ...] | None:
    """Return the ranges that a route is for; None where it names a list whose entries are not known."""
    if not route.address_list:
        return (route.destination,)
    named = lists.get(route.address_list)
    return named.ranges if named is not None and named.known else None


def unknown_destinations(segment: Subnet, lists: Mapping[str, AddressList]) -> tuple[Route, ...]:
    """Return the routes of which it is not known what they are for, but for those to a service's private endpoint."""
    return tuple(
        route for route in segment.routes if route.hop is not NextHop.SERVICE and _destinations(route, lists) is None
    )


def _rank(hop: NextHop) -> int:
    """Of two routes of one prefix, the network's own wins."""
    return 0 if hop is NextHop.LOCAL else 1
