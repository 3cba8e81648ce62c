"""Further paths into the cluster: private link services, bastions, service gateways."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Final

from cloudguard.model.load_balancers import PublishedService
from cloudguard.model.network import Tunnel
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import AnswerError, Item, flag, part, parts, text, texts
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_BASTIONS, LIST_NETWORKS, LIST_PRIVATE_LINK_SERVICES
from cloudguard_azure.access.ids import id_in, ids_in, own_id, parent
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


def read_published(api: Api, ranges: Mapping[str, AddressSet]) -> dict[str, tuple[PublishedService, ...]]:
    """Return the services that private link services offer, by front end. ``ranges``: map of subnet id → addresses.

    Their clients arrive with addresses of the service's own subnets
    (https://learn.microsoft.com/azure/private-link/private-link-service-overview).
    """
    found, call = dict[str, tuple[PublishedService, ...]](), LIST_PRIVATE_LINK_SERVICES
    for front_ends, service in api.listed(call, partial(_published, ranges), hides=HIDES):
        for front in front_ends:
            found[front] = (*found.get(front, ()), service)
    return found


def _published(ranges: Mapping[str, AddressSet], item: Item) -> tuple[tuple[str, ...], PublishedService]:
    """Return the front ends of a service, and its clients. If its subnets are unknown, they come from any address."""
    name, inside = own_id(item), part(item, "properties")
    visible = texts(part(inside, "visibility"), "subscriptions")
    approved = texts(part(inside, "autoApproval"), "subscriptions")
    front_ends = ids_in(inside, "loadBalancerFrontendIpConfigurations")
    if not front_ends and not text(inside, "destinationIPAddress"):
        message = "its destination is missing"
        raise AnswerError(message)
    subnets = [id_in(part(one, "properties"), "subnet") for one in parts(inside, "ipConfigurations")]
    every = [ranges.get(subnet, AddressSet.everything()) for subnet in subnets] or [AddressSet.everything()]
    return front_ends, PublishedService(
        id=name,
        allowed=tuple(sorted({*visible, *approved})),
        accepts_each=not approved,
        source=Source(LIST_PRIVATE_LINK_SERVICES.name, name),
        translated_to=AddressSet.union(every),
    )


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
    name, inside = own_id(item), part(item, "properties")
    subnets = [id_in(part(one, "properties"), "subnet") for one in parts(inside, "ipConfigurations")]
    places = {*map(parent, subnets), id_in(inside, "virtualNetwork")} - {""}
    if places and places.isdisjoint(networks):
        return ()
    unread = [subnet for subnet in subnets if subnet not in ranges]
    if unread or not places:
        message = f"the ranges of its subnet {unread[0]} were not read" if unread else "its network is missing"
        raise AnswerError(message)
    gatekeeper = _BY_LINK if flag(inside, "enableShareableLink") else _BY_ROLE
    own = AddressSet.union(ranges[subnet] for subnet in subnets) if subnets else _SHARED
    return (Tunnel(name, own, gatekeeper, Source(LIST_BASTIONS.name, name)),)


def record_unfollowed(api: Api, inside: AddressSet, subnets: Iterable[VirtualSubnet]) -> None:
    """Record Gaps for other senders to the addresses ``inside`` or into ``subnets``: they are not followed.

    A private link service may lead to an address without a load balancer
    (https://learn.microsoft.com/azure/private-link/configure-private-link-service-direct-connect).
    """
    for name in api.mapped(LIST_NETWORKS, (one.item for one in subnets), _with_service_gateway, hides=HIDES):
        if name:
            why = "it has a service gateway, whose registrations are not read"
            api.missed(LIST_NETWORKS, name, why, HIDES, Reason.UNSUPPORTED)
    for name, leads_to in api.listed(LIST_PRIVATE_LINK_SERVICES, _direct, hides=HIDES):
        if leads_to & inside:
            why = f"it leads to {leads_to} without a load balancer; cloudguard does not follow it"
            api.missed(LIST_PRIVATE_LINK_SERVICES, name, why, HIDES, Reason.UNSUPPORTED)


def _with_service_gateway(subnet: Item) -> str:
    return own_id(subnet) if id_in(part(subnet, "properties"), "serviceGateway") else ""


def _direct(item: Item) -> tuple[str, AddressSet]:
    return own_id(item), read_addresses(text(part(item, "properties"), "destinationIPAddress"))
