"""The network around one cluster: its VPCs, what guards it, what leads to it, who is let in by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import Balancer
from cloudguard.model.network import Endpoint, Subnet, Topology
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.balancers import Near, read_balancers, read_near
from cloudguard_aws.network.foreign_interfaces import Insiders, balancer_descriptions
from cloudguard_aws.network.listeners import Members
from cloudguard_aws.network.routes import Tables, network, peering_ranges, segment
from cloudguard_aws.network.rules import Item, network_acl
from cloudguard_aws.network.security_groups import named_groups, read_guards

_ROUTES: Final = (FactKind.ROUTES,)
_PLACES: Final = (FactKind.ROUTES, FactKind.FILTERS, FactKind.BALANCERS)


@dataclass(frozen=True, slots=True)
class Ground:
    """VPCs and what is in them, as answered; ``tables`` and ``acls`` None where they could not be read.

    ``near`` are the balancers that send to the cluster's hosts.
    """

    vpcs: Sequence[Item]
    subnets: Sequence[Item]
    tables: Tables | None
    acls: Sequence[Item] | None
    near: Near


def read_ground(
    api: Api, *, hosts: tuple[Host, ...], endpoints: tuple[Endpoint, ...], network_ids: Collection[str] = ()
) -> Ground:
    """Read the VPCs of a cluster (``network_ids`` where they are known), whatever will stand in them."""
    known = frozenset({*network_ids, *(one.network for one in endpoints)} - {""})
    subnets: Sequence[Item] = ()
    if not known:
        used = _used(hosts, (), endpoints)
        subnets = api.matching(calls.DESCRIBE_SUBNETS, "subnet-id", used, hides=_PLACES)
        known = frozenset(subnet["VpcId"] for subnet in subnets)
    near, inside, (vpcs, acls), tables = api.four(
        partial(read_near, api, known, Members.of(hosts)),
        partial(api.matching, calls.DESCRIBE_SUBNETS, "vpc-id", () if subnets else known, hides=_PLACES),
        lambda: api.two(
            partial(api.matching, calls.DESCRIBE_VPCS, "vpc-id", known, hides=_ROUTES),
            partial(api.matching_or_none, calls.DESCRIBE_NETWORK_ACLS, "vpc-id", known, hides=(FactKind.FILTERS,)),
        ),
        partial(_tables, api, known),
    )
    return Ground(vpcs, [*subnets, *inside], tables, acls, near)


def read_topology(  # noqa: PLR0913 - all that stands in the network
    api: Api,
    ground: Ground,
    *,
    cluster: str,
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    endpoints: tuple[Endpoint, ...],
) -> Topology:
    """Read all about the network that concerns one cluster, which stands on ``ground``."""
    segments = _segments(api, ground, _used(hosts, pools, endpoints) | ground.near.segments)
    names = _filter_names(hosts, pools, endpoints) | ground.near.filters
    balancers, guards, outbound = api.three(
        partial(read_balancers, api, ground.near, cluster=cluster),
        partial(read_guards, api, names, segments),
        partial(_outbound, api, hosts, segments),
    )
    groups, outsiders = named_groups(api, guards, _insiders(cluster, hosts, balancers))
    return Topology(
        networks=tuple(network(item, ground.tables) for item in sorted(ground.vpcs, key=lambda one: str(one["VpcId"]))),
        subnets=segments,
        filters=(*guards.filters, *_borders(ground.acls or (), segments)),
        groups=groups,
        address_lists=guards.lists,
        balancers=balancers,
        endpoints=endpoints,
        external_members=outsiders,
        outbound_addresses=outbound,
    )


def _used(hosts: tuple[Host, ...], pools: tuple[Pool, ...], endpoints: tuple[Endpoint, ...]) -> frozenset[str]:
    """Return the subnets that hosts, pools and endpoints stand in."""
    used = {interface.subnet for host in hosts for interface in host.interfaces}
    used.update(*(pool.subnets for pool in pools), *(endpoint.subnets for endpoint in endpoints))
    return frozenset(used - {""})


def _segments(api: Api, ground: Ground, wanted: frozenset[str]) -> tuple[Subnet, ...]:
    """Return the subnets ``wanted``. One whose network ACL is not seen is guarded by a filter that no one knows."""
    items = {str(one["SubnetId"]): one for one in ground.subnets}
    for one in api.matching(calls.DESCRIBE_SUBNETS, "subnet-id", wanted - items.keys(), hides=_PLACES):
        items[str(one["SubnetId"])] = one
    kept = [one for name, one in sorted(items.items()) if name in wanted]
    guarding = {link["SubnetId"]: acl["NetworkAclId"] for acl in ground.acls or () for link in acl["Associations"]}
    for item in kept if ground.acls is not None else ():
        if item["SubnetId"] not in guarding:
            message = "the subnet's network ACL can't be seen from this account"
            call = calls.DESCRIBE_NETWORK_ACLS.name
            api.add_gap(Gap(call, item["SubnetId"], Reason.MISSING, message, (FactKind.FILTERS,)))
    return tuple(
        segment(item, (guarding.get(item["SubnetId"], f"network ACL of {item['SubnetId']}"),), ground.tables)
        for item in kept
    )


def _borders(acls: Iterable[Item], segments: Iterable[Subnet]) -> tuple[Filter, ...]:
    used = {name for one in segments for name in one.filters}
    found = (network_acl(acl, calls.DESCRIBE_NETWORK_ACLS.name) for acl in acls if acl["NetworkAclId"] in used)
    return tuple(sorted(found, key=lambda one: one.id))


def _filter_names(
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    endpoints: tuple[Endpoint, ...],
) -> frozenset[str]:
    """Return the security groups that guard hosts, pools and endpoints."""
    of_hosts = [interface.filters for host in hosts for interface in host.interfaces]
    others = [one.filters for group in (pools, endpoints) for one in group]
    return frozenset(name for names in (*of_hosts, *others) for name in names)


def _insiders(cluster: str, hosts: tuple[Host, ...], balancers: tuple[Balancer, ...]) -> Insiders:
    return Insiders(
        cluster=cluster,
        hosts={host.id for host in hosts},
        interfaces={interface.id for host in hosts for interface in host.interfaces},
        balancers=balancer_descriptions(balancers),
    )


def _tables(api: Api, vpcs: frozenset[str]) -> Tables | None:
    """Read the route tables of ``vpcs``, and the ranges behind the peerings they lead to."""
    tables = api.matching_or_none(calls.DESCRIBE_ROUTE_TABLES, "vpc-id", vpcs, hides=_ROUTES)
    if tables is None:
        return None
    peerings = {route.get("VpcPeeringConnectionId") for table in tables for route in table.get("Routes", ())} - {None}
    items = api.matching(
        calls.DESCRIBE_VPC_PEERING_CONNECTIONS, "vpc-peering-connection-id", map(str, peerings), hides=_ROUTES
    )
    return Tables(tables, calls.DESCRIBE_ROUTE_TABLES.name, peering_ranges(items, vpcs))


def _outbound(api: Api, hosts: tuple[Host, ...], segments: Iterable[Subnet]) -> AddressSet:
    """Return the public addresses that hosts leave by: their own, and those of the NAT gateways they are routed to."""
    gateways = {route.target for one in segments for route in one.routes if route.target.startswith("nat-")}
    items = api.matching(calls.DESCRIBE_NAT_GATEWAYS, "nat-gateway-id", gateways, hides=_ROUTES)
    own = AddressSet.union(one for host in hosts for interface in host.interfaces for one in interface.public)
    return own | AddressSet.of(_translated(items))


def _translated(gateways: Iterable[Item]) -> Iterator[str]:
    for gateway in gateways:
        yield from (one["PublicIp"] for one in gateway.get("NatGatewayAddresses", ()) if one.get("PublicIp"))
