"""The endpoints of an AKS cluster's API: public, private endpoints, in a subnet of the network, and run command.

Fields: https://learn.microsoft.com/rest/api/aks/managed-clusters/list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from itertools import chain
from typing import Final

from cloudguard.model.network import Endpoint
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, flag, required, text, texts
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import (
    LIST_ENDPOINT_CONNECTIONS,
    LIST_MANAGED_CLUSTERS,
    LIST_PRIVATE_ENDPOINTS,
    LIST_TRUSTED_ACCESS,
)
from cloudguard_azure.access.ids import canonical, id_in, ids_in, name_of, own_id, parent, parts, place, word
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.cluster.interfaces import PublicAddresses
from cloudguard_azure.cluster.machines import tags_of
from cloudguard_azure.network.subnets import VirtualSubnet

_API: Final = ServiceSet.parse("tcp/443")
_EVERYONE: Final = ALL4 | ALL6
NOBODY: Final = "0.0.0.0/32"
"""An authorized range for nobody, https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges: only sources
that AKS adds by itself are let in.
"""
RUN_COMMAND: Final = "Microsoft.ContainerService/managedClusters/runcommand/action"
_BY_COMMAND: Final = f"Azure Resource Manager, which requires {RUN_COMMAND},"
"""https://learn.microsoft.com/azure/aks/access-private-cluster"""
NO_COMMANDS: Final = "apiServerAccessProfile.disableRunCommand: true"
_NO_BINDING: Final = "the deletion of its trusted access role binding, with az aks trustedaccess rolebinding delete"
_GUARD_ENDPOINT: Final = (
    "privateEndpointNetworkPolicies: NetworkSecurityGroupEnabled on its subnet, with rules for the clients that need it"
)
_GUARD_SUBNET: Final = "a network security group on its subnet, with rules for the clients that need it"
_SWITCHED_OFF: Final = "addresses that publicNetworkAccess: Disabled may still admit (its effect is not documented)"
_FILTERED: Final = frozenset({"enabled", "networksecuritygroupenabled"})
_UNFILTERED: Final = frozenset({"", "disabled", "routetableenabled"})
"""https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy"""
NOT_ACCEPTED: Final = frozenset({"pending", "rejected", "disconnected"})
"""States of a connection to which the owner of a service did not agree."""
_HIDES: Final = (FactKind.ENDPOINT,)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The network around an AKS cluster: ``subnets`` of the subscription by id, ``guards`` the filters of a subnet id.

    ``networks``: ids of the cluster's networks.
    """

    addresses: PublicAddresses
    subnets: Mapping[str, VirtualSubnet]
    networks: frozenset[str]
    guards: Callable[[str], tuple[str, ...]]


def read_endpoints(api: Api, cluster: Item, around: Surroundings) -> tuple[Endpoint, ...]:
    """Read the endpoints of a cluster, from AKS's answer."""
    of_cluster = api.mapped(
        LIST_MANAGED_CLUSTERS, [cluster], lambda item: tuple(_endpoints(item, around)), hides=_HIDES
    )
    private = api.mapped(LIST_MANAGED_CLUSTERS, [cluster] if of_cluster else (), _is_private, hides=_HIDES)
    of_services = _for_services(api, cluster) if of_cluster else ()
    by_endpoints = _private_endpoints(api, own_id(cluster), around) if any(private) else ()
    if any(private) and not by_endpoints and not _is_inside(cluster):
        message = "the cluster is private, but none of its private endpoints was found"
        api.missed(LIST_PRIVATE_ENDPOINTS, own_id(cluster), message, _HIDES)
    return (*chain.from_iterable(of_cluster), *of_services, *by_endpoints)


def node_group(cluster: Item) -> str:
    """Return the resource group of the cluster's machines, in lower case. Only AKS writes to it."""
    return word(child(cluster, "properties"), "nodeResourceGroup")


def addresses_out(cluster: Item) -> tuple[str, ...]:
    """Return the ids of the public addresses that the cluster's own balancer sends from."""
    return ids_in(child(cluster, "properties", "networkProfile", "loadBalancerProfile"), "effectiveOutboundIPs")


def subnets_of_apis(endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
    """Return the subnets that contain an API server. No other machines are allowed in them."""
    integrated = (endpoint for endpoint in endpoints if endpoint.source.call == LIST_MANAGED_CLUSTERS.name)
    return tuple(endpoint.subnets[0] for endpoint in integrated if len(endpoint.subnets) == 1)


def _access(cluster: Item) -> Item:
    return child(cluster, "properties", "apiServerAccessProfile")


def _is_private(cluster: Item) -> bool:
    return flag(_access(cluster), "enablePrivateCluster")


def _is_inside(cluster: Item) -> bool:
    """Whether the API server is in a subnet of the network ("API server VNet integration")."""
    return flag(_access(cluster), "enableVnetIntegration") or bool(text(_access(cluster), "subnetId"))


def _endpoints(cluster: Item, around: Surroundings) -> Iterator[Endpoint]:
    """Yield the endpoints of a cluster by its own name and by run command, without private endpoints."""
    access, name = _access(cluster), required(cluster, "name")
    inside = tuple(_delegated(access, around)) if _is_inside(cluster) else ()
    guards = _guards(inside[0], around) if len(inside) == 1 else (f"the filters of {name}'s subnet",)
    bare = Endpoint(
        id=name,
        service=_API,
        public=not _is_private(cluster),
        public_ranges=NO_ADDRESSES,
        private=_is_inside(cluster),
        network=parent(inside[0]) if inside else "",
        subnets=inside,
        filters=guards if _is_inside(cluster) else (),
        groups=(),
        source=Source(LIST_MANAGED_CLUSTERS.name, own_id(cluster)),
        address=text(child(cluster, "properties"), "fqdn"),
        remedy=_GUARD_SUBNET if _is_inside(cluster) else "",
        written_by=OWNERS.of(Thing.ENDPOINT, name, tags_of(cluster)),
    )
    if bare.public:
        ranges, lists = _authorized(cluster, around)
        yield replace(bare, public_ranges=ranges, public_lists=lists)
    elif bare.private:
        yield replace(bare, address=text(child(cluster, "properties"), "privateFQDN"))
    if not flag(access, "disableRunCommand"):
        yield replace(
            bare,
            id=f"{name} by commands",
            public=True,
            public_ranges=_EVERYONE,
            private=False,
            subnets=(),
            filters=(),
            address="",
            gatekeeper=_BY_COMMAND,
            remedy=NO_COMMANDS,
        )


def _for_services(api: Api, cluster: Item) -> tuple[Endpoint, ...]:
    """Return an endpoint for each resource that Trusted Access lets in, whatever network the API server is in.

    https://learn.microsoft.com/azure/aks/trusted-access-feature
    """
    call, name = LIST_TRUSTED_ACCESS, own_id(cluster)
    make = partial(_for_service, required(cluster, "name"))
    return api.listed(call, make, hides=_HIDES, about=name, **place(name, "resource_name"))


def _for_service(cluster: str, binding: Item) -> Endpoint:
    source = required(child(binding, "properties"), "sourceResourceId")
    return Endpoint(
        id=f"{cluster} by {name_of(own_id(binding))}",
        service=_API,
        public=True,
        public_ranges=_EVERYONE,
        private=False,
        network="",
        subnets=(),
        filters=(),
        groups=(),
        source=Source(LIST_TRUSTED_ACCESS.name, own_id(binding)),
        gatekeeper=f"Trusted Access, which admits only {source},",
        remedy=_NO_BINDING,
    )


def _delegated(access: Item, around: Surroundings) -> Iterator[str]:
    """Yield the subnet of an integrated API server: the one in its field, or else every subnet delegated to AKS."""
    if named := canonical(text(access, "subnetId")):
        yield named
        return
    yield from (name for name, subnet in around.subnets.items() if subnet.network in around.networks and subnet.for_aks)


def _guards(subnet: str, around: Surroundings) -> tuple[str, ...]:
    """Return the filters of a subnet; an unknown filter if the subnet was not read."""
    return around.guards(subnet) if subnet in around.subnets else (f"the filters of {subnet}",)


def _authorized(cluster: Item, around: Surroundings) -> tuple[AddressSet, tuple[str, ...]]:
    """Return the ranges and service tags that the public side lets in. An empty list lets everyone in.

    The addresses that the cluster's balancer sends from are always let in. The setting publicNetworkAccess may close
    the public side, but its effect is not documented for AKS, so the side may be open.
    """
    listed = [*filter(None, (cidr.strip() for cidr in texts(_access(cluster), "authorizedIPRanges")))]
    if not listed:
        shut = word(child(cluster, "properties"), "publicNetworkAccess") == "disabled"
        return (NO_ADDRESSES, (_SWITCHED_OFF,)) if shut else (_EVERYONE, ())
    outbound = around.addresses.of(addresses_out(cluster))
    ranges = [word for word in listed if word[0].isdigit() or ":" in word]
    tags = tuple(word for word in listed if word not in ranges)
    return AddressSet.of(
        str(ip_network(range_, strict=False)) for range_ in ranges if range_ != NOBODY
    ) | outbound, tags


def _private_endpoints(api: Api, cluster: str, around: Surroundings) -> tuple[Endpoint, ...]:
    """Return an endpoint for each private endpoint of a cluster, with those that users made in any network."""
    call, where = LIST_ENDPOINT_CONNECTIONS, place(cluster, "resource_name")
    make = partial(_private_endpoint, cluster, around)
    private, connected = api.parallel(
        partial(api.listed, LIST_PRIVATE_ENDPOINTS, make, hides=_HIDES),
        partial(api.listed, call, _connected, hides=_HIDES, about=cluster, **where),
    )
    here = tuple(endpoint for endpoint in private if endpoint is not None)
    for name in sorted({*connected} - {endpoint.id for endpoint in here} - {""}):
        message = "a private endpoint of another subscription leads to the API; its clients are not read"
        api.missed(call, name, message, _HIDES, Reason.UNSUPPORTED)
    return here


def _private_endpoint(cluster: str, around: Surroundings, item: Item) -> Endpoint | None:
    inside, name = child(item, "properties"), own_id(item)
    connections = parts(inside, "privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
    leads_to = {canonical(text(connection, "privateLinkServiceId")) for connection in connections}
    if cluster not in leads_to:
        return None
    subnet = id_in(inside, "subnet")
    return Endpoint(
        id=name,
        service=_API,
        public=False,
        public_ranges=NO_ADDRESSES,
        private=True,
        network=parent(subnet),
        subnets=(subnet,),
        filters=_policies(subnet, around, grouped=bool(children(inside, "applicationSecurityGroups"))),
        groups=(),
        source=Source(LIST_PRIVATE_ENDPOINTS.name, name),
        remedy=_GUARD_ENDPOINT,
    )


def _policies(subnet: str, around: Surroundings, *, grouped: bool) -> tuple[str, ...]:
    """Return the filters that apply to the private endpoints of a subnet; none if its network policies are off.

    ``grouped``: the endpoint is in application security groups. Rules may name it by them, so its filters are unknown.
    """
    known = around.subnets.get(subnet)
    setting = word(child(known.item, "properties"), "privateEndpointNetworkPolicies") if known else ""
    if known is None or (setting in _FILTERED and not grouped):
        return _guards(subnet, around)
    return () if setting in _UNFILTERED else (f"the filters of {subnet}",)


def _connected(item: Item) -> str:
    """Return the private endpoint of a connection; "" if the owner has not approved it."""
    if state_of_connection(item) in NOT_ACCEPTED:
        return ""
    return id_in(child(item, "properties"), "privateEndpoint") or own_id(item)


def state_of_connection(item: Item) -> str:
    """Return the state of a private endpoint's connection, in lower case."""
    return word(child(item, "properties", "privateLinkServiceConnectionState"), "status")
