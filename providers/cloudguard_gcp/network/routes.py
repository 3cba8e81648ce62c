"""Subnets with the routes of their network.

Of several routes to one destination, those with the lowest priority number are used
(https://cloud.google.com/vpc/docs/routes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.network import NextHop, Route, Subnet
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import ALL6, AddressSet
from cloudguard.provider.answers import Item, children, number, required, text, texts
from cloudguard.provider.network.parts_in_use import interfaces_of, subnets_of
from cloudguard.values import dataclass
from cloudguard_gcp.access.calls import LIST_ROUTES
from cloudguard_gcp.access.links import last, required_link
from cloudguard_gcp.cluster.selectors import by_tag
from cloudguard_gcp.network.routers import LearnedRoute

_OUT: Final = frozenset({NextHop.INTERNET, NextHop.APPLIANCE, NextHop.UNKNOWN})
"""Next hops with no network of the owner's behind them."""
_STATES: Final = {"": True, "ACTIVE": True, "DROPPED": False, "INACTIVE": False, "PENDING": False}
_NO_HOP: Final = "NEXT_HOP_"
"""How warnings about a next hop begin. Some of them say that the next hop takes no packets."""
_STOPPED: Final = frozenset(
    (
        "NEXT_HOP_ADDRESS_NOT_ASSIGNED",
        "NEXT_HOP_INSTANCE_HAS_NO_IPV6_INTERFACE",
        "NEXT_HOP_INSTANCE_NOT_FOUND",
        "NEXT_HOP_INSTANCE_NOT_ON_NETWORK",
        "NEXT_HOP_NOT_RUNNING",
    )
)
"""Warnings that the next hop is stopped or gone. Google then uses the next route
(https://cloud.google.com/vpc/docs/static-routes, https://cloud.google.com/compute/docs/reference/rest/v1/routes).
"""
_PRIORITY: Final = 1000
"""The priority of a route that does not say its own."""
_HOPS: Final = (
    ("nextHopGateway", NextHop.INTERNET),
    ("nextHopNetwork", NextHop.LOCAL),
    ("nextHopPeering", NextHop.PEER),
    ("nextHopVpnTunnel", NextHop.VPN),
    ("nextHopInterconnectAttachment", NextHop.VPN),
    ("nextHopHub", NextHop.HUB),
    ("nextHopInstance", NextHop.APPLIANCE),
    ("nextHopIp", NextHop.APPLIANCE),
    ("nextHopIlb", NextHop.APPLIANCE),
)


@dataclass(frozen=True, slots=True)
class VpcRoute:
    """A route of a network. It applies to machines with one of ``tags`` (none: to all machines).

    ``effective``: whether its next hop takes packets. True if no answer says otherwise; None if it is unknown.
    """

    name: str
    network: str
    destination: AddressSet
    hop: NextHop
    target: str
    priority: int
    tags: frozenset[str]
    effective: bool | None = True


def vpc_route(item: Item) -> VpcRoute:
    """Return a route."""
    name = required(item, "name")
    hop, target = next(((hop, last(text(item, key))) for key, hop in _HOPS if item.get(key)), (NextHop.UNKNOWN, name))
    return VpcRoute(
        name=name,
        network=required_link(item, "network"),
        destination=AddressSet.parse(required(item, "destRange")),
        hop=hop,
        target=target,
        priority=number(item, "priority", _PRIORITY),
        tags=frozenset(map(by_tag, texts(item, "tags"))),
        effective=_effective(
            text(item, "routeStatus"), [text(warning, "code") for warning in children(item, "warnings")]
        ),
    )


def _effective(status: str, warnings: Iterable[str]) -> bool | None:
    """Whether a route takes packets; None if its status or a warning is unknown."""
    state, about_hop = _STATES.get(status), {code for code in warnings if code.startswith(_NO_HOP)}
    if state is False or about_hop & _STOPPED:
        return False
    return None if about_hop else state


@dataclass(frozen=True, slots=True)
class Member:
    """A host, or a pool's next host, with the facts that choose its routes.

    ``public``: the host may have a public address.
    """

    groups: frozenset[str]
    public: bool


def members_of(hosts: Iterable[Host], pools: Iterable[Pool]) -> dict[str, set[Member]]:
    """Return the hosts and next hosts in each subnet, as a dict of subnet id → members."""
    members: dict[str, set[Member]] = {}
    for interface in interfaces_of(hosts):
        public = bool(interface.public) or interface.public_ip_on_start
        public = public or any(address & ALL6 for address in interface.addresses)
        members.setdefault(interface.subnet, set()).add(Member(frozenset(interface.groups), public))
    for pool in pools:
        further = any(interface.public or interface.public_ipv6 for interface in pool.further)
        public = pool.public is not False or bool(pool.public_ipv6) or further
        for name in subnets_of(pool):
            members.setdefault(name, set()).add(Member(frozenset(pool.groups), public))
    return members


def with_routes(
    subnets: Iterable[Subnet],
    routes: Sequence[VpcRoute],
    learned: Iterable[LearnedRoute],
    members: Mapping[str, set[Member]],
) -> Iterator[Subnet]:
    """Yield the subnets with their routes. ``members``: the cluster's own hosts in each subnet.

    Learned routes change from hour to hour. They are therefore added to the other routes of their destination, and no
    priorities are compared.
    """
    for subnet in subnets:
        mine = (route for route in routes if route.network == subnet.network)
        further = (
            route.route for route in learned if route.network == subnet.network and route.region in {"", subnet.zone}
        )
        yield replace(subnet, routes=(*_in_force(mine, members.get(subnet.id, set())), *further))


def _in_force(routes: Iterable[VpcRoute], members: set[Member]) -> Iterator[Route]:
    """Yield the routes that apply to a subnet's hosts. A route for a tag that no host has does not apply."""
    by_destination: dict[AddressSet, list[VpcRoute]] = {}
    for route in routes:
        if any(_is_for(route, members)):
            by_destination.setdefault(route.destination, []).append(route)
    for destination, every in by_destination.items():
        listed = [route for route in every if route.effective is not False] or every
        counting = _counting(listed, members)
        if {route.hop for route in counting} <= _OUT and len(counting) > 1:
            counting = _counting(listed, {member for member in members if member.public} or members)
        chosen = [(route.hop, route.target, route.name) for route in counting]
        hops = {hop for hop, _, _ in chosen}
        if len(hops) > 1 and hops <= _OUT:
            names, targets = ", ".join(name for *_, name in chosen), " or ".join(target for _, target, _ in chosen)
            chosen = [(NextHop.UNKNOWN, targets, names)]
        for hop, target, name in chosen:
            yield Route(destination, hop, target, Source(LIST_ROUTES.name, name))


def _counting(listed: Iterable[VpcRoute], members: set[Member]) -> list[VpcRoute]:
    """Return the routes to one destination that are used by any of ``members``.

    A route that applies to all members overrides the routes with a higher priority number.
    """
    routes = [route for route in listed if any(_is_for(route, members))]
    sure = (route for route in routes if all(_is_for(route, members)) and route.effective is not None)
    most = min((route.priority for route in sure), default=None)
    return [route for route in routes if most is None or route.priority <= most]


def _is_for(route: VpcRoute, members: set[Member]) -> Iterator[bool]:
    """Yield for each of ``members`` whether a route applies to it; without members, whether the route has no tags."""
    tags = route.tags
    yield from (not tags or not tags.isdisjoint(member.groups) for member in members) if members else (not tags,)
