"""Routes as a probe reads them: of the routes for an address, the one with the longest prefix decides."""

from __future__ import annotations

from functools import cache
from ipaddress import ip_address, ip_network

Route = tuple[str, int, bool]
"""A destination, a priority among routes with the same prefix, and whether the next hop takes the packets."""


@cache
def is_routed(routes: tuple[Route, ...], address: str) -> bool:
    """Whether a packet to an address goes anywhere: it does not without a route, or with one that drops it."""
    own_address = ip_address(address)
    found = [
        (-ip_network(cidr).prefixlen, priority, not taken)
        for cidr, priority, taken in routes
        if own_address.version == ip_network(cidr).version and own_address in ip_network(cidr)
    ]
    return bool(found) and not min(found)[2]
