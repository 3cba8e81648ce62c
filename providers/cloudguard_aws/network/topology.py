"""The network around one cluster: VPCs, filters, balancers and endpoints, and the members of groups that rules name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial
from itertools import chain

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.network import Endpoint, Interface, Subnet, Topology
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, children, text
from cloudguard.provider.network.parts_in_use import interfaces_of, public_addresses, used_subnets
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.balancers import read_balancers
from cloudguard_aws.network.group_members import ClusterInterfaces, balancer_descriptions, foreign_interface
from cloudguard_aws.network.inventory import ROUTES, Inventory, read_subnets
from cloudguard_aws.network.pointers import accelerators, record_unfollowed_to_endpoint, tunnels
from cloudguard_aws.network.routes import with_routes
from cloudguard_aws.network.security_groups import read_security_groups


def read_topology(  # noqa: PLR0913 - all parts of the network
    api: Api,
    inventory: Inventory,
    *,
    cluster: str,
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    endpoints: tuple[Endpoint, ...],
    account: str = "",
) -> Topology:
    """Read the network that concerns one cluster. ``inventory``: the cluster's VPCs and balancers.

    ``account``: the account that is read, "" if it is unknown.
    """
    every = inventory.balancers.every
    subnets = _subnets(api, inventory, used_subnets(hosts, pools, endpoints).union(*(lb.subnets for lb in every)))
    names = _filter_names(hosts, pools, endpoints).union(*(lb.filters for lb in every))
    of_cluster = ClusterInterfaces(
        cluster=cluster,
        hosts={host.id for host in hosts},
        interfaces={interface.id for interface in interfaces_of(hosts)},
        balancers=balancer_descriptions(inventory.balancers.read),
    )
    balancers, security_groups, outbound = api.parallel(
        partial(read_balancers, api, inventory.balancers, cluster=cluster),
        partial(read_security_groups, api, names, subnets, of_cluster, hosts=hosts, account=account),
        partial(_outbound, api, hosts, subnets),
    )
    ends = {*of_cluster.hosts, *(balancer.id for balancer in inventory.balancers.modern)}
    interfaces = inventory.vpcs.interfaces or ()
    services = tunnels(
        api, interfaces, security_groups.lists, security_groups.filters, inventory.balancers.members.pools
    )
    record_unfollowed_to_endpoint(api, filter(of_cluster.is_endpoint, interfaces), inventory.balancers.read)
    tables, used = inventory.vpcs.tables, {name for subnet in subnets for name in subnet.filters}
    networks = inventory.vpcs.networks
    if tables:
        networks = tuple(replace(network, internet_gateway=tables.internet_gateway(network.id)) for network in networks)
    acls = (acl.filter for acl in inventory.vpcs.acls or () if acl.filter.id in used)
    return Topology(
        networks=tuple(sorted(networks, key=lambda network: network.id)),
        subnets=subnets,
        filters=(*security_groups.filters, *sorted(acls, key=lambda acl: acl.id), *balancers.filters),
        groups=security_groups.groups,
        address_lists=security_groups.lists,
        balancers=balancers.balancers,
        endpoints=endpoints,
        external_members=security_groups.external_members,
        neighbours=_neighbours(api, inventory, of_cluster, {subnet.id for subnet in subnets}),
        tunnels=(*services, *accelerators(api, interfaces, ends)),
        outbound_addresses=outbound,
    )


def _neighbours(
    api: Api, inventory: Inventory, own_interfaces: ClusterInterfaces, subnets: Collection[str]
) -> tuple[Interface, ...] | None:
    """Return the interfaces in ``subnets`` outside the cluster that may open connections. None: not all are known."""
    if inventory.vpcs.interfaces is None:
        return None
    near = [item for item in inventory.vpcs.interfaces if text(item, "SubnetId") in subnets]
    read = partial(foreign_interface, own_interfaces=own_interfaces)
    return tuple(filter(None, api.mapped(calls.DESCRIBE_NETWORK_INTERFACES, near, read, hides=(FactKind.MEMBERS,))))


def _subnets(api: Api, inventory: Inventory, wanted: frozenset[str]) -> tuple[Subnet, ...]:
    """Return the subnets ``wanted``.

    A subnet whose network ACL was not answered gets the name of an unknown filter, and one without an answered route
    gets unknown routes. So these gaps hide nothing else.
    """
    vpcs = inventory.vpcs
    more = read_subnets(api, "subnet-id", wanted - vpcs.subnets.keys())
    subnets = sorted({**vpcs.subnets, **more}.items())
    guards = {name: acl.filter.id for acl in vpcs.acls or () for name in acl.subnets}
    used = [subnet for name, subnet in subnets if name in wanted]
    for subnet in used if vpcs.acls is not None else ():
        if subnet.id not in guards:
            message = "the subnet's network ACL can't be seen from this account"
            api.missed(calls.DESCRIBE_NETWORK_ACLS, subnet.id, message, ())
    tables = vpcs.tables
    for subnet in used:
        if tables is not None and tables.complete and tables.routes(subnet) is None:
            message = "no route of the subnet can be seen from this account"
            api.missed(calls.DESCRIBE_ROUTE_TABLES, subnet.id, message, ())
    routed = (with_routes(subnet, (guards.get(subnet.id, f"network ACL of {subnet.id}"),), tables) for subnet in used)
    return tuple(inventory.public_access.applied_to(subnet, vpcs.owners.get(subnet.network, "")) for subnet in routed)


def _filter_names(hosts: tuple[Host, ...], pools: tuple[Pool, ...], endpoints: tuple[Endpoint, ...]) -> frozenset[str]:
    """Return the ids of the security groups that guard hosts, pools and endpoints."""
    of_hosts = (interface.filters for interface in interfaces_of(hosts))
    of_pools = (filters for pool in pools for filters in (pool.filters, *(each.filters for each in pool.further)))
    return frozenset(chain(*of_hosts, *of_pools, *(endpoint.filters for endpoint in endpoints)))


def _outbound(api: Api, hosts: tuple[Host, ...], subnets: Iterable[Subnet]) -> AddressSet:
    """Return the public addresses that hosts send from: their own, and those of the NAT gateways in their routes."""
    gateways = {route.target for subnet in subnets for route in subnet.routes if route.target.startswith("nat-")}
    listed = api.matching(calls.DESCRIBE_NAT_GATEWAYS, "nat-gateway-id", gateways, hides=ROUTES)
    translated = api.mapped(calls.DESCRIBE_NAT_GATEWAYS, listed, _public, hides=ROUTES)
    return AddressSet.union((public_addresses(hosts), *translated))


def _public(gateway: Item) -> AddressSet:
    return AddressSet.of(
        filter(None, (text(address, "PublicIp") for address in children(gateway, "NatGatewayAddresses")))
    )
