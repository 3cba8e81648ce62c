"""Which hop each address is routed to: longest prefix wins."""

from __future__ import annotations

from collections.abc import Mapping

from cloudguard.model.network import AddressList, NextHop, Segment
from cloudguard.sets.addresses import AddressSet

WIDEST_PRIVATE_ROUTE = 2**31
"""A route to this many v4 addresses or more is a default route, and says nothing of who is behind it."""


def routed(segment: Segment, lists: Mapping[str, AddressList]) -> dict[tuple[NextHop, str], AddressSet]:
    """Return the addresses that each (hop, target) of the segment's routes leads to, by longest prefix."""
    prefixes: list[tuple[int, int, NextHop, str, AddressSet]] = []
    for route in segment.routes:
        known = lists.get(route.destination)
        texts = (route.destination,) if known is None else known.ranges
        for text in texts:
            try:
                addresses = AddressSet.parse(text)
            except ValueError:
                continue
            prefixes.append((addresses.size4 + addresses.size6, _rank(route.hop), route.hop, route.target, addresses))
    taken, found = AddressSet.nothing(), dict[tuple[NextHop, str], AddressSet]()
    for _, _, hop, target, addresses in sorted(prefixes, key=lambda one: (one[0], one[1], one[3])):
        own = addresses - taken
        if own:
            found[hop, target] = found.get((hop, target), AddressSet.nothing()) | own
        taken |= addresses
    return found


def _rank(hop: NextHop) -> int:
    """Of two routes of one prefix, the network's own wins."""
    return 0 if hop is NextHop.LOCAL else 1


def to_internet(segment: Segment, lists: Mapping[str, AddressList]) -> AddressSet:
    """Return the addresses that the segment reaches, and answers, by a gateway open to the internet."""
    together = AddressSet.nothing()
    for (hop, _), addresses in routed(segment, lists).items():
        if hop is NextHop.INTERNET:
            together |= addresses
    return together
