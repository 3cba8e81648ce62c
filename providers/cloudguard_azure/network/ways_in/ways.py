"""All paths into the cluster except its interfaces: balancers, endpoints, bastions; and its hosts' way out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import Balancer
from cloudguard.model.network import Endpoint, Tunnel
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item
from cloudguard.provider.network.parts_in_use import interfaces_of, used_subnets
from cloudguard.values import dataclass
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import id_in, own_id, parent, subscription_of
from cloudguard_azure.cluster.interfaces import PublicAddresses, configurations
from cloudguard_azure.cluster.load_balancers import HIDES, LoadBalancer, read_load_balancers
from cloudguard_azure.network.subnets import VirtualNetwork, VirtualSubnet
from cloudguard_azure.network.ways_in.application_gateways import read_application_gateways
from cloudguard_azure.network.ways_in.balancers import Context, appliances_of, balancers_of
from cloudguard_azure.network.ways_in.endpoints import (
    Surroundings,
    addresses_out,
    node_group,
    read_endpoints,
    subnets_of_apis,
)
from cloudguard_azure.network.ways_in.firewalls import read_firewalls
from cloudguard_azure.network.ways_in.gateways import read_bastions, record_service_gateways
from cloudguard_azure.network.ways_in.members import Members
from cloudguard_azure.network.ways_in.private_links import read_direct_links, read_published
from cloudguard_azure.network.ways_in.proxies import Targets
from cloudguard_azure.network.ways_in.public_addresses import nat_addresses, with_prefixes

_PREFETCHED: Final = (
    calls.LIST_LOAD_BALANCERS,
    calls.LIST_PUBLIC_PREFIXES,
    calls.LIST_PRIVATE_LINK_SERVICES,
    calls.LIST_BASTIONS,
    calls.LIST_APPLICATION_GATEWAYS,
    calls.LIST_FIREWALLS,
)


@dataclass(frozen=True, eq=False, slots=True)
class WaysRequest:
    """The cluster's hosts and pools, and the resources around them in Azure's form.

    ``interfaces``: all that were read, with their ``public`` addresses. ``scale_sets``: those that are pools.
    ``networks``: all of the subscription. ``own_networks``: the ids of the cluster's networks. ``guards``: the filters
    of a subnet, by its id. ``aks``: the AKS cluster (None: not AKS).
    """

    hosts: Sequence[Host]
    pools: Sequence[Pool]
    interfaces: Sequence[Item]
    public: PublicAddresses
    scale_sets: Sequence[Item]
    networks: Mapping[str, VirtualNetwork]
    own_networks: frozenset[str]
    guards: Callable[[str], tuple[str, ...]]
    aks: Item | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """The paths into the cluster, and the public addresses that its hosts leave by.

    ``networks``: ids of further networks that contain endpoints and proxies. ``filters``: the clients of firewalls and
    of private link services. ``control_plane``: addresses of the pods of an API server in a subnet of the network.
    ``skus``: for each host or pool id, the SKUs of the balancers that may lead there from the internet, in lower case
    ("" for a balancer without SKU).
    """

    balancers: tuple[Balancer, ...]
    endpoints: tuple[Endpoint, ...]
    tunnels: tuple[Tunnel, ...]
    outbound_addresses: AddressSet
    networks: frozenset[str]
    control_plane: AddressSet
    skus: Mapping[str, frozenset[str]]
    filters: tuple[Filter, ...]


def read_ways(api: Api, request: WaysRequest) -> Ways:
    """Read all paths into the cluster."""
    api.gather(*(partial(api.prefetch, call) for call in _PREFETCHED))
    subnets = {subnet.id: subnet for network in request.networks.values() for subnet in network.subnets}
    ranges = {name: subnet.ranges for name, subnet in subnets.items()}
    peers = {
        peering.network
        for name in request.own_networks
        if name in request.networks
        for peering in request.networks[name].peerings
    }
    members, addresses = _members(api, request), with_prefixes(api, request.public)
    aks = [request.aks] if request.aks else []
    groups = api.mapped(calls.LIST_MANAGED_CLUSTERS, aks, node_group, hides=())
    listed = _every_balancer(api, members)
    balancers = balancers_of(Context(api, members, addresses, read_published(api, ranges), frozenset(groups)), listed)
    around = Surroundings(addresses, subnets, request.own_networks, request.guards)
    endpoints = read_endpoints(api, request.aks, around) if request.aks else ()
    near = request.own_networks | peers
    targets = Targets(api, members, addresses, _inside(request, balancers), balancers, near, _is_linked(request))
    record_service_gateways(api, [subnet for subnet in subnets.values() if subnet.network in request.own_networks])
    gateways, policies = read_application_gateways(api, targets, request.guards, frozenset() if request.aks else near)
    firewalls, clients = read_firewalls(api, targets)
    links, consumers = read_direct_links(api, ranges)
    proxies = tuple(targets.balancers_of((*gateways, *firewalls, *links)))
    networks = {*(endpoint.network for endpoint in endpoints), *(proxy.network for proxy in proxies)}
    return Ways(
        balancers=(*balancers, *proxies),
        endpoints=endpoints,
        tunnels=read_bastions(api, near, ranges),
        outbound_addresses=_outbound(api, request, members, addresses, (listed, subnets)),
        networks=frozenset(networks - request.own_networks - {""}),
        control_plane=AddressSet.union(ranges[name] for name in subnets_of_apis(endpoints) if name in ranges),
        skus=_skus(balancers, listed),
        filters=(*appliances_of(listed), *policies, *clients, *consumers),
    )


def _is_linked(request: WaysRequest) -> bool:
    """Whether networks other than its peers may be connected to one of the cluster's networks."""
    networks = [request.networks.get(name) for name in request.own_networks]
    return any(network is None or network.linked for network in networks)


def _members(api: Api, request: WaysRequest) -> Members:
    members = Members(request.hosts, request.pools)
    api.mapped(calls.LIST_INTERFACES, request.interfaces, members.add_interface, hides=HIDES)
    api.mapped(calls.LIST_SCALE_SETS, request.scale_sets, members.add_scale_set, hides=HIDES)
    return members


def _every_balancer(api: Api, members: Members) -> tuple[LoadBalancer, ...]:
    """Read the subscription's load balancers, and those of other subscriptions that interfaces refer to."""
    listed = read_load_balancers(api)
    wanted = {name for name in members.references if "/loadbalancers/" in name} - _known(listed)
    elsewhere = sorted({subscription_of(name) for name in wanted} - {api.subscription.lower()})
    further = [
        balancer
        for each in api.gather(*(partial(read_load_balancers, api, name) for name in elsewhere))
        for balancer in each
    ]
    for name in sorted(wanted - _known(further)):
        message = "an interface of the cluster refers to it, but no load balancer that was read contains it"
        api.missed(calls.LIST_LOAD_BALANCERS, name, message, HIDES)
    return (*listed, *further)


def _known(listed: Iterable[LoadBalancer]) -> set[str]:
    return {name for balancer in listed for name in (*balancer.pools, *(rule.id for rule in balancer.forwardings))}


def _inside(request: WaysRequest, balancers: Iterable[Balancer]) -> AddressSet:
    """Return the addresses that reach hosts from inside: the hosts' own, and those of balancers in front of them.

    Addresses of Services are left out: they are open to every client. On AKS, only the first address of an interface is
    a host's; the others are pods'.
    """
    first = 1 if request.aks else None
    of_hosts = (address for interface in interfaces_of(request.hosts) for address in interface.addresses[:first])
    return AddressSet.union(
        (*of_hosts, *(balancer.addresses for balancer in balancers if not balancer.declared_service))
    )


def _outbound(
    api: Api,
    request: WaysRequest,
    members: Members,
    addresses: PublicAddresses,
    known: tuple[Sequence[LoadBalancer], Mapping[str, VirtualSubnet]],
) -> AddressSet:
    """Return the hosts' own public addresses, and those of their NAT gateways and outbound front ends."""
    listed, subnets = known
    own_ids = {interface.id for interface in interfaces_of(request.hosts)}
    used = used_subnets(request.hosts, request.pools)
    references = [*nat_addresses(api, (subnets[name].item for name in sorted(used) if name in subnets))]
    of_interfaces = api.mapped(calls.LIST_INTERFACES, request.interfaces, partial(_references, own_ids), hides=())
    references += [name for names in of_interfaces for name in names]
    for balancer in listed:
        for front, pool in balancer.outbound:
            if front in balancer.front_ends and members.behind(pool, balancer.pools.get(pool))[0]:
                references += balancer.front_ends[front].references
    for names in api.mapped(calls.LIST_MANAGED_CLUSTERS, [request.aks] if request.aks else (), addresses_out, hides=()):
        references += names
    return addresses.of(references)


def _references(own_ids: Collection[str], item: Item) -> list[str]:
    """Return the ids of an interface's public addresses; none if it is not among the cluster's ``own_ids``."""
    listed = configurations(item) if own_id(item) in own_ids else ()
    return [id_in(configuration, "publicIPAddress") for configuration in listed]


def _skus(balancers: Iterable[Balancer], listed: Iterable[LoadBalancer]) -> dict[str, frozenset[str]]:
    skus, by_address = {balancer.id: balancer.sku for balancer in listed}, dict[str, set[str]]()
    for balancer in balancers:
        if balancer.internet_facing is False:
            continue
        for name in {target.host for listener in balancer.listeners for target in listener.targets}:
            by_address.setdefault(name, set()).add(skus.get(parent(balancer.id), ""))
    return {name: frozenset(words) for name, words in by_address.items()}
