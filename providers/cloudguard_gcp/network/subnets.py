"""Networks and subnets, and the source addresses of Google's front ends, health checks and proxies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from cloudguard.model.network import Network, NextHop, Route, Subnet
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, read_addresses
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.provider.answers import Item, child, children, choice, required, text
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_NETWORKS, LIST_ROUTES, LIST_SUBNETWORKS
from cloudguard_gcp.access.links import last, part_of, required_link

HEALTH_CHECKS: Final = AddressSet.of(
    (
        "35.191.0.0/16",
        "130.211.0.0/22",
        "209.85.152.0/22",
        "209.85.204.0/22",
        "2600:2d00:1:b029::/64",
        "2600:2d00:1:1::/64",
        "2600:1901:8001::/48",
    )
)
"""Source addresses of Google's front ends and health checks. Nobody else can send from them
(https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges; kubernetes/cloud-provider-gcp
providers/gce/gce_loadbalancer.go; kubernetes/ingress-gce pkg/l4/healthchecks/healthchecksl4.go).
"""
_SERVICES: Final = AddressSet.of(("35.199.192.0/19", "35.199.224.0/19"))
"""Source addresses of Cloud DNS, Service Directory and serverless connectors. They have return paths that are no routes
of the network, and nobody else can send from them (https://cloud.google.com/vpc/docs/routes#special_return_paths).
"""
TUNNELS: Final = AddressSet.parse("35.235.240.0/20")
"""Source addresses of IAP's tunnels (https://cloud.google.com/iap/docs/using-tcp-forwarding)."""
FRONT_ENDS: Final = ("35.191.0.0/16", "130.211.0.0/22")
"""Source addresses of proxies (https://cloud.google.com/load-balancing/docs/firewall-rules)."""
TO_INTERNET: Final = ("34.96.0.0/20", "34.127.192.0/18")
"""Source addresses of proxies that connect to endpoints on the internet
(https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts).
"""
GOOGLE_NETWORK: Final = "Google's own addresses"
PROXIES: Final = "Google's proxies"
_REGIONAL: Final = frozenset({"REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER"})
_GLOBAL: Final = frozenset({"GLOBAL_MANAGED_PROXY"})
"""Purposes of proxy-only subnets."""
_NOT_PEERED: Final = "INACTIVE"
_MODES: Final = {"": False, "REGIONAL": False, "GLOBAL": True}
_ORDERS: Final = {"": False, "AFTER_CLASSIC_FIREWALL": False, "BEFORE_CLASSIC_FIREWALL": True}
"""https://cloud.google.com/compute/docs/reference/rest/v1/networks"""


@dataclass(frozen=True, slots=True)
class VpcNetwork:
    """A network. ``range``: the only range of a legacy network. ``peerings``: names of the active peerings.

    ``learns_everywhere``: routes that its routers learn apply in all regions. ``policies_first``: network firewall
    policies are evaluated before VPC firewall rules.
    """

    id: str
    name: str
    range: AddressSet
    learns_everywhere: bool
    policies_first: bool
    peerings: tuple[str, ...]


def vpc_network(item: Item) -> VpcNetwork:
    """Return a network."""
    return VpcNetwork(
        id=required_link(item),
        name=required(item, "name"),
        range=read_addresses(text(item, "IPv4Range")),
        learns_everywhere=choice(child(item, "routingConfig"), "routingMode", _MODES),
        policies_first=choice(item, "networkFirewallPolicyEnforcementOrder", _ORDERS),
        peerings=tuple(
            required(peering, "name") for peering in children(item, "peerings") if text(peering, "state") != _NOT_PEERED
        ),
    )


@dataclass(frozen=True, slots=True)
class VpcSubnet:
    """A subnet without its routes, and its purpose in the Compute API."""

    subnet: Subnet
    purpose: str


def vpc_subnet(item: Item) -> VpcSubnet:
    """Return a subnet. Its ranges are its own, the secondary ranges (pods, services), and its IPv6 ranges."""
    name = required_link(item)
    ranges = (text(item, key) for key in ("ipCidrRange", "externalIpv6Prefix", "internalIpv6Prefix", "ipv6CidrRange"))
    further = (required(secondary, "ipCidrRange") for secondary in children(item, "secondaryIpRanges"))
    subnet = Subnet(
        id=name,
        name=last(name),
        network=required_link(item, "network"),
        zone=part_of(name, "regions"),
        ranges=AddressSet.of(filter(None, (*ranges, *further))),
        filters=(),
        routes=(),
        source=Source(LIST_SUBNETWORKS.name, name),
    )
    return VpcSubnet(subnet, text(item, "purpose"))


def networks_of(api: Api, networks: Iterable[VpcNetwork], subnets: Sequence[VpcSubnet]) -> Iterator[Network]:
    """Yield networks with the ranges of their subnets, and the networks of Google's front ends and proxies."""
    for network in networks:
        ranges = AddressSet.union(subnet.subnet.ranges for subnet in subnets if subnet.subnet.network == network.id)
        yield Network(network.id, network.name, ranges | network.range, api.source(LIST_NETWORKS, network.id))
    yield Network(GOOGLE_NETWORK, GOOGLE_NETWORK, HEALTH_CHECKS | _SERVICES, api.source(LIST_NETWORKS))
    yield Network(PROXIES, PROXIES, NO_ADDRESSES, api.source(LIST_NETWORKS), provider_only=True)


def front_ends(api: Api, by_internet: Collection[bool]) -> Subnet:
    """Return the subnet of the global proxies, which connect from Google's front ends.

    ``by_internet``: for each endpoint, whether the proxies reach it over the internet.
    """
    ranges = [*(FRONT_ENDS if False in by_internet else ()), *(TO_INTERNET if True in by_internet else ())]
    name = f"{PROXIES} that connect to the internet" if True in by_internet else PROXIES
    return _proxies(name, "", AddressSet.of(ranges), api.source(LIST_ROUTES))


def regional_proxies(api: Api, region: str, network: str, subnets: Iterable[VpcSubnet]) -> Subnet:
    """Return the subnet of a region's external proxies: the proxy-only subnets of their network."""
    own_addresses = AddressSet.union(subnet.ranges for subnet in proxy_subnets(region, network, subnets))
    name = f"{PROXIES} in {region} of {last(network)}" if network else f"{PROXIES} in {region}"
    return _proxies(name, region, own_addresses, api.source(LIST_SUBNETWORKS))


def _proxies(name: str, region: str, ranges: AddressSet, source: Source) -> Subnet:
    """Return a subnet that the internet reaches without a route of the network."""
    routes = tuple(Route(addresses, NextHop.INTERNET, PROXIES, source) for addresses in (ALL4, ALL6))
    return Subnet(name, name, PROXIES, region, ranges, (), routes, source)


def proxy_subnets(region: str, network: str, subnets: Iterable[VpcSubnet]) -> Iterator[Subnet]:
    """Yield the proxy-only subnets of a region ("": the global ones) and network ("": any).

    https://cloud.google.com/load-balancing/docs/proxy-only-subnets
    """
    purposes = _REGIONAL if region else _GLOBAL
    for subnet in subnets:
        here = region in {"", subnet.subnet.zone} and network in {"", subnet.subnet.network}
        if here and subnet.purpose in purposes:
            yield subnet.subnet
