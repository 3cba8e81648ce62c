"""A GKE cluster's endpoints, and who may reach them.

Fields and defaults: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters,
https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cloudguard.model.filters import Action, AddressList, Direction, Filter, Peer, Rule
from cloudguard.model.network import Endpoint
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, flag, required, text, text_map
from cloudguard.provider.ownership.facts import Thing
from cloudguard_gcp.access.links import short
from cloudguard_gcp.access.owners import OWNERS

_EVERYONE: Final = ALL4 | ALL6
_API: Final = ServiceSet.parse("tcp/443")
GOOGLE_CLOUD: Final = "google-cloud"
BY_DNS_NAME: Final = "its DNS name"
_BLOCKS: Final = tuple(map(AddressSet.parse, ("34.64.0.0/10", "35.192.0.0/12", "104.196.0.0/14")))
"""The largest address blocks of customers' machines (https://www.gstatic.com/ipranges/cloud.json lists their parts)."""
CONNECT: Final = "container.clusters.connect"
GATEWAY: Final = "gkehub.gateway.get"
"""Permissions that IAM requires for an endpoint."""
_BY_GOOGLE: Final = "gcpPublicCidrsAccessEnabled"
BY_KUBERNETES: Final[tuple[str, ...]] = ("enableK8sTokensViaDns", "enableK8sCertsViaDns")
"""With these flags the DNS endpoint accepts Kubernetes credentials, which IAM does not check
(https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters, DNSEndpointConfig).
"""
_CREDENTIALS: Final = "Kubernetes credentials"
WITH_CREDENTIALS: Final = ", with Kubernetes' own credentials"
_NODES: Final = "nodeIpv4CidrBlock"


def address_lists(source: Source) -> tuple[AddressList, AddressList]:
    """Return the lists that the endpoints name."""
    google = AddressList(
        GOOGLE_CLOUD,
        "addresses of Google Cloud, including those of its customers' machines",
        _BLOCKS,
        known=True,
        source=source,
    )
    who = "clients that Google's front end admits with a Kubernetes token or certificate"
    return google, AddressList(_CREDENTIALS, who, (), known=False, source=source)


def _dns(cluster: Item) -> Item:
    return child(cluster, "controlPlaneEndpointsConfig", "dnsEndpointConfig")


def _ip(cluster: Item) -> Item:
    return child(cluster, "controlPlaneEndpointsConfig", "ipEndpointsConfig")


def _authorized(cluster: Item) -> Item:
    """Return the authorized networks. The newer field mirrors the older one; if they differ, both let in."""
    newer, older = child(_ip(cluster), "authorizedNetworksConfig"), child(cluster, "masterAuthorizedNetworksConfig")
    if not newer or not older:
        return newer or older
    by_google = [flag(item, _BY_GOOGLE) for item in (newer, older) if _BY_GOOGLE in item]
    return {
        **newer,
        "enabled": flag(newer, "enabled") and flag(older, "enabled"),
        "cidrBlocks": [*children(newer, "cidrBlocks"), *children(older, "cidrBlocks")],
        **({_BY_GOOGLE: any(by_google)} if by_google else {}),
    }


def endpoints(cluster: Item, source: Source, guard: Filter | None) -> Iterator[Endpoint]:
    """Yield a cluster's endpoints. ``guard``: the filter of the private side (None: it has no filter)."""
    by_address, dns = _by_address(cluster, source, guard), _dns(cluster)
    if flag(_ip(cluster), "enabled", default=True):
        yield by_address
    elif not flag(dns, "allowExternalTraffic"):
        yield replace(by_address, public=False, public_ranges=NO_ADDRESSES, public_lists=(), private=False)
    if flag(dns, "allowExternalTraffic"):
        named = _guarded(cluster, source, BY_DNS_NAME, text(dns, "endpoint"), CONNECT)
        yield named
        if any(flag(dns, key) for key in BY_KUBERNETES):
            credentials = f"{named.id}{WITH_CREDENTIALS}"
            yield replace(
                named,
                id=credentials,
                public_ranges=NO_ADDRESSES,
                public_lists=(_CREDENTIALS,),
                gatekeeper="",
            )
    if fleet := text(child(cluster, "fleet"), "membership"):
        yield _guarded(cluster, source, "the Connect gateway", fleet, GATEWAY)


def _guarded(cluster: Item, source: Source, way: str, address: str, permission: str) -> Endpoint:
    """Return an endpoint that everyone can reach and that IAM guards."""
    return Endpoint(
        id=f"{required(cluster, 'name')} by {way}",
        service=_API,
        public=True,
        public_ranges=_EVERYONE,
        private=False,
        network=_link(cluster, "network"),
        subnets=(),
        filters=(),
        groups=(),
        source=source,
        address=address,
        gatekeeper=f"Google's front end, which requires {permission},",
        written_by=_owner(cluster),
        for_all_or_nobody=True,
    )


def _by_address(cluster: Item, source: Source, guard: Filter | None) -> Endpoint:
    """Return the endpoint with an IP address, with its public and its private side."""
    older, ip = child(cluster, "privateClusterConfig"), _ip(cluster)
    public = flag(ip, "enablePublicEndpoint", default=not flag(older, "enablePrivateEndpoint"))
    inside = text(ip, "privateEndpoint") or text(older, "privateEndpoint")
    outside = text(ip, "publicEndpoint") or text(older, "publicEndpoint") or text(cluster, "endpoint")
    ranges, lists = _ranges(cluster) if public else (NO_ADDRESSES, ())
    return Endpoint(
        id=required(cluster, "name"),
        service=_API,
        public=public,
        public_ranges=ranges,
        public_lists=lists,
        private=bool(inside) or not public,
        network=_link(cluster, "network"),
        subnets=(_link(cluster, "subnetwork"),),
        filters=(guard.id,) if guard else (),
        groups=(),
        source=source,
        address=outside if public else inside,
        written_by=_owner(cluster),
        always_inside=AddressSet.of(_always_inside(cluster)) if _stated_range(cluster, _NODES) else NO_ADDRESSES,
    )


def _stated_range(cluster: Item, key: str) -> str:
    """Return a range of the cluster's nodes or pods as CIDR; "" if it is not stated or only a size."""
    cidr = text(child(cluster, "ipAllocationPolicy"), key)
    return cidr if "." in cidr else ""


def _always_inside(cluster: Item) -> tuple[str, ...]:
    """Return the ranges of the nodes' subnet and of pods, which authorized networks always let in."""
    return tuple(filter(None, (_stated_range(cluster, key) for key in (_NODES, "clusterIpv4CidrBlock"))))


def _owner(cluster: Item) -> Owner | None:
    return OWNERS.of(Thing.ENDPOINT, required(cluster, "name"), text_map(cluster, "resourceLabels"))


def _ranges(cluster: Item) -> tuple[AddressSet, tuple[str, ...]]:
    """Return the ranges and lists let in to the public side: everyone, unless authorized networks are in force."""
    authorized = _authorized(cluster)
    if not flag(authorized, "enabled"):
        return _EVERYONE, ()
    private = flag(child(cluster, "privateClusterConfig"), "enablePrivateNodes")
    named = flag(authorized, _BY_GOOGLE, default=not private)
    return AddressSet.of(_blocks(authorized)), (GOOGLE_CLOUD,) if named else ()


def _blocks(authorized: Item) -> Iterator[str]:
    return (required(block, "cidrBlock") for block in children(authorized, "cidrBlocks"))


def authorized_networks(cluster: Item, source: Source) -> Filter | None:
    """Return the filter of the private side: the authorized networks, if they are enforced there; None otherwise.

    Private clusters older than that setting always enforce them. The cluster's own nodes and pods are always let in.
    """
    authorized = _authorized(cluster)
    always = _always_inside(cluster)
    older = not _ip(cluster) and flag(child(cluster, "privateClusterConfig"), "enablePrivateNodes")
    enforced = flag(authorized, "privateEndpointEnforcementEnabled", default=older)
    if not flag(authorized, "enabled") or not enforced:
        return None
    name = f"{required(cluster, 'name')} authorized networks"
    rules = tuple(
        Rule(
            id=cidr,
            direction=Direction.INGRESS,
            action=Action.PERMIT,
            services=_API,
            peer=Peer(AddressSet.parse(cidr)),
            source=source,
            provider_mandated=cidr in always,
        )
        for cidr in dict.fromkeys((*_blocks(authorized), *always))
    )
    return Filter(name, name, "authorized networks", rules, source)


def _link(cluster: Item, key: str) -> str:
    """Return the short name of the cluster's "network", or of its nodes' "subnetwork"."""
    return short(text(child(cluster, "networkConfig"), key) or text(cluster, key))
