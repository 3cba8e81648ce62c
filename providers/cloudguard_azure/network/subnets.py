"""Virtual networks with their subnets and peerings.

https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import AnswerError, Item, flag, part, parts, required, text, texts
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_NETWORKS
from cloudguard_azure.access.ids import id_in, own_id, word
from cloudguard_azure.network.service_tags import addresses_of

HIDES: Final = (FactKind.ROUTES, FactKind.FILTERS)
_GATEWAYS: Final = "gatewaysubnet"
"""The subnet that VPN and ExpressRoute gateways stand in."""
_UNPEERED: Final = frozenset({"initiated", "disconnected"})
_ACCESS: Final = "allowVirtualNetworkAccess"


@dataclass(frozen=True, slots=True)
class VirtualSubnet:
    """A subnet; ``group`` and ``table`` are the ids of its security group and its route table, "" for none."""

    id: str
    name: str
    network: str
    ranges: AddressSet
    group: str
    table: str
    item: Item


@dataclass(frozen=True, slots=True)
class Peering:
    """A peering in force; ``network`` is the peer's id.

    ``in_tag``: the peer's addresses are in VirtualNetwork. ``beyond``: others send through the peer: by its gateway, or
    as what it forwards.
    """

    name: str
    network: str
    ranges: AddressSet
    in_tag: bool
    beyond: bool


@dataclass(frozen=True, slots=True)
class VirtualNetwork:
    """A virtual network. ``location`` is its region; ``gateway``: it has a place for VPN and ExpressRoute gateways."""

    id: str
    name: str
    location: str
    ranges: AddressSet
    subnets: tuple[VirtualSubnet, ...]
    peerings: tuple[Peering, ...]

    @property
    def gateway(self) -> bool:
        """Whether it has a place for VPN and ExpressRoute gateways."""
        return any(one.name.lower() == _GATEWAYS for one in self.subnets)


def virtual_networks(api: Api, items: Iterable[Item]) -> dict[str, VirtualNetwork]:
    """Return virtual networks by id; a part that is not understood is left out, and a Gap says so."""
    found = api.mapped(LIST_NETWORKS, items, partial(_network, api), hides=HIDES)
    return {one.id: one for one in found}


def _network(api: Api, item: Item) -> VirtualNetwork:
    own, properties = own_id(item), part(item, "properties")
    name = required(item, "name")
    subnets = api.mapped(LIST_NETWORKS, parts(properties, "subnets"), partial(_subnet, own), hides=HIDES, about=name)
    peerings = api.mapped(LIST_NETWORKS, parts(properties, "virtualNetworkPeerings"), _peering, hides=HIDES, about=name)
    space = _space(properties, "addressSpace") | AddressSet.union(one.ranges for one in subnets)
    return VirtualNetwork(own, name, text(item, "location"), space, subnets, tuple(filter(None, peerings)))


def _subnet(network: str, item: Item) -> VirtualSubnet:
    properties = part(item, "properties")
    listed = [*filter(None, [text(properties, "addressPrefix")]), *texts(properties, "addressPrefixes")]
    return VirtualSubnet(
        id=own_id(item),
        name=required(item, "name"),
        network=network,
        ranges=_ranges(listed),
        group=id_in(properties, "networkSecurityGroup"),
        table=id_in(properties, "routeTable"),
        item=item,
    )


def _peering(item: Item) -> Peering | None:
    """Return a peering, None for one that is not in force on both sides; raises AnswerError for an unknown state."""
    properties, state = part(item, "properties"), word(part(item, "properties"), "peeringState")
    if state in _UNPEERED:
        return None
    if state != "connected":
        message = f"peeringState is {state[:40]!r}, which is not known"
        raise AnswerError(message)
    ranges = _space(properties, "remoteAddressSpace")
    if flag(properties, "peerCompleteVnets", default=True):
        ranges |= _space(properties, "remoteVirtualNetworkAddressSpace")
    return Peering(
        name=required(item, "name"),
        network=id_in(properties, "remoteVirtualNetwork"),
        ranges=ranges,
        in_tag=flag(properties, _ACCESS, default=True),
        beyond=flag(properties, "useRemoteGateways") or flag(properties, "allowForwardedTraffic"),
    )


def _space(properties: Item, key: str) -> AddressSet:
    return _ranges(texts(part(properties, key), "addressPrefixes"))


def _ranges(listed: Iterable[str]) -> AddressSet:
    found = list[AddressSet]()
    for one in listed:
        addresses = addresses_of(one)
        if addresses is None:
            message = f"{one[:40]!r} is no range of addresses"
            raise AnswerError(message)
        found.append(addresses)
    return AddressSet.union(found)
