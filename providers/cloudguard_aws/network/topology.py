"""The network around one cluster: its VPCs, their filters, what leads to it, who is let in by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.network import Endpoint, Network, Subnet, Topology
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, parts, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.balancers import ClusterBalancers, read_balancers, read_cluster_balancers
from cloudguard_aws.network.foreign_interfaces import ClusterInterfaces, balancer_descriptions
from cloudguard_aws.network.listeners import Members
from cloudguard_aws.network.routes import Tables, network, peering_ranges, route_table, subnet, with_routes
from cloudguard_aws.network.rules import NetworkAcl, network_acl
from cloudguard_aws.network.security_groups import groups_and_members, read_security_groups

_ROUTES: Final = (FactKind.ROUTES,)
_FILTERS: Final = (FactKind.FILTERS,)
_SUBNETS: Final = (FactKind.ROUTES, FactKind.FILTERS, FactKind.BALANCERS)


@dataclass(frozen=True, slots=True)
class VpcInventory:
    """VPCs and what is in them; ``tables`` and ``acls`` None where they could not be read.

    ``balancers`` are those that send to the cluster's hosts.
    """

    networks: Sequence[Network]
    subnets: Mapping[str, Subnet]
    tables: Tables | None
    acls: Sequence[NetworkAcl] | None
    balancers: ClusterBalancers


def read_inventory(
    api: Api, *, hosts: tuple[Host, ...], endpoints: tuple[Endpoint, ...], network_ids: Collection[str] = ()
) -> VpcInventory:
    """Read the VPCs of a cluster (``network_ids`` where they are known), whatever will stand in them."""
    known = frozenset({*network_ids, *(one.network for one in endpoints)} - {""})
    own: Mapping[str, Subnet] = {}
    if not known:
        own = _read_subnets(api, "subnet-id", _used(hosts, (), endpoints))
        known = frozenset(one.network for one in own.values())
    balancers, inside, (networks, acls), tables = api.four(
        partial(read_cluster_balancers, api, known, Members.of(hosts)),
        partial(_read_subnets, api, "vpc-id", () if own else known),
        lambda: api.two(
            partial(api.matching, calls.DESCRIBE_VPCS, "vpc-id", known, hides=_ROUTES),
            partial(api.matching_or_none, calls.DESCRIBE_NETWORK_ACLS, "vpc-id", known, hides=_FILTERS),
        ),
        partial(_read_tables, api, known),
    )
    return VpcInventory(
        networks=api.mapped(calls.DESCRIBE_VPCS, networks, network, hides=_ROUTES),
        subnets={**own, **inside},
        tables=tables,
        acls=None if acls is None else api.mapped(calls.DESCRIBE_NETWORK_ACLS, acls, network_acl, hides=_FILTERS),
        balancers=balancers,
    )


def _read_subnets(api: Api, key: str, names: Collection[str]) -> dict[str, Subnet]:
    listed = api.matching(calls.DESCRIBE_SUBNETS, key, names, hides=_SUBNETS)
    return {one.id: one for one in api.mapped(calls.DESCRIBE_SUBNETS, listed, subnet, hides=_SUBNETS)}


def read_topology(  # noqa: PLR0913 - all that stands in the network
    api: Api,
    inventory: VpcInventory,
    *,
    cluster: str,
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    endpoints: tuple[Endpoint, ...],
) -> Topology:
    """Read all about the network that concerns one cluster, which stands in the VPCs of ``inventory``."""
    subnets = _subnets(api, inventory, _used(hosts, pools, endpoints) | inventory.balancers.subnets)
    names = _filter_names(hosts, pools, endpoints) | inventory.balancers.filters
    balancers, security_groups, outbound = api.three(
        partial(read_balancers, api, inventory.balancers, cluster=cluster),
        partial(read_security_groups, api, names, subnets),
        partial(_outbound, api, hosts, subnets),
    )
    own = ClusterInterfaces(
        cluster=cluster,
        hosts={host.id for host in hosts},
        interfaces={interface.id for host in hosts for interface in host.interfaces},
        balancers=balancer_descriptions(balancers),
    )
    groups, external_members = groups_and_members(api, security_groups, own)
    tables, used = inventory.tables, {name for one in subnets for name in one.filters}
    networks = (
        replace(one, internet_gateway=tables.internet_gateway(one.id)) if tables else one for one in inventory.networks
    )
    acls = (one.filter for one in inventory.acls or () if one.filter.id in used)
    return Topology(
        networks=tuple(sorted(networks, key=lambda one: one.id)),
        subnets=subnets,
        filters=(*security_groups.filters, *sorted(acls, key=lambda one: one.id)),
        groups=groups,
        address_lists=security_groups.lists,
        balancers=balancers,
        endpoints=endpoints,
        external_members=external_members,
        outbound_addresses=outbound,
    )


def _used(hosts: tuple[Host, ...], pools: tuple[Pool, ...], endpoints: tuple[Endpoint, ...]) -> frozenset[str]:
    """Return the subnets that hosts, pools and endpoints stand in."""
    used = {interface.subnet for host in hosts for interface in host.interfaces}
    used.update(*(pool.subnets for pool in pools), *(endpoint.subnets for endpoint in endpoints))
    return frozenset(used - {""})


def _subnets(api: Api, inventory: VpcInventory, wanted: frozenset[str]) -> tuple[Subnet, ...]:
    """Return the subnets ``wanted``. One whose network ACL is not seen is guarded by a filter that no one knows."""
    more = _read_subnets(api, "subnet-id", wanted - inventory.subnets.keys())
    found = sorted({**inventory.subnets, **more}.items())
    guards = {name: one.filter.id for one in inventory.acls or () for name in one.subnets}
    kept = [one for name, one in found if name in wanted]
    for one in kept if inventory.acls is not None else ():
        if one.id not in guards:
            message = "the subnet's network ACL can't be seen from this account"
            api.add_gap(Gap(calls.DESCRIBE_NETWORK_ACLS.name, one.id, Reason.MISSING, message, _FILTERS))
    tables = inventory.tables
    for one in kept if tables is not None and tables.complete else ():
        if tables is not None and tables.routes(one) is None:
            message = "no route of the subnet can be seen from this account"
            api.add_gap(Gap(calls.DESCRIBE_ROUTE_TABLES.name, one.id, Reason.MISSING, message, _ROUTES))
    return tuple(with_routes(one, (guards.get(one.id, f"network ACL of {one.id}"),), inventory.tables) for one in kept)


def _filter_names(hosts: tuple[Host, ...], pools: tuple[Pool, ...], endpoints: tuple[Endpoint, ...]) -> frozenset[str]:
    """Return the security groups that guard hosts, pools and endpoints."""
    of_hosts = [interface.filters for host in hosts for interface in host.interfaces]
    others = [one.filters for group in (pools, endpoints) for one in group]
    return frozenset(name for names in (*of_hosts, *others) for name in names)


def _read_tables(api: Api, vpcs: frozenset[str]) -> Tables | None:
    """Read the route tables of ``vpcs``, and the ranges behind the peerings they lead to."""
    call, peering_call = calls.DESCRIBE_ROUTE_TABLES, calls.DESCRIBE_VPC_PEERING_CONNECTIONS
    items = api.matching_or_none(call, "vpc-id", vpcs, hides=_ROUTES)
    if items is None:
        return None
    tables = api.mapped(call, items, route_table, hides=_ROUTES)
    wanted = {route.target for one in tables for route in one.routes if route.target.startswith("pcx-")}
    listed = api.matching(peering_call, "vpc-peering-connection-id", wanted, hides=_ROUTES)
    peerings = dict(api.mapped(peering_call, listed, lambda one: peering_ranges(one, vpcs), hides=_ROUTES))
    return Tables([one.behind(peerings) for one in tables], complete=len(tables) == len(items))


def _outbound(api: Api, hosts: tuple[Host, ...], subnets: Iterable[Subnet]) -> AddressSet:
    """Return the public addresses that hosts leave by: their own, and those of the NAT gateways they are routed to."""
    gateways = {route.target for one in subnets for route in one.routes if route.target.startswith("nat-")}
    listed = api.matching(calls.DESCRIBE_NAT_GATEWAYS, "nat-gateway-id", gateways, hides=_ROUTES)
    own = (one for host in hosts for interface in host.interfaces for one in interface.public)
    return AddressSet.union((*own, *api.mapped(calls.DESCRIBE_NAT_GATEWAYS, listed, _public, hides=_ROUTES)))


def _public(gateway: Item) -> AddressSet:
    return AddressSet.of(filter(None, (text(one, "PublicIp") for one in parts(gateway, "NatGatewayAddresses"))))
