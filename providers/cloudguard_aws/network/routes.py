"""VPCs, subnets and route tables as networks, segments and routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cloudguard.model.network import Network, NextHop, Route, Subnet
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard_aws.network.rules import Item, inner, name_of

VPCS: Final = "ec2:DescribeVpcs"
SUBNETS: Final = "ec2:DescribeSubnets"

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
"""By the prefix of the target's id. A local gateway (Outposts) leads to the customer's own site, as a VPN does."""
_HOPS_BY_KEY: Final = {"CoreNetworkArn": NextHop.HUB, "OdbNetworkArn": NextHop.PEER}

_GONE: Final = {"disassociated", "failing", "failed"}
"""States of a range that is not, or no longer, the VPC's or subnet's."""

Peerings = Mapping[str, Sequence[AddressSet]]
"""Ranges of both sides of a peering, by its id."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The route tables of some VPCs, as read; ``peerings`` as far as they are known."""

    tables: Sequence[Item]
    call: str
    peerings: Peerings = field(default_factory=dict[str, Sequence[AddressSet]])

    def of(self, subnet: Item) -> tuple[Route, ...]:
        """Return a subnet's routes: those of its own table, else of its VPC's main one."""
        main: Item | None = None
        for table in self.tables:
            for link in table.get("Associations", ()):
                if link.get("SubnetId") == subnet["SubnetId"]:
                    return routes_of(table, self.call, self.peerings)
                if link.get("Main") and table["VpcId"] == subnet["VpcId"]:
                    main = table
        return routes_of(main, self.call, self.peerings) if main else ()

    def inspected(self, subnet: Item) -> bool:
        """Whether a gateway's own route table sends what is for the subnet through an appliance.

        https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
        """
        own = subnet_ranges(subnet)
        for table in self.tables:
            if table["VpcId"] != subnet["VpcId"] or not any(
                "GatewayId" in one for one in table.get("Associations", ())
            ):
                continue
            for route in routes_of(table, self.call):
                if route.hop is NextHop.APPLIANCE and (route.address_list or route.destination & own):
                    return True
        return False

    def internet_gateway(self, vpc: str) -> str:
        """Return the internet gateway that the VPC's routes name, "" if none does."""
        targets = (
            str(route.get("GatewayId", ""))
            for table in self.tables
            if table["VpcId"] == vpc
            for route in table.get("Routes", ())
        )
        return next((target for target in targets if target.startswith("igw-")), "")


def routes_of(table: Item, call: str, peerings: Peerings | None = None) -> tuple[Route, ...]:
    """Return a route table's routes; those into a peering as far as the other side's ranges go."""
    source = Source(call, table["RouteTableId"])
    return tuple(route for item in table.get("Routes", ()) for route in _routes(item, source, peerings or {}))


def _routes(item: Item, source: Source, peerings: Peerings) -> Iterator[Route]:
    text = item.get("DestinationCidrBlock") or item.get("DestinationIpv6CidrBlock") or ""
    listed = str(item.get("DestinationPrefixListId", ""))
    if not text and not listed:
        return
    key = next((name for name in _TARGETS if item.get(name)), "")
    target = str(item.get(key, ""))
    hop = _hop(key, target, listed=bool(listed))
    if item.get("State") == "blackhole":
        hop = NextHop.BLACKHOLE
    if not text:
        yield Route(NO_ADDRESSES, hop, target, source, listed)
        return
    whole = AddressSet.parse(text)
    for part in _beyond(whole, peerings.get(target, ())) if hop is NextHop.PEER else (whole,):
        yield Route(part, hop, target, source)


def _hop(key: str, target: str, *, listed: bool) -> NextHop:
    prefix = target.partition("-")[0]
    if prefix == "vpce" and listed:
        return NextHop.SERVICE  # a gateway endpoint; one of a firewall is routed to by CIDR
    return _HOPS_BY_KEY.get(key) or _HOPS.get(prefix, NextHop.UNKNOWN)


def _beyond(destination: AddressSet, ranges: Sequence[AddressSet]) -> Sequence[AddressSet]:
    """Return ``destination``, or the ranges of a peering that lie inside it: nothing is routed through a peer.

    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html ("Transitive peering")
    """
    return [part for part in ranges if part <= destination and part != destination] or (destination,)


def peering_ranges(peerings: Iterable[Item], vpcs: frozenset[str]) -> dict[str, tuple[AddressSet, ...]]:
    """Return, by peering, the ranges of the side that is none of ``vpcs`` (of both, if both are)."""
    found: dict[str, tuple[AddressSet, ...]] = {}
    for peering in peerings:
        sides = (inner(peering, "AccepterVpcInfo"), inner(peering, "RequesterVpcInfo"))
        others = [side for side in sides if side.get("VpcId") not in vpcs] or list(sides)
        found[peering["VpcPeeringConnectionId"]] = tuple(
            AddressSet.parse(block) for side in others for block in _blocks(side)
        )
    return found


def _blocks(side: Item) -> Iterator[str]:
    blocks = [block["CidrBlock"] for block in side.get("CidrBlockSet", ())]
    yield from blocks or ([side["CidrBlock"]] if side.get("CidrBlock") else [])
    yield from (block["Ipv6CidrBlock"] for block in side.get("Ipv6CidrBlockSet", ()))


def network(vpc: Item, tables: Tables | None) -> Network:
    """Return a VPC with its associated ranges."""
    blocks = [
        one["CidrBlock"]
        for one in vpc.get("CidrBlockAssociationSet", ())
        if _associated(one.get("CidrBlockState")) and one.get("CidrBlock")
    ]
    return Network(
        id=vpc["VpcId"],
        name=name_of(vpc),
        ranges=AddressSet.of((*(blocks or [vpc["CidrBlock"]]), *_blocks6(vpc))),
        source=Source(VPCS, vpc["VpcId"]),
        internet_gateway=tables.internet_gateway(vpc["VpcId"]) if tables else "",
    )


def subnet_ranges(subnet: Item) -> AddressSet:
    """Return a subnet's v4 range (an IPv6-only one has none) and its v6 ranges."""
    own = subnet.get("CidrBlock")
    return AddressSet.of((*((own,) if own else ()), *_blocks6(subnet)))


def _blocks6(item: Item) -> Iterator[str]:
    for one in item.get("Ipv6CidrBlockAssociationSet", ()):
        if _associated(one.get("Ipv6CidrBlockState")) and one.get("Ipv6CidrBlock"):
            yield one["Ipv6CidrBlock"]


def _associated(state: Item | None) -> bool:
    return not state or state.get("State") not in _GONE


def segment(subnet: Item, filters: tuple[str, ...], tables: Tables | None) -> Subnet:
    """Return a subnet; with ``tables`` None its routes could not be read, and lead nobody knows where."""
    source = Source(SUBNETS, subnet["SubnetId"])
    unread = tuple(Route(addresses, NextHop.UNKNOWN, "", source) for addresses in (ALL4, ALL6))
    return Subnet(
        id=subnet["SubnetId"],
        name=name_of(subnet),
        network=subnet["VpcId"],
        zone=subnet.get("AvailabilityZone", ""),
        ranges=subnet_ranges(subnet),
        filters=filters,
        routes=tables.of(subnet) if tables else unread,
        source=source,
        inspected=tables.inspected(subnet) if tables else False,
        public_by_default=bool(subnet.get("MapPublicIpOnLaunch")),
    )
