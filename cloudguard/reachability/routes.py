"""The next hop of each address according to a subnet's routes. The longest prefix wins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from cloudguard.model.filters import AddressList
from cloudguard.model.network import NextHop, Route, Subnet
from cloudguard.packet_sets.addresses import AddressSet

_HALF4, _HALF6 = 2**31, 2**127
"""Half of all IPv4 addresses, and half of all IPv6 addresses."""
_MAYBE_INTERNET = {NextHop.INTERNET, NextHop.APPLIANCE, NextHop.UNKNOWN}


def is_default(addresses: AddressSet) -> bool:
    """Whether ``addresses`` are at least half of an IP version. A route for them does not show who is behind it."""
    return addresses.size4 >= _HALF4 or addresses.size6 >= _HALF6


def is_read(route: Route) -> bool:
    """Whether a route was read. A route to an unknown next hop without a name stands for routes that were not read."""
    return route.hop is not NextHop.UNKNOWN or bool(route.target)


def routed(subnet: Subnet, lists: Mapping[str, AddressList]) -> dict[tuple[NextHop, str], AddressSet]:
    """Return the addresses by the (hop, target) to which a subnet's routes send them.

    ``lists`` are the address lists by id.
    """
    prefixes = [  # of two routes with the same prefix, the network's local route wins
        (addresses.size, route.hop is not NextHop.LOCAL, route.target, route.hop, addresses)
        for route in subnet.routes
        for addresses in _destinations(route, lists) or ()
    ]
    decided, by_hop = AddressSet.nothing(), defaultdict[tuple[NextHop, str], AddressSet](AddressSet)
    for _, _, target, hop, addresses in sorted(prefixes, key=lambda prefix: prefix[:3]):
        if rest := addresses - decided:
            by_hop[hop, target] |= rest
        decided |= addresses
    return by_hop


def _destinations(route: Route, lists: Mapping[str, AddressList]) -> tuple[AddressSet, ...] | None:
    """Return the destination ranges of a route, or None if they are the entries of an unknown address list."""
    if not route.address_list:
        return (route.destination,)
    named = lists.get(route.address_list)
    return named.ranges if named is not None and named.known else None


def unknown_destinations(subnet: Subnet, lists: Mapping[str, AddressList]) -> tuple[Route, ...]:
    """Return the routes with unknown destinations, without routes to a service's private endpoint."""
    return tuple(
        route for route in subnet.routes if route.hop is not NextHop.SERVICE and _destinations(route, lists) is None
    )


def replied_to(subnet: Subnet, lists: Mapping[str, AddressList]) -> tuple[AddressSet, AddressSet]:
    """Return the addresses to which a subnet's routes certainly and possibly send replies by an internet gateway."""
    lower = upper = AddressSet.nothing()
    for (hop, _), addresses in routed(subnet, lists).items():
        if hop is NextHop.INTERNET and not subnet.inspected:
            lower |= addresses
        elif hop in _MAYBE_INTERNET:
            upper |= addresses
    for route in unknown_destinations(subnet, lists):
        within = route.destination or AddressSet.everything()
        if route.hop in _MAYBE_INTERNET:
            upper |= within
        if route.hop is not NextHop.INTERNET:
            lower, upper = lower - within, upper | lower
    return lower, lower | upper
