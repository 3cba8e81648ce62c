"""The network around one cluster: its subnets, filters, load balancers and groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import Filter, Group
from cloudguard.model.network import Interface, Network, Subnet, Topology
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import AnswerError, Item, child, children
from cloudguard.provider.network.parts_in_use import interfaces_of, used_groups, used_subnets
from cloudguard.values import dataclass
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import id_in, name_of, own_id, parent, word
from cloudguard_azure.cluster.find import FoundCluster
from cloudguard_azure.cluster.interfaces import configurations
from cloudguard_azure.cluster.machines import ScaleSet
from cloudguard_azure.network.guards import Guards
from cloudguard_azure.network.others import Relevance, read_others
from cloudguard_azure.network.routes import RouteTable, SubnetRoutes, route_tables
from cloudguard_azure.network.security_groups import read_admin_filter, read_security_groups
from cloudguard_azure.network.service_tags import HOST, ServiceTags
from cloudguard_azure.network.subnets import (
    HIDES,
    Places,
    VirtualNetwork,
    record_missing_peers,
    virtual_networks,
    with_meshes,
)
from cloudguard_azure.network.ways_in.ways import Ways, WaysRequest, read_ways

_MEMBERS: Final = (FactKind.MEMBERS,)
_AZURE: Final = "Azure's own addresses"
_CLOSED: Final = frozenset({"standard", "standardv2"})
_OPEN: Final = "basic"
"""SKUs of addresses and balancers, by whether the internet gets in without a security group
(https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses).
"""


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """The topology, the hosts and pools with their filters, and the ranges of pods by routes and by subnets of theirs.

    If the API server is in a subnet of the network, its pods count as the cluster's too.
    """

    topology: Topology
    hosts: tuple[Host, ...]
    pools: tuple[Pool, ...]
    pod_ranges: AddressSet


def read_around(api: Api, found: FoundCluster, hosts: tuple[Host, ...], pools: tuple[Pool, ...]) -> NetworkFacts:
    """Read all facts about the cluster's networks that concern its hosts."""
    listed, tables, known = api.parallel(
        partial(api.read, calls.LIST_NETWORKS, hides=HIDES),
        partial(route_tables, api),
        partial(read_security_groups, api, found.aks.node_group if found.aks else ""),
    )
    used = used_subnets(hosts, pools)
    network_ids = frozenset(parent(name) for name in used)
    networks = _with_meshes(api, virtual_networks(api, listed), network_ids)
    places = Places(networks, {name: table.prefixes for name, table in tables.items()})
    _record_missing_subnets(api, used - places.subnets.keys())
    record_missing_peers(api, networks, network_ids)
    tags = ServiceTags(api, next((networks[name].location for name in sorted(network_ids) if name in networks), ""))
    guards = Guards(known, places, tags, _admin_filters(api, network_ids & networks.keys(), tags, places))
    ways = read_ways(
        api,
        WaysRequest(
            hosts=hosts,
            pools=pools,
            interfaces=found.interfaces.items,
            public=found.interfaces.public,
            scale_sets=[scale_set.item for scale_set in found.scale_sets],
            networks=networks,
            own_networks=network_ids,
            guards=guards.of_subnet,
            aks=found.aks.item if found.aks else None,
        ),
    )
    guarded = _Guarded(found, guards, ways)
    hosts, pools = tuple(map(guarded.host, hosts)), tuple(map(guarded.pool, pools))
    routes = SubnetRoutes(tables, tags, hosts)
    near = [networks[name] for name in sorted(network_ids | ways.networks) if name in networks]
    for name in (name for endpoint in ways.endpoints for name in endpoint.public_lists):
        tags.list_of(name)
    named = used_groups(guards.filters.values(), hosts, pools)
    interfaces = {interface.id for interface in interfaces_of(hosts)}
    others = read_others(api, found, Relevance(network_ids, used, named, interfaces, places))
    topology = Topology(
        networks=tuple(_networks(networks, near)),
        subnets=tuple(_subnets(near, routes)),
        filters=(*guards.filters_made(places.ranges(used) if found.aks else None), *ways.filters),
        groups=tuple(Group(name, name_of(name), Source(calls.LIST_INTERFACES.name)) for name in sorted(named)),
        address_lists=tuple(address_list for _, address_list in sorted((tags.lists | routes.lists).items())),
        balancers=ways.balancers,
        endpoints=ways.endpoints,
        external_members=others.members,
        neighbours=others.neighbours,
        tunnels=ways.tunnels,
        outbound_addresses=ways.outbound_addresses,
    )
    own = (name for name in found.pod_subnets if name in places.subnets and places.subnets[name].for_aks)
    pods = _pod_ranges(near, tables, routes) | places.ranges(own)
    return NetworkFacts(topology, hosts, pools, pods | ways.control_plane)


def _with_meshes(
    api: Api, networks: Mapping[str, VirtualNetwork], network_ids: Collection[str]
) -> dict[str, VirtualNetwork]:
    """Return networks by id, with the meshes of those in ``network_ids``."""
    own = (networks[name] for name in sorted(network_ids) if name in networks)
    meshed = api.gather(*(partial(with_meshes, api, network) for network in own))
    return {**networks, **{network.id: network for network in meshed}}


def _record_missing_subnets(api: Api, subnets: Iterable[str]) -> None:
    for name in sorted(subnets):
        message = "a host is in this subnet, but no virtual network that was read contains it"
        api.missed(calls.LIST_NETWORKS, name, message, HIDES)


def _admin_filters(api: Api, network_ids: Collection[str], tags: ServiceTags, places: Places) -> dict[str, Filter]:
    names = sorted(network_ids)
    filters = api.gather(*(partial(read_admin_filter, api, name, tags, places.of_network(name)) for name in names))
    return {name: guard for name, guard in zip(names, filters, strict=True) if guard is not None}


def _networks(known: Mapping[str, VirtualNetwork], near: Sequence[VirtualNetwork]) -> Iterator[Network]:
    """Yield the networks of hosts and endpoints, their peers, and a network of Azure's own addresses."""
    ranges = {network.id: network.ranges for network in near}
    for peering in (peering for network in near for peering in network.peerings):
        ranges.setdefault(peering.network, peering.ranges)
    for name, addresses in sorted(ranges.items()):
        title = known[name].name if name in known else name_of(name)
        yield Network(name, title, addresses, Source(calls.LIST_NETWORKS.name, name))
    yield Network(_AZURE, _AZURE, HOST, Source(calls.LIST_NETWORKS.name))


def _subnets(near: Iterable[VirtualNetwork], routes: SubnetRoutes) -> Iterator[Subnet]:
    """Yield the subnets. Their security groups are filters of interfaces, because they also guard within a subnet."""
    for network in near:
        for subnet in network.subnets:
            yield Subnet(
                id=subnet.id,
                name=subnet.name,
                network=subnet.network,
                zone=network.location,
                ranges=subnet.ranges,
                filters=(),
                routes=routes.routes(subnet, network),
                source=Source(calls.LIST_NETWORKS.name, subnet.id),
            )


def _pod_ranges(near: Iterable[VirtualNetwork], tables: Mapping[str, RouteTable], routes: SubnetRoutes) -> AddressSet:
    wanted = {subnet.table for network in near for subnet in network.subnets}
    return AddressSet.union(
        addresses for name in wanted if name in tables for addresses in routes.to_hosts(tables[name])
    )


class _Guarded:
    """Gives hosts and pools their filters: those of the subnet first, then their own."""

    def __init__(self, found: FoundCluster, guards: Guards, ways: Ways) -> None:
        self._guards = guards
        self._ways = ways
        self._public = found.interfaces.public.by_id
        self._references = {own_id(item): _references(item) for item in found.interfaces.items}
        self._profiles = {scale_set.id: _skus_of_profile(scale_set) for scale_set in found.scale_sets}

    def host(self, host: Host) -> Host:
        """Return a host with its filters."""
        guarded = [((interface.subnet,), interface.filters) for interface in host.interfaces]
        interfaces = tuple(self._interface(host, interface) for interface in host.interfaces)
        return replace(host, interfaces=interfaces, metadata=self._guards.metadata(host.metadata, guarded))

    def _interface(self, host: Host, interface: Interface) -> Interface:
        known = (self._public.get(name) for name in self._references.get(interface.id, ()))
        skus = {address.sku if address else "" for address in known}
        skus |= self._ways.skus.get(host.id, frozenset()) | self._ways.skus.get(host.pool, frozenset())
        return replace(
            interface, filters=self._guards.of_interface(interface.subnet, interface.filters, internet=_lets_in(skus))
        )

    def pool(self, pool: Pool) -> Pool:
        """Return a pool with the filters of its next host; an unread filter if its subnets have different ones."""
        unknown = frozenset[str]() if pool.public is False else frozenset({""})
        skus = self._profiles.get(pool.id, unknown) | self._ways.skus.get(pool.id, frozenset())
        internet = _lets_in(skus)
        further = (
            replace(
                interface, filters=self._of(interface.subnets or pool.subnets, interface.filters, internet=internet)
            )
            for interface in pool.further
        )
        guarded = [
            (pool.subnets, pool.filters),
            *((interface.subnets or pool.subnets, interface.filters) for interface in pool.further),
        ]
        return replace(
            pool,
            filters=self._of(pool.subnets, pool.filters, internet=internet),
            further=tuple(further),
            metadata=self._guards.metadata(pool.metadata, guarded),
        )

    def _of(self, subnets: Sequence[str], groups: tuple[str, ...], *, internet: bool | None) -> tuple[str, ...]:
        chains = {self._guards.of_interface(name, groups, internet=internet) for name in subnets or ("",)}
        return chains.pop() if len(chains) == 1 else (f"one of {len(chains)} chains of filters",)


def _lets_in(skus: Collection[str]) -> bool | None:
    """Return whether the internet gets in without a security group; None: unknown."""
    if _OPEN in skus:
        return True
    return False if _CLOSED.issuperset(skus) else None


def _references(item: Item) -> tuple[str, ...]:
    return tuple(filter(None, (id_in(configuration, "publicIPAddress") for configuration in configurations(item))))


def _skus_of_profile(scale_set: ScaleSet) -> frozenset[str]:
    """Return the SKUs of the public addresses that a scale set gives its next machine; an unknown one for odd profiles.

    The reading of the pools records the gap of an odd profile.
    """
    try:
        interfaces = children(child(scale_set.profile, "networkProfile"), "networkInterfaceConfigurations")
        listed = [configuration for interface in interfaces for configuration in configurations(interface)]
        addresses = (child(configuration, "publicIPAddressConfiguration") for configuration in listed)
        return frozenset(word(child(address, "sku"), "name") for address in addresses if address)
    except AnswerError:
        return frozenset({""})
