"""Subnets as segments, with the routes of their network.

Of one destination's routes those of the lowest priority number count (https://cloud.google.com/vpc/docs/routes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.network import Network, NextHop, Route, Subnet
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_NETWORKS, LIST_ROUTES, LIST_SUBNETWORKS
from cloudguard_gcp.access.links import last, part_of, short
from cloudguard_gcp.cluster.selectors import by_tag
from cloudguard_gcp.network.routers import Learned

GOOGLE: Final = (
    "35.191.0.0/16",
    "130.211.0.0/22",
    "209.85.152.0/22",
    "209.85.204.0/22",
    "35.235.240.0/20",
    "2600:2d00:1:b029::/64",
    "2600:2d00:1:1::/64",
    "2600:1901:8001::/48",
)
"""Where Google's front ends, health checks and IAP's tunnels come from: nobody else can send from there
(https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges,
https://cloud.google.com/iap/docs/using-tcp-forwarding; kubernetes/cloud-provider-gcp
providers/gce/gce_loadbalancer.go; kubernetes/ingress-gce pkg/l4/healthchecks/healthchecksl4.go)."""
FRONT_ENDS: Final = ("35.191.0.0/16", "130.211.0.0/22")
"""Where proxies connect from (https://cloud.google.com/load-balancing/docs/firewall-rules)."""
GOOGLE_NETWORK: Final = "Google's own addresses"
PROXIES: Final = "Google's proxies"
_REGIONAL: Final = frozenset({"REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER"})
_GLOBAL: Final = frozenset({"GLOBAL_MANAGED_PROXY"})
"""Purposes of proxy-only subnets."""
_OUT: Final = frozenset({NextHop.INTERNET, NextHop.APPLIANCE, NextHop.UNKNOWN})
"""Hops that nobody inside is behind."""
_PRIORITY: Final = 1000
"""Of a route that tells none."""
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


def networks_of(api: Api, items: Iterable[Item], subnets: Sequence[Item]) -> Iterator[Network]:
    """Yield networks with the ranges of their subnets, and that of Google's own front ends."""
    for item in items:
        name = short(str(item["selfLink"]))
        ranges = [cidr for one in subnets if short(str(one.get("network", ""))) == name for cidr in ranges_of(one)]
        ranges += [str(item["IPv4Range"])] if item.get("IPv4Range") else []
        source = api.source(LIST_NETWORKS, name)
        yield Network(name, str(item["name"]), AddressSet.of(ranges), source)
    yield Network(GOOGLE_NETWORK, GOOGLE_NETWORK, AddressSet.of(GOOGLE), api.source(LIST_NETWORKS))
    yield Network(PROXIES, PROXIES, NO_ADDRESSES, api.source(LIST_NETWORKS))


def ranges_of(subnet: Item) -> Iterator[str]:
    """Yield a subnet's ranges: its own, the secondary ones (pods, services), and those of version 6."""
    for key in ("ipCidrRange", "externalIpv6Prefix", "internalIpv6Prefix", "ipv6CidrRange"):
        if subnet.get(key):
            yield str(subnet[key])
    for one in cast("Sequence[Item]", subnet.get("secondaryIpRanges") or ()):
        yield str(one["ipCidrRange"])


@dataclass(frozen=True, slots=True)
class Carrier:
    """A host, or a pool's next one, as routes tell it from others; ``public``: the internet may address it."""

    labels: frozenset[str]
    public: bool


def carriers_of(hosts: Iterable[Host], pools: Iterable[Pool]) -> dict[str, set[Carrier]]:
    """Return who stands in each subnet."""
    found: dict[str, set[Carrier]] = {}
    for one in (interface for host in hosts for interface in host.interfaces):
        public = bool(one.public) or one.public_ip_on_start or any(part & ALL6 for part in one.addresses)
        found.setdefault(one.subnet, set()).add(Carrier(frozenset(one.groups), public))
    for pool in pools:
        for name in pool.subnets:
            found.setdefault(name, set()).add(Carrier(frozenset(pool.groups), pool.public is not False))
    return found


def segments_of(
    subnets: Iterable[Item],
    routes: Sequence[Item],
    learned: Iterable[Learned],
    members: Mapping[str, set[Carrier]],
) -> Iterator[Subnet]:
    """Yield the subnets as segments; ``members``: the cluster's own in each.

    What routers learn changes from one hour to the next, so it stands beside the routes of its destination.
    """
    for one in subnets:
        name, network = short(str(one["selfLink"])), short(str(one.get("network", "")))
        region = part_of(name, "regions")
        further = [each.route for each in learned if each.network == network and each.region in {"", region}]
        yield Subnet(
            id=name,
            name=str(one["name"]),
            network=network,
            zone=region,
            ranges=AddressSet.of(ranges_of(one)),
            filters=(),
            routes=(*_routes(routes, network, members.get(name, set())), *further),
            source=Source(LIST_SUBNETWORKS.name, name),
        )


def front_ends(api: Api) -> Subnet:
    """Return where the global proxies are: behind Google's front ends."""
    return _proxies(PROXIES, "", AddressSet.of(FRONT_ENDS), api.source(LIST_ROUTES))


def regional_proxies(api: Api, region: str, network: str, subnets: Iterable[Item]) -> Subnet:
    """Return where a region's proxies for the internet are: in the proxy-only subnets of their network."""
    own = AddressSet.of(cidr for one in proxy_subnets(region, network, subnets) for cidr in ranges_of(one))
    name = f"{PROXIES} in {region} of {last(network)}" if network else f"{PROXIES} in {region}"
    return _proxies(name, region, own, api.source(LIST_SUBNETWORKS))


def _proxies(name: str, region: str, ranges: AddressSet, source: Source) -> Subnet:
    """Return a place that the internet reaches by no route of the network's."""
    routes = tuple(Route(addresses, NextHop.INTERNET, PROXIES, source) for addresses in (ALL4, ALL6))
    return Subnet(name, name, PROXIES, region, ranges, (), routes, source)


def proxy_subnets(region: str, network: str, subnets: Iterable[Item]) -> Iterator[Item]:
    """Yield the proxy-only subnets of a region ("": the global ones) and network ("": any).

    https://cloud.google.com/load-balancing/docs/proxy-only-subnets
    """
    for one in subnets:
        mine = network in {"", short(str(one.get("network", "")))}
        place = region in {"", part_of(str(one["selfLink"]), "regions")}
        if mine and place and one.get("purpose") in (_REGIONAL if region else _GLOBAL):
            yield one


def _routes(routes: Iterable[Item], network: str, members: set[Carrier]) -> Iterator[Route]:
    """Yield the routes of a network that concern a subnet's hosts; one for a tag that none of them has does not."""
    by_destination: dict[str, list[Item]] = {}
    for one in routes:
        if short(str(one.get("network", ""))) == network and any(_is_for(one, members)):
            by_destination.setdefault(str(one["destRange"]), []).append(one)
    for destination, listed in by_destination.items():
        counting = _counting(listed, members)
        hops = [_hop(one) for one in counting]
        if {hop for hop, _ in hops} <= _OUT and len(counting) > 1:
            counting = _counting(listed, {one for one in members if one.public} or members)
            hops = [_hop(one) for one in counting]
        names = [str(one["name"]) for one in counting]
        if len({hop for hop, _ in hops}) > 1 and {hop for hop, _ in hops} <= _OUT:
            hops, names = [(NextHop.UNKNOWN, " or ".join(target for _, target in hops))], [", ".join(names)]
        for (hop, target), name in zip(hops, names, strict=True):
            yield Route(AddressSet.parse(destination), hop, target, Source(LIST_ROUTES.name, name))


def _counting(listed: Iterable[Item], members: set[Carrier]) -> list[Item]:
    """Return those of one destination's routes that count for any of ``members``: what all have bars what is after."""
    found = [one for one in listed if any(_is_for(one, members))]
    most = min((_priority(one) for one in found if all(_is_for(one, members))), default=None)
    return [one for one in found if most is None or _priority(one) <= most]


def _is_for(route: Item, members: set[Carrier]) -> Iterator[bool]:
    """Yield, for each of ``members``, whether a route is for it; without any, whether it asks for no tag."""
    tags = {by_tag(str(tag)) for tag in cast("Sequence[object]", route.get("tags") or ())}
    yield from (not tags or not tags.isdisjoint(one.labels) for one in members) if members else (not tags,)


def _priority(route: Item) -> int:
    return int(route.get("priority", _PRIORITY))


def _hop(route: Item) -> tuple[NextHop, str]:
    """Return where a route leads, and what that is called."""
    for key, hop in _HOPS:
        if route.get(key):
            return hop, last(short(str(route[key])))
    return NextHop.UNKNOWN, str(route["name"])
