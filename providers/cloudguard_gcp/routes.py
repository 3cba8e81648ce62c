"""Subnets as segments, with the routes of their network.

https://cloud.google.com/vpc/docs/routes
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, cast

from cloudguard.model.network import Network, NextHop, Route, Segment
from cloudguard.model.source import Source
from cloudguard_gcp.api import Api, Item
from cloudguard_gcp.calls import LIST_NETWORKS, LIST_ROUTES, LIST_SUBNETWORKS
from cloudguard_gcp.names import last, part_of, short

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
_INTERNET: Final = ("0.0.0.0/0", "::/0")
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
        yield Network(name, str(item["name"]), tuple(dict.fromkeys(ranges)), source)
    yield Network(GOOGLE_NETWORK, GOOGLE_NETWORK, GOOGLE, api.source(LIST_NETWORKS))
    yield Network(PROXIES, PROXIES, (), api.source(LIST_NETWORKS))


def ranges_of(subnet: Item) -> Iterator[str]:
    """Yield a subnet's ranges: its own, the secondary ones (pods, services), and those of version 6."""
    for key in ("ipCidrRange", "externalIpv6Prefix", "internalIpv6Prefix", "ipv6CidrRange"):
        if subnet.get(key):
            yield str(subnet[key])
    for one in cast("Sequence[Item]", subnet.get("secondaryIpRanges") or ()):
        yield str(one["ipCidrRange"])


def segments_of(subnets: Iterable[Item], routes: Sequence[Item], tags: Collection[str]) -> Iterator[Segment]:
    """Yield the subnets as segments; ``tags``: the network tags of the cluster's hosts."""
    for one in subnets:
        name, network = short(str(one["selfLink"])), short(str(one.get("network", "")))
        yield Segment(
            id=name,
            name=str(one["name"]),
            network=network,
            zone=part_of(name, "regions"),
            ranges=tuple(ranges_of(one)),
            filters=(),
            routes=tuple(_routes(routes, network, tags)),
            source=Source(LIST_SUBNETWORKS.name, name),
        )


def proxies(api: Api, region: str, subnets: Iterable[Item]) -> Segment:
    """Return where the proxies of external balancers are; the internet reaches them by no route of the network's.

    Those of a region are in its proxy-only subnets, the global ones (region "") behind Google's front ends.
    """
    own = [
        one for one in subnets if region and is_for_proxies(one) and part_of(str(one["selfLink"]), "regions") == region
    ]
    ranges = tuple(cidr for one in own for cidr in ranges_of(one)) if region else FRONT_ENDS
    source = api.source(LIST_SUBNETWORKS if region else LIST_ROUTES)
    name = f"{PROXIES} in {region}" if region else PROXIES
    routes = tuple(Route(cidr, NextHop.INTERNET, PROXIES, source) for cidr in _INTERNET)
    return Segment(name, name, PROXIES, region, ranges, (), routes, source)


def is_for_proxies(subnet: Item) -> bool:
    """Whether a subnet is for its region's proxies (https://cloud.google.com/load-balancing/docs/proxy-only-subnets)."""
    return subnet.get("purpose") in {"REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER"}


def _routes(routes: Iterable[Item], network: str, tags: Collection[str]) -> Iterator[Route]:
    """Yield a network's routes; one for a tag that none of the hosts has does not concern them."""
    for one in routes:
        asked = cast("Sequence[str]", one.get("tags") or ())
        if short(str(one.get("network", ""))) != network or (asked and not set(asked) & set(tags)):
            continue
        found = [(hop, short(str(one[key]))) for key, hop in _HOPS if one.get(key)]
        hop, target = found[0] if found else (NextHop.UNKNOWN, str(one["name"]))
        yield Route(str(one["destRange"]), hop, last(target), Source(LIST_ROUTES.name, str(one["name"])))
