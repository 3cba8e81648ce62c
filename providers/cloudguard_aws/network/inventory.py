"""The VPCs of a cluster and of the balancers that send to it: their subnets, route tables and network ACLs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from cloudguard.model.cluster import Host
from cloudguard.model.network import Endpoint, Network, Subnet
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, required, text
from cloudguard.provider.network.parts_in_use import used_subnets
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.balancers import ClusterBalancers, read_cluster_balancers
from cloudguard_aws.network.listeners import Members
from cloudguard_aws.network.public_access import PublicAccess, read_public_access
from cloudguard_aws.network.routes import Tables, network, peering_ranges, route_table, subnet
from cloudguard_aws.network.rules import NetworkAcl, network_acl

A = TypeVar("A")
ROUTES: Final = (FactKind.ROUTES,)
FILTERS: Final = (FactKind.FILTERS,)
MEMBERS: Final = (FactKind.MEMBERS,)
_SUBNETS: Final = (FactKind.ROUTES, FactKind.FILTERS, FactKind.BALANCERS)


@dataclass(frozen=True, slots=True)
class Vpcs:
    """VPCs, the accounts that own them, and their resources. None: the resources could not be read."""

    networks: tuple[Network, ...]
    owners: Mapping[str, str]
    subnets: Mapping[str, Subnet]
    tables: Tables | None
    acls: Sequence[NetworkAcl] | None
    interfaces: Sequence[Item] | None

    def merged_with(self, other: Vpcs) -> Vpcs:
        """Return these VPCs together with those of ``other``."""
        return Vpcs(
            networks=(*self.networks, *other.networks),
            owners={**self.owners, **other.owners},
            subnets={**self.subnets, **other.subnets},
            tables=self.tables.merged_with(other.tables) if self.tables and other.tables else None,
            acls=_concatenated(self.acls, other.acls),
            interfaces=_concatenated(self.interfaces, other.interfaces),
        )


def _concatenated(first: Sequence[A] | None, other: Sequence[A] | None) -> Sequence[A] | None:
    return None if first is None or other is None else [*first, *other]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The VPCs around a cluster, the Block Public Access setting, and the balancers that send to its hosts."""

    vpcs: Vpcs
    public_access: PublicAccess
    balancers: ClusterBalancers


def read_inventory(
    api: Api,
    *,
    hosts: tuple[Host, ...],
    endpoints: tuple[Endpoint, ...],
    network_ids: Collection[str] = (),
    registers: Mapping[str, Sequence[str]] | None = None,
) -> Inventory:
    """Read the VPCs of a cluster: ``network_ids`` and the endpoints' VPCs if known, else those of its hosts' subnets.

    ``registers``: dict of target group or classic balancer → scaling groups that register their next hosts there.
    """
    known = frozenset({*network_ids, *(endpoint.network for endpoint in endpoints)} - {""})
    own: Mapping[str, Subnet] = {}
    if not known:
        own = read_subnets(api, "subnet-id", used_subnets(hosts, (), endpoints))
        known = frozenset(subnet.network for subnet in own.values())
    balancers, vpcs, public_access = api.parallel(
        partial(read_cluster_balancers, api, known, Members.of(hosts, registers)),
        partial(_read_vpcs, api, known, own),
        partial(read_public_access, api),
    )
    elsewhere = balancers.networks - known
    if not elsewhere:
        return Inventory(vpcs, public_access, balancers)
    others = _read_vpcs(api, elsewhere)
    return Inventory(vpcs.merged_with(others), public_access, balancers.beyond(others.networks))


def _read_vpcs(api: Api, names: frozenset[str], known: Mapping[str, Subnet] | None = None) -> Vpcs:
    """Read the VPCs with the ids ``names``. Their subnets are read unless they are ``known``."""
    vpcs, (acls, interfaces), subnets, tables = api.parallel(
        partial(api.matching, calls.DESCRIBE_VPCS, "vpc-id", names, hides=ROUTES),
        lambda: api.parallel(
            partial(api.matching_or_none, calls.DESCRIBE_NETWORK_ACLS, "vpc-id", names, hides=FILTERS),
            partial(api.matching_or_none, calls.DESCRIBE_NETWORK_INTERFACES, "vpc-id", names, hides=MEMBERS),
        ),
        partial(read_subnets, api, "vpc-id", () if known else names),
        partial(_read_tables, api, names),
    )
    return Vpcs(
        networks=api.mapped(calls.DESCRIBE_VPCS, vpcs, network, hides=ROUTES),
        owners=dict(api.mapped(calls.DESCRIBE_VPCS, vpcs, _owner, hides=ROUTES)),
        subnets=known or subnets,
        tables=tables,
        acls=None if acls is None else api.mapped(calls.DESCRIBE_NETWORK_ACLS, acls, network_acl, hides=FILTERS),
        interfaces=interfaces,
    )


def _owner(vpc: Item) -> tuple[str, str]:
    return required(vpc, "VpcId"), text(vpc, "OwnerId")


def read_subnets(api: Api, key: str, names: Collection[str]) -> dict[str, Subnet]:
    """Return a dict of subnet id → subnet, for the subnets whose filter ``key`` matches one of ``names``."""
    listed = api.matching(calls.DESCRIBE_SUBNETS, key, names, hides=_SUBNETS)
    return {each.id: each for each in api.mapped(calls.DESCRIBE_SUBNETS, listed, subnet, hides=_SUBNETS)}


def _read_tables(api: Api, vpcs: frozenset[str]) -> Tables | None:
    """Read the route tables of ``vpcs``, and the ranges behind the peerings in their routes."""
    call, peering_call = calls.DESCRIBE_ROUTE_TABLES, calls.DESCRIBE_VPC_PEERING_CONNECTIONS
    items = api.matching_or_none(call, "vpc-id", vpcs, hides=ROUTES)
    if items is None:
        return None
    tables = api.mapped(call, items, route_table, hides=ROUTES)
    wanted = {route.target for table in tables for route in table.routes if route.target.startswith("pcx-")}
    listed = api.matching(peering_call, "vpc-peering-connection-id", wanted, hides=ROUTES)
    peerings = dict(api.mapped(peering_call, listed, lambda item: peering_ranges(item, vpcs), hides=ROUTES))
    return Tables([table.behind(peerings) for table in tables], complete=len(tables) == len(items))
