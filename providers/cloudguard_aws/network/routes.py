"""VPCs, subnets and route tables as networks, subnets and routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.model.network import Network, NextHop, Route, Subnet
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.provider.answers import AnswerError, Item, child, children, flag, required, text
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.cluster.tags import name_of

_TARGETS: Final = (
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "VpcPeeringConnectionId",
    "TransitGatewayId",
    "CoreNetworkArn",
    "LocalGatewayId",
    "CarrierGatewayId",
    "OdbNetworkArn",
    "NetworkInterfaceId",
    "InstanceId",
)
_HOPS: Final = {
    "local": NextHop.LOCAL,
    "igw": NextHop.INTERNET,
    "cagw": NextHop.INTERNET,
    "nat": NextHop.OUTBOUND,
    "eigw": NextHop.OUTBOUND,
    "pcx": NextHop.PEER,
    "tgw": NextHop.HUB,
    "vgw": NextHop.VPN,
    "lgw": NextHop.VPN,
    "vpce": NextHop.APPLIANCE,
    "eni": NextHop.APPLIANCE,
    "i": NextHop.APPLIANCE,
}
"""Next hops by the prefix of the target's id. A local gateway (Outposts) leads to the customer's own site, as a VPN
does."""
_HOPS_BY_KEY: Final = {"CoreNetworkArn": NextHop.HUB, "OdbNetworkArn": NextHop.PEER}

_NOT_ASSOCIATED: Final = {"disassociated", "failing", "failed"}
"""States of a range that is not, or no longer, part of the VPC or subnet."""

Peerings = Mapping[str, Sequence[AddressSet]]
"""Dict of peering id → address ranges on the other side."""


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table. ``of_gateway``: it routes the packets that come in through a gateway."""

    vpc: str
    subnets: frozenset[str]
    is_main: bool
    of_gateway: bool
    routes: tuple[Route, ...]

    def behind(self, peerings: Peerings) -> RouteTable:
        """Return the table with each route into a peering limited to the ranges on the other side."""
        return replace(self, routes=tuple(route for written in self.routes for route in _behind(written, peerings)))


def route_table(item: Item) -> RouteTable:
    """Return a route table with its associations and routes."""
    links, source = (
        children(item, "Associations"),
        Source(calls.DESCRIBE_ROUTE_TABLES.name, required(item, "RouteTableId")),
    )
    return RouteTable(
        vpc=required(item, "VpcId"),
        subnets=frozenset(text(link, "SubnetId") for link in links) - {""},
        is_main=any(flag(link, "Main") for link in links),
        of_gateway=any(text(link, "GatewayId") for link in links),
        routes=tuple(route for entry in children(item, "Routes") for route in _route(entry, source)),
    )


def _route(item: Item, source: Source) -> Iterator[Route]:
    ranges, listed = text(item, "DestinationCidrBlock") or text(item, "DestinationIpv6CidrBlock"), ""
    if not ranges:
        listed = text(item, "DestinationPrefixListId")
    if not ranges and not listed:
        message = "a route has no destination"
        raise AnswerError(message)
    key = next((name for name in _TARGETS if text(item, name)), "")
    target = text(item, key)
    hop = _hop(key, target, listed=bool(listed))
    if text(item, "State") == "blackhole":
        hop = NextHop.BLACKHOLE
    yield Route(AddressSet.parse(ranges) if ranges else NO_ADDRESSES, hop, target, source, listed)


def _hop(key: str, target: str, *, listed: bool) -> NextHop:
    prefix = target.partition("-")[0]
    if prefix == "vpce" and listed:
        return NextHop.SERVICE  # a gateway endpoint; routes to a firewall's endpoint have a CIDR as destination
    return _HOPS_BY_KEY.get(key) or _HOPS.get(prefix, NextHop.UNKNOWN)


def _behind(route: Route, peerings: Peerings) -> Iterator[Route]:
    """Yield a route, or one route to each range of its peering inside the destination. A peer does not route further.

    A route to no range of its peering takes the packets and drops them.
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html ("Transitive peering")
    """
    ranges = peerings.get(route.target, ()) if route.hop is NextHop.PEER else ()
    inside = [range_ for range_ in ranges if range_ <= route.destination and range_ != route.destination]
    if ranges and not any(range_ & route.destination for range_ in ranges):
        yield replace(route, hop=NextHop.BLACKHOLE)
        return
    yield from (replace(route, destination=addresses) for addresses in inside or (route.destination,))


@dataclass(frozen=True, slots=True)
class Tables:
    """The route tables of some VPCs. ``complete``: all tables that were listed could be understood."""

    tables: Sequence[RouteTable]
    complete: bool = True

    def merged_with(self, other: Tables) -> Tables:
        """Return these route tables together with those of ``other``."""
        return Tables([*self.tables, *other.tables], complete=self.complete and other.complete)

    def routes(self, subnet: Subnet) -> tuple[Route, ...] | None:
        """Return a subnet's routes: those of its own table, else of its VPC's main table. None: not known.

        Every subnet has a table, and every table has a route:
        https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html
        """
        table = next((table for table in self.tables if subnet.id in table.subnets), None)
        if table is None and self.complete:
            table = next((table for table in self.tables if table.is_main and table.vpc == subnet.network), None)
        return table.routes or None if table else None

    def inspect(self, subnet: Subnet) -> bool:
        """Whether a gateway's own route table sends packets for the subnet through an appliance.

        https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
        """
        tables = (table for table in self.tables if table.of_gateway and table.vpc == subnet.network)
        routes = (route for table in tables for route in table.routes if route.hop is NextHop.APPLIANCE)
        return any(route.address_list or route.destination & subnet.ranges for route in routes)

    def internet_gateway(self, vpc: str) -> str:
        """Return the id of the internet gateway in the VPC's routes, or "" if no route names one."""
        targets = (route.target for table in self.tables if table.vpc == vpc for route in table.routes)
        return next((target for target in targets if target.startswith("igw-")), "")


def peering_ranges(item: Item, vpcs: frozenset[str]) -> tuple[str, tuple[AddressSet, ...]]:
    """Return a peering's id, and the ranges of the side that is not in ``vpcs`` (of both sides if both are)."""
    sides = (child(item, "AccepterVpcInfo"), child(item, "RequesterVpcInfo"))
    others = [side for side in sides if text(side, "VpcId") not in vpcs] or sides
    ranges = tuple(AddressSet.parse(block) for side in others for block in _blocks(side))
    return required(item, "VpcPeeringConnectionId"), ranges


def _blocks(side: Item) -> Iterator[str]:
    blocks = [required(block, "CidrBlock") for block in children(side, "CidrBlockSet")]
    yield from blocks or filter(None, [text(side, "CidrBlock")])
    yield from (required(block, "Ipv6CidrBlock") for block in children(side, "Ipv6CidrBlockSet"))


def network(vpc: Item) -> Network:
    """Return a VPC with its associated address ranges."""
    name = required(vpc, "VpcId")
    blocks = [*_associated(vpc, "CidrBlockAssociationSet", "CidrBlock")] or [required(vpc, "CidrBlock")]
    ranges = AddressSet.of((*blocks, *_associated(vpc, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock")))
    return Network(name, name_of(vpc), ranges, Source(calls.DESCRIBE_VPCS.name, name))


def subnet(item: Item) -> Subnet:
    """Return a subnet without its filters and routes. An IPv6-only subnet has no IPv4 range."""
    name = required(item, "SubnetId")
    ranges = filter(None, (text(item, "CidrBlock"), *_associated(item, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock")))
    return Subnet(
        id=name,
        name=name_of(item),
        network=required(item, "VpcId"),
        zone=text(item, "AvailabilityZone"),
        ranges=AddressSet.of(ranges),
        filters=(),
        routes=(),
        source=Source(calls.DESCRIBE_SUBNETS.name, name),
        public_by_default=flag(item, "MapPublicIpOnLaunch"),
        ipv6_by_default=flag(item, "AssignIpv6AddressOnCreation"),
    )


def _associated(item: Item, many: str, key: str) -> Iterator[str]:
    for association in children(item, many):
        if text(child(association, f"{key}State"), "State") not in _NOT_ASSOCIATED and text(association, key):
            yield text(association, key)


def with_routes(subnet: Subnet, filters: tuple[str, ...], tables: Tables | None) -> Subnet:
    """Return a subnet with its filters and routes.

    If its routes are not known, all addresses get an unknown next hop.
    """
    routes = tables.routes(subnet) if tables else None
    if routes is None:
        routes = tuple(Route(addresses, NextHop.UNKNOWN, "", subnet.source) for addresses in (ALL4, ALL6))
    return replace(subnet, filters=filters, routes=routes, inspected=tables.inspect(subnet) if tables else False)
