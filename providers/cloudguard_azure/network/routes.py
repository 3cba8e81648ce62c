"""Routes of subnets: those that Azure makes, and those of route tables that replace them.

For equal prefixes the route table's own route is used; otherwise the longest prefix
(https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host
from cloudguard.model.filters import AddressList
from cloudguard.model.network import NextHop, Route
from cloudguard.model.source import FactKind, Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, PUBLIC, AddressSet
from cloudguard.provider.answers import Item, child, children, flag, required, text
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_NETWORKS, LIST_ROUTE_TABLES
from cloudguard_azure.access.ids import name_of, own_id, word
from cloudguard_azure.network.service_tags import EVERYWHERE, ServiceTags, addresses_of
from cloudguard_azure.network.subnets import VirtualNetwork, VirtualSubnet

HIDES: Final = (FactKind.ROUTES,)
_HOPS: Final = {
    "internet": NextHop.INTERNET,
    "vnetlocal": NextHop.LOCAL,
    "virtualnetworkgateway": NextHop.VPN,
    "virtualappliance": NextHop.APPLIANCE,
    "virtualapplianceecmp": NextHop.APPLIANCE,
    "none": NextHop.BLACKHOLE,
}
_PRIVATE: Final = EVERYWHERE - PUBLIC


@dataclass(frozen=True, slots=True)
class WrittenRoute:
    """A route of a table: to ``addresses``, or to those of the service ``tag`` if ``addresses`` is None."""

    name: str
    addresses: AddressSet | None
    tag: str
    hop: NextHop
    address: AddressSet


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table. ``learns``: the routes that gateways learn are used too."""

    id: str
    routes: tuple[WrittenRoute, ...]
    learns: bool

    @property
    def prefixes(self) -> AddressSet:
        """The addresses of its routes, except those of service tags."""
        return AddressSet.union(route.addresses for route in self.routes if route.addresses is not None)


def route_tables(api: Api) -> dict[str, RouteTable]:
    """Read the route tables of the subscription, by id. A route that can't be parsed leaves a Gap."""
    call = LIST_ROUTE_TABLES
    tables = api.listed(call, partial(_table, api), hides=HIDES)
    return {table.id: table for table in tables}


def _table(api: Api, item: Item) -> RouteTable:
    properties, name = child(item, "properties"), required(item, "name")
    routes = api.mapped(LIST_ROUTE_TABLES, children(properties, "routes"), _route, hides=HIDES, about=name)
    return RouteTable(own_id(item), routes, not flag(properties, "disableBgpRoutePropagation"))


def _route(item: Item) -> WrittenRoute:
    properties = child(item, "properties")
    prefix, through = required(properties, "addressPrefix"), text(properties, "nextHopIpAddress")
    addresses = addresses_of(prefix)
    return WrittenRoute(
        name=required(item, "name"),
        addresses=addresses,
        tag=prefix if addresses is None else "",
        hop=_HOPS.get(word(properties, "nextHopType"), NextHop.UNKNOWN),
        address=AddressSet.parse(through) if through else NO_ADDRESSES,
    )


class SubnetRoutes:
    """The routes of a network's subnets. ``lists``: the address lists that the routes name."""

    def __init__(self, tables: Mapping[str, RouteTable], tags: ServiceTags, hosts: Iterable[Host]) -> None:
        self.tables = tables
        self._tags = tags
        self._own = {
            point: host
            for host in hosts
            for interface in host.interfaces
            for addresses in interface.addresses
            for point, _ in addresses.intervals
        }
        self.lists: dict[str, AddressList] = {}

    def routes(self, subnet: VirtualSubnet, network: VirtualNetwork) -> tuple[Route, ...]:
        """Return the routes in force in a subnet."""
        table = self.tables.get(subnet.table)
        written = table.routes if table else ()
        replaced = {route.addresses for route in written}
        return (
            *(route for route in self._system_routes(network) if route.destination not in replaced),
            *(effective for route in written for effective in self._of_table(route, subnet, network)),
            *self._behind(network, learns=table is None or table.learns),
        )

    def _system_routes(self, network: VirtualNetwork) -> Iterator[Route]:
        """Yield the routes that Azure makes: to the network, its peers and the internet."""
        source = Source(LIST_NETWORKS.name, network.id)
        for cidr in network.ranges.cidrs():
            yield Route(AddressSet.parse(cidr), NextHop.LOCAL, network.name, source)
        for peering in network.peerings:
            for cidr in peering.ranges.cidrs():
                yield Route(AddressSet.parse(cidr), NextHop.PEER, name_of(peering.network) or peering.name, source)
        for every in (ALL4, ALL6):
            yield Route(every, NextHop.INTERNET, "Internet", source)

    def _of_table(self, route: WrittenRoute, subnet: VirtualSubnet, network: VirtualNetwork) -> Iterator[Route]:
        """Yield a table's route. Behind an appliance that is not a host of the cluster, other networks may follow."""
        source = Source(LIST_ROUTE_TABLES.name, subnet.table)
        hop, target = route.hop, ",".join(route.address.texts()) or route.name
        if hop is NextHop.APPLIANCE and (host := self.host_at(route.address)):
            hop, target = NextHop.LOCAL, host.name
        if route.addresses is None:
            yield Route(NO_ADDRESSES, hop, target, source, self._tags.list_of(route.tag))
            return
        yield Route(route.addresses, hop, target, source)
        behind = (route.addresses & _PRIVATE) - network.ranges
        if hop in {NextHop.APPLIANCE, NextHop.UNKNOWN} and behind:
            yield Route(behind, NextHop.HUB, target, source, self._unknown(f"networks behind {target}", source))

    def _behind(self, network: VirtualNetwork, *, learns: bool) -> Iterator[Route]:
        """Yield routes to networks behind gateways, meshes and peers. The addresses of these networks are unknown."""
        source = Source(LIST_NETWORKS.name, network.id)
        if network.gateway and learns:
            name = f"networks behind the gateway of {network.name}"
            yield Route(_PRIVATE, NextHop.VPN, network.name, source, self._unknown(name, source))
        for mesh in network.meshes:
            name = f"networks in the group {mesh}"
            yield Route(_PRIVATE, NextHop.HUB, mesh, source, self._unknown(name, source))
        for peering in network.peerings:
            if peering.beyond:
                name = f"networks behind the peering {peering.name}"
                yield Route(_PRIVATE, NextHop.HUB, peering.name, source, self._unknown(name, source))

    def _unknown(self, name: str, source: Source) -> str:
        self.lists[name] = AddressList(name, name, (), known=False, source=source)
        return name

    def host_at(self, address: AddressSet) -> Host | None:
        """Return the cluster's host that has an address."""
        return self._own.get(address.first()) if address else None

    def to_hosts(self, table: RouteTable) -> Iterator[AddressSet]:
        """Yield the destinations of Kubernetes' own routes to the cluster's hosts: the ranges of pods.

        The name of such a route is the host's name, followed by the range if there are two IP versions
        (kubernetes-sigs/cloud-provider-azure pkg/provider/azure_routes.go).
        """
        for route in table.routes:
            host = self.host_at(route.address)
            if host is not None and route.addresses is not None and _is_of(host, route.name):
                yield route.addresses


def _is_of(host: Host, route: str) -> bool:
    """Whether a route's name begins with the name of a host, or of the host's scale set."""
    named = (host.name, name_of(host.pool))
    return any(prefix and route.lower().startswith(prefix.lower()) for prefix in named)
