"""Virtual networks with their subnets and peerings.

https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.provider.answers import AnswerError, Item, child, children, flag, required, text, texts
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_EFFECTIVE_CONNECTIVITY, LIST_NETWORKS
from cloudguard_azure.access.ids import group_of, id_in, name_of, own_id, parent, parts, place, word
from cloudguard_azure.network.service_tags import EVERYWHERE, Place, addresses_of

HIDES: Final = (FactKind.ROUTES, FactKind.FILTERS)
_GATEWAYS: Final = frozenset({"gatewaysubnet", "routeserversubnet"})
"""The subnets of VPN and ExpressRoute gateways and of route servers. Both learn routes to other networks."""
_AKS: Final = "microsoft.containerservice/managedclusters"
_UNPEERED: Final = frozenset({"initiated", "disconnected"})
_ACCESS: Final = "allowVirtualNetworkAccess"


@dataclass(frozen=True, slots=True)
class VirtualSubnet:
    """A subnet. ``group`` and ``table`` are the ids of its security group and its route table ("": none).

    ``for_aks``: only AKS can give addresses in it.
    """

    id: str
    name: str
    network: str
    ranges: AddressSet
    group: str
    table: str
    for_aks: bool
    item: Item


@dataclass(frozen=True, slots=True)
class Peering:
    """A peering in force. ``network`` is the peer's id.

    ``in_tag``: VirtualNetwork includes the peer's addresses. ``beyond``: other networks can send through the peer, by
    its gateway or as forwarded traffic.
    """

    name: str
    network: str
    ranges: AddressSet
    in_tag: bool
    beyond: bool


@dataclass(frozen=True, slots=True)
class VirtualNetwork:
    """A virtual network. ``location``: its region. ``meshes``: network managers' groups that connect it with others."""

    id: str
    name: str
    location: str
    ranges: AddressSet
    subnets: tuple[VirtualSubnet, ...]
    peerings: tuple[Peering, ...]
    meshes: tuple[str, ...] = ()

    @property
    def gateway(self) -> bool:
        """Whether it has a subnet for gateways that learn routes."""
        return any(subnet.name.lower() in _GATEWAYS for subnet in self.subnets)

    @property
    def linked(self) -> bool:
        """Whether it is connected to networks whose addresses are unknown."""
        return self.gateway or bool(self.meshes) or any(peering.beyond for peering in self.peerings)


def virtual_networks(api: Api, items: Iterable[Item]) -> dict[str, VirtualNetwork]:
    """Return virtual networks by id. A part that can't be parsed leaves a Gap and is left out."""
    by_id = {network.id: network for network in api.mapped(LIST_NETWORKS, items, partial(_network, api), hides=HIDES)}
    return {
        network.id: replace(network, peerings=tuple(_with_ranges(network.peerings, by_id)))
        for network in by_id.values()
    }


def record_missing_peers(api: Api, networks: Mapping[str, VirtualNetwork], network_ids: Iterable[str]) -> None:
    """Record a Gap for each peer of the networks ``network_ids`` whose addresses or peering were not read."""
    for network in (networks[name] for name in sorted(network_ids) if name in networks):
        peers = {peering.network for peering in network.peerings}
        silent = [peering.name for peering in network.peerings if not peering.ranges]
        missing = [
            known.name
            for known in networks.values()
            if known.id not in peers and any(peering.network == network.id for peering in known.peerings)
        ]
        messages = [f"the address space of {name} is missing" for name in silent]
        messages += [
            f"{name} is peered with {network.name}, but {network.name} does not list this peering" for name in missing
        ]
        for message in messages:
            api.missed(LIST_NETWORKS, network.id, message, HIDES)


def _with_ranges(peerings: Iterable[Peering], known: Mapping[str, VirtualNetwork]) -> Iterator[Peering]:
    """Yield peerings. A peering without an address space gets the peer's, if that was read."""
    for peering in peerings:
        own_addresses = known[peering.network].ranges if peering.network in known else AddressSet.nothing()
        yield replace(peering, ranges=peering.ranges or own_addresses)


def _network(api: Api, item: Item) -> VirtualNetwork:
    resource_id, properties = own_id(item), child(item, "properties")
    name = required(item, "name")
    subnets = api.mapped(
        LIST_NETWORKS, children(properties, "subnets"), partial(_subnet, resource_id), hides=HIDES, about=name
    )
    peerings = api.mapped(
        LIST_NETWORKS, children(properties, "virtualNetworkPeerings"), _peering, hides=HIDES, about=name
    )
    space = _space(properties, "addressSpace") | AddressSet.union(subnet.ranges for subnet in subnets)
    return VirtualNetwork(resource_id, name, text(item, "location"), space, subnets, tuple(filter(None, peerings)))


def _subnet(network: str, item: Item) -> VirtualSubnet:
    properties = child(item, "properties")
    listed = [*filter(None, [text(properties, "addressPrefix")]), *texts(properties, "addressPrefixes")]
    if not listed:
        message = "it has no address prefixes"
        raise AnswerError(message)
    return VirtualSubnet(
        id=own_id(item),
        name=required(item, "name"),
        network=network,
        ranges=_ranges(listed),
        group=id_in(properties, "networkSecurityGroup"),
        table=id_in(properties, "routeTable"),
        for_aks=any(word(delegation, "serviceName") == _AKS for delegation in parts(properties, "delegations")),
        item=item,
    )


def with_meshes(api: Api, network: VirtualNetwork) -> VirtualNetwork:
    """Read the groups through which network managers connect a network with others without a peering.

    https://learn.microsoft.com/azure/virtual-network-manager/concept-connectivity-configuration
    """
    call, where = LIST_EFFECTIVE_CONNECTIVITY, place(network.id, "virtual_network_name")
    networks = api.listed(call, _meshes, hides=(FactKind.ROUTES,), about=network.id, parameters={}, **where)
    return replace(network, meshes=tuple(sorted({name for names in networks for name in names})))


def _meshes(item: Item) -> list[str]:
    """Return the names of a configuration's groups whose members are connected with each other."""
    properties = child(item, "properties") or item
    is_mesh = word(properties, "connectivityTopology") != "hubandspoke"
    groups = children(properties, "appliesToGroups")
    named = [
        name_of(required(group, "networkGroupId"))
        for group in groups
        if is_mesh or word(group, "groupConnectivity") != "none"
    ]
    return named or ([name_of(text(item, "id")) or "a network manager"] if is_mesh else [])


def _peering(item: Item) -> Peering | None:
    """Return a peering; None if it is not in force on both sides. Raises AnswerError for an unknown state."""
    properties, state = child(item, "properties"), word(child(item, "properties"), "peeringState")
    if state in _UNPEERED:
        return None
    if state != "connected":
        message = f"peeringState has the unknown value {state[:40]!r}"
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
    return _ranges(texts(child(properties, key), "addressPrefixes"))


def _ranges(listed: Iterable[str]) -> AddressSet:
    ranges = list[AddressSet]()
    for cidr in listed:
        addresses = addresses_of(cidr)
        if addresses is None:
            message = f"{cidr[:40]!r} is not an address range"
            raise AnswerError(message)
        ranges.append(addresses)
    return AddressSet.union(ranges)


class Places:
    """The places of filters: each subnet as service tags see it. ``prefixes``: those of route tables, by table id."""

    def __init__(self, networks: Mapping[str, VirtualNetwork], prefixes: Mapping[str, AddressSet]) -> None:
        self._networks = networks
        self._prefixes = prefixes
        self.subnets = {subnet.id: subnet for network in networks.values() for subnet in network.subnets}
        self._names = Counter(network.name.lower() for network in networks.values())

    def of(self, subnet: str) -> Place:
        """Return the place of a subnet (id). A subnet that was not read may be near anything."""
        known = self.subnets.get(subnet)
        if known is None:
            return Place(name_of(parent(subnet)), AddressSet.nothing(), EVERYWHERE)
        place = self.of_network(known.network)
        routed = self._prefixes.get(known.table, EVERYWHERE) if known.table else AddressSet.nothing()
        return replace(place, maybe=place.maybe | routed)

    def ranges(self, subnets: Iterable[str]) -> AddressSet:
        """Return the addresses of subnets (ids), without those that were not read."""
        return AddressSet.union(self.subnets[name].ranges for name in subnets if name in self.subnets)

    def of_network(self, name: str) -> Place:
        """Return the place of a network (id), without the routes of its subnets."""
        network = self._networks[name]
        near = AddressSet.union(peering.ranges for peering in network.peerings if peering.in_tag)
        return Place(
            self._title(network), network.ranges | near, EVERYWHERE - PUBLIC if network.linked else AddressSet.nothing()
        )

    def _title(self, network: VirtualNetwork) -> str:
        """Return a network's name, after its resource group's if several networks have the name."""
        if self._names[network.name.lower()] == 1:
            return network.name
        return f"{group_of(network.id)}/{network.name}"
