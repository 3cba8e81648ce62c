"""The network around one cluster: its subnets, filters, load balancers and groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import Filter, Group, Rule
from cloudguard.model.network import Interface, NextHop, Topology
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import children, text
from cloudguard.provider.network.parts_in_use import peer_groups, public_addresses, used_groups, used_subnets
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import last, project_of
from cloudguard_gcp.cluster.find import FoundCluster
from cloudguard_gcp.cluster.instances import Instance
from cloudguard_gcp.cluster.pools import next_of_others, pools_behind
from cloudguard_gcp.cluster.selectors import is_of_connectors
from cloudguard_gcp.network.backends import Backends
from cloudguard_gcp.network.balancers import balancers_of
from cloudguard_gcp.network.firewall_policies import PolicyReader, chain_of, unread_lists
from cloudguard_gcp.network.members import projects_with_rules, read_rules
from cloudguard_gcp.network.routers import LearnedRoute, addresses_out, learned_routes, router
from cloudguard_gcp.network.routes import VpcRoute, members_of, vpc_route, with_routes
from cloudguard_gcp.network.rules import firewall
from cloudguard_gcp.network.service_attachments import miss_rules, published, read_attachments
from cloudguard_gcp.network.service_interfaces import read_service_interfaces
from cloudguard_gcp.network.subnets import VpcNetwork, VpcSubnet, networks_of, vpc_network, vpc_subnet

_FILTERS: Final = (FactKind.FILTERS,)
_ROUTES: Final = (FactKind.ROUTES,)
_NETWORKS: Final = (FactKind.ROUTES, FactKind.FILTERS)
_NOT_SHARED: Final = frozenset({"", "UNSPECIFIED_XPN_PROJECT_STATUS"})
_FOR_HOSTS: Final = frozenset({"", "PRIVATE"})
"""Purposes of subnets that hosts can be in."""


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """The topology, and for each subnet the ids of the filters for an interface in it, in evaluation order."""

    topology: Topology
    chains: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Inventory:
    """The cluster's networks, as read from the projects that own them."""

    networks: tuple[VpcNetwork, ...]
    subnets: tuple[VpcSubnet, ...]
    routes: tuple[VpcRoute, ...]
    rules: tuple[Rule, ...]
    learned: tuple[LearnedRoute, ...]
    outbound: AddressSet


def read_around(api: Api, found: FoundCluster, hosts: tuple[Host, ...], pools: tuple[Pool, ...]) -> NetworkFacts:
    """Read all facts about the cluster's networks that concern its hosts."""
    owners = sorted({project_of(name) for name in found.networks} - {""})
    projects = sorted({found.project, *owners})
    inventory, rules, attachments = api.parallel(
        partial(_inventory, api, owners, found.networks),
        lambda: read_rules(api, projects_with_rules(api, found)),
        partial(read_attachments, api, projects),
    )
    used = used_subnets(hosts, pools)
    chains = _chains(api, inventory, used)
    backends = Backends(api, found.project, found.networks, pools_behind(api, found.project, pools))
    miss_rules(api, attachments, (rule.id for rule in rules))
    balancers = balancers_of(api, rules, backends, inventory.subnets, (*hosts, *pools))
    ranges = {subnet.subnet.id: subnet.subnet.ranges for subnet in inventory.subnets}
    filters = {guard.id: guard for guards in chains.values() for guard in guards}
    named = used_groups(filters.values(), hosts, pools)
    subnets = with_routes(
        [subnet.subnet for subnet in inventory.subnets], inventory.routes, inventory.learned, members_of(hosts, pools)
    )
    services = read_service_interfaces(api, projects, found.networks, ranges)
    alone = _is_alone(api, owners, found.project)
    topology = Topology(
        networks=tuple(networks_of(api, inventory.networks, inventory.subnets)),
        subnets=(*subnets, *balancers.subnets),
        filters=(*filters.values(), *balancers.filters),
        groups=tuple(_groups(named, alone=alone)),
        address_lists=unread_lists(filters.values()),
        balancers=tuple(published(balancers.balancers, attachments, ranges)),
        external_members=(
            *_external_members(found, hosts, named),
            *_next_members(found, next_of_others(api, found.project, pools), named, ranges),
            *services.members(peer_groups(filters.values())),
        ),
        neighbours=(*_neighbours(found, hosts, used), *services.neighbours(used)) if alone and services.known else None,
        outbound_addresses=public_addresses(hosts) | inventory.outbound,
    )
    return NetworkFacts(topology, {subnet: tuple(guard.id for guard in guards) for subnet, guards in chains.items()})


def _inventory(api: Api, owners: Sequence[str], used: Collection[str]) -> _Inventory:
    """Read the facts about the networks in ``used`` from the projects that own them."""
    read = partial(api.listed_in, owners)
    networks, subnets, routes, (firewalls, routers) = api.parallel(
        partial(read, calls.LIST_NETWORKS, vpc_network, hides=_NETWORKS),
        partial(read, calls.LIST_SUBNETWORKS, vpc_subnet, hides=_ROUTES),
        partial(read, calls.LIST_ROUTES, vpc_route, hides=_ROUTES),
        lambda: api.parallel(
            partial(read, calls.LIST_FIREWALLS, firewall, hides=_FILTERS),
            partial(read, calls.LIST_ROUTERS, router, hides=_ROUTES),
        ),
    )
    used_networks = tuple(network for network in networks if network.id in used)
    speaking = [router for router in routers if router.network in used]
    here = tuple(subnet for subnet in subnets if subnet.subnet.network in used)
    _record_missing_peerings(api, used_networks, routes)
    _record_missing_subnet_routes(api, here, routes)
    return _Inventory(
        used_networks,
        here,
        routes,
        tuple(chain.from_iterable(firewalls)),
        learned_routes(api, used_networks, speaking),
        addresses_out(api, speaking),
    )


def _record_missing_peerings(api: Api, networks: Iterable[VpcNetwork], routes: Sequence[VpcRoute]) -> None:
    """Record a Gap for each peering without a route: the addresses of the peer are unknown."""
    routed = {(route.network, route.target) for route in routes if route.hop is NextHop.PEER}
    for network in networks:
        for peering in network.peerings:
            if (network.id, peering) not in routed:
                message = f"no route of the peering {peering} of {network.name} was found"
                api.missed(calls.LIST_ROUTES, peering, message, _ROUTES)


def _record_missing_subnet_routes(api: Api, subnets: Iterable[VpcSubnet], routes: Sequence[VpcRoute]) -> None:
    """Record a Gap for each subnet without a route.

    Each subnet has one: https://cloud.google.com/vpc/docs/routes#subnet-routes
    """
    seen = {(route.network, route.destination) for route in routes if route.hop is NextHop.LOCAL}
    for subnet in (subnet.subnet for subnet in subnets if subnet.purpose in _FOR_HOSTS):
        if not any(network == subnet.network and ranges <= subnet.ranges for network, ranges in seen):
            message = f"no route to the subnet {subnet.name} was found, so the list of routes is incomplete"
            api.missed(calls.LIST_ROUTES, subnet.id, message, _ROUTES)


def _chains(api: Api, inventory: _Inventory, used: Collection[str]) -> dict[str, tuple[Filter, ...]]:
    """Return the filters in force for each subnet. Filters of subnets without hosts are not read."""
    known = {network.id: network for network in inventory.networks}
    subnets = [
        subnet.subnet for subnet in inventory.subnets if subnet.subnet.id in used and subnet.subnet.network in known
    ]
    places = {subnet.id: (subnet.network, subnet.zone) for subnet in subnets}
    wanted = sorted(set(places.values()))
    read = api.gather(*(partial(_chain, api, known[network], inventory.rules, region) for network, region in wanted))
    chains = dict(zip(wanted, read, strict=True))
    return {subnet: chains[place] for subnet, place in places.items()}


def _chain(api: Api, network: VpcNetwork, rules: Iterable[Rule], region: str) -> tuple[Filter, ...]:
    """Return the filters in force on a network in a region.

    If the region's policies may not be read, return the network's global ones.
    """
    project, name = project_of(network.id), last(network.id)
    call, other = calls.GET_REGION_EFFECTIVE_FIREWALLS, calls.GET_EFFECTIVE_FIREWALLS
    items = api.read_or_none(call, hides=_FILTERS, about=name, project=project, region=region, network=network.id)
    if items is None:
        call, items = other, api.read(other, hides=_FILTERS, about=name, project=project, network=name)
    listed = api.mapped(call, items, partial(children, key="firewallPolicys"), hides=_FILTERS, about=name)
    read = PolicyReader(api, call, network.id, region).policy
    policies = api.mapped(call, chain.from_iterable(listed), read, hides=_FILTERS, about=name)
    return chain_of(network, rules, policies, Source(calls.LIST_FIREWALLS.name, network.id))


def _is_alone(api: Api, owners: Sequence[str], project: str) -> bool:
    """Whether only this project's machines are in the networks: the project owns the networks, and shares none.

    https://cloud.google.com/vpc/docs/shared-vpc
    """
    if not set(owners) <= {project}:
        return False
    make = partial(text, key="xpnProjectStatus")
    states = api.listed(calls.GET_PROJECT, make, hides=(), about=project, project=project)
    return bool(states) and states[0] in _NOT_SHARED


def _groups(named: Iterable[str], *, alone: bool) -> Iterator[Group]:
    """Yield the groups. In a shared network, machines of other projects may be in them too."""
    for name in sorted(named):
        known = alone and not is_of_connectors(name)
        yield Group(name, name.partition("/")[2], Source(calls.LIST_INSTANCES.name), known)


def _external_members(found: FoundCluster, hosts: Iterable[Host], named: Collection[str]) -> Iterator[Interface]:
    """Yield the interfaces of other machines in the networks that are in a group of a host or of a rule."""
    own_ids = {host.id for host in hosts}
    for other in found.everyone:
        groups = tuple(name for name in other.groups if name in named)
        if groups and other.id not in own_ids:
            for network, interface in zip(other.networks, other.host.interfaces, strict=True):
                if network in found.networks:
                    yield replace(_foreign(interface, other), groups=groups)


def _next_members(
    found: FoundCluster,
    others: Iterable[tuple[str, Instance]],
    named: Collection[str],
    ranges: Mapping[str, AddressSet],
) -> Iterator[Interface]:
    """Yield the interfaces of next instances that are in a group of a host or of a rule, with their subnets' ranges.

    ``others``: next instances of managers that are not the cluster's. ``ranges``: map of a subnet's id → its ranges.
    """
    for manager, after in others:
        groups = tuple(name for name in after.groups if name in named)
        for network, nic in zip(after.networks, after.host.interfaces, strict=True) if groups else ():
            if nic.subnet in ranges or network in found.networks:
                addresses = ranges.get(nic.subnet) or AddressSet.union(ranges.values())
                owner = f"the next instance of {manager}"
                yield replace(nic, groups=groups, addresses=(addresses,), owner=owner)


def _neighbours(found: FoundCluster, hosts: Iterable[Host], used: Collection[str]) -> Iterator[Interface]:
    """Yield the interfaces of other machines in the cluster's subnets, with the machines' alias ranges."""
    own_ids = {host.id for host in hosts}
    for other in found.everyone:
        near = (nic for nic in other.host.interfaces if nic.subnet in used and other.id not in own_ids)
        for interface in near:
            yield replace(_foreign(interface, other), addresses=(*interface.addresses, *other.pod_ranges))


def _foreign(interface: Interface, other: Instance) -> Interface:
    return Interface(interface.id, interface.subnet, interface.addresses, interface.source, owner=other.host.name)
