"""Further paths into the cluster: bastions, service gateways."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Final

from cloudguard.model.network import Tunnel
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import AnswerError, Item, child, flag
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_BASTIONS, LIST_NETWORKS
from cloudguard_azure.access.ids import id_in, own_id, parent, parts
from cloudguard_azure.cluster.load_balancers import HIDES
from cloudguard_azure.network.subnets import VirtualSubnet

_ROUTES: Final = (FactKind.ROUTES,)
_SHARED: Final = AddressSet.parse("168.63.129.16")
"""The source address of Bastion Developer, which has no subnet:
https://learn.microsoft.com/azure/bastion/quickstart-developer
"""
_BY_ROLE: Final = "Azure Bastion, which requires Reader on itself and on the machine,"
_BY_LINK: Final = "Azure Bastion, which requires roles or a shared link,"
"""https://learn.microsoft.com/azure/bastion/shareable-link"""


def read_bastions(api: Api, networks: Collection[str], ranges: Mapping[str, AddressSet]) -> tuple[Tunnel, ...]:
    """Read the bastions in ``networks`` (ids of the cluster's own and their peers).

    ``ranges``: map of subnet id → addresses. Bastions connect from their subnet
    (https://learn.microsoft.com/azure/bastion/bastion-nsg). A Bastion Developer is only for its own network, but is
    assumed to reach peers too.
    """
    make = partial(_tunnels, networks, ranges)
    listed = api.listed(LIST_BASTIONS, make, hides=_ROUTES)
    return tuple(tunnel for tunnels in listed for tunnel in tunnels)


def _tunnels(networks: Collection[str], ranges: Mapping[str, AddressSet], item: Item) -> tuple[Tunnel, ...]:
    name, inside = own_id(item), child(item, "properties")
    subnets = [id_in(configuration, "subnet") for configuration in parts(inside, "ipConfigurations")]
    places = {*map(parent, subnets), id_in(inside, "virtualNetwork")} - {""}
    if places and places.isdisjoint(networks):
        return ()
    unread = [subnet for subnet in subnets if subnet not in ranges]
    if unread or not places:
        message = f"the ranges of its subnet {unread[0]} were not read" if unread else "its network is missing"
        raise AnswerError(message)
    gatekeeper = _BY_LINK if flag(inside, "enableShareableLink") else _BY_ROLE
    own_addresses = AddressSet.union(ranges[subnet] for subnet in subnets) if subnets else _SHARED
    return (Tunnel(name, own_addresses, gatekeeper, Source(LIST_BASTIONS.name, name)),)


def record_service_gateways(api: Api, subnets: Iterable[VirtualSubnet]) -> None:
    """Record a Gap for each service gateway of ``subnets``: it sends traffic into them, and is not followed."""
    for name in api.mapped(LIST_NETWORKS, (subnet.item for subnet in subnets), _with_service_gateway, hides=HIDES):
        if name:
            why = "it has a service gateway, whose registrations are not read"
            api.missed(LIST_NETWORKS, name, why, HIDES, Reason.UNSUPPORTED)


def _with_service_gateway(subnet: Item) -> str:
    return own_id(subnet) if id_in(child(subnet, "properties"), "serviceGateway") else ""
