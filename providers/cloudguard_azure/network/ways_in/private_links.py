"""Private link services: they offer a load balancer or an address to private endpoints in other networks.

Their clients arrive with addresses of the service's own subnets
(https://learn.microsoft.com/azure/private-link/private-link-service-overview).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import PublishedService
from cloudguard.model.source import Source
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import AnswerError, Item, child, children, required, text, texts
from cloudguard.provider.network.client_filters import to_everyone
from cloudguard.provider.network.published_services import client_addresses, is_connected
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_PRIVATE_LINK_SERVICES
from cloudguard_azure.access.ids import id_in, ids_in, own_id, parts
from cloudguard_azure.cluster.load_balancers import HIDES, BackendPool, FrontEnd
from cloudguard_azure.network.ways_in.endpoints import NOT_ACCEPTED, state_of_connection
from cloudguard_azure.network.ways_in.proxies import Proxy, ProxyRule

KIND: Final = "private link service"
_CARRIED: Final = ServiceSet.parse("tcp,udp")


def read_published(api: Api, ranges: Mapping[str, AddressSet]) -> dict[str, tuple[PublishedService, ...]]:
    """Return the services that private link services offer, by front end. ``ranges``: map of subnet id → addresses."""
    services = dict[str, tuple[PublishedService, ...]]()
    for front_ends, service in api.listed(LIST_PRIVATE_LINK_SERVICES, partial(_published, ranges), hides=HIDES):
        for front in front_ends:
            services[front] = (*services.get(front, ()), service)
    return services


def _published(ranges: Mapping[str, AddressSet], item: Item) -> tuple[tuple[str, ...], PublishedService]:
    """Return the front ends of a service, and its clients. If its subnets are unknown, they come from any address."""
    name, inside = own_id(item), child(item, "properties")
    visible = texts(child(inside, "visibility"), "subscriptions")
    approved = texts(child(inside, "autoApproval"), "subscriptions")
    front_ends = ids_in(inside, "loadBalancerFrontendIpConfigurations")
    if not front_ends and not text(inside, "destinationIPAddress"):
        message = "its destination is missing"
        raise AnswerError(message)
    return front_ends, PublishedService(
        id=name,
        allowed=tuple(sorted(approved or visible)),
        accepts_each=not approved,
        source=Source(LIST_PRIVATE_LINK_SERVICES.name, name),
        filtered=False,
        translated_to=client_addresses(_subnets(inside), ranges),
        connected=connected(inside),
    )


def _subnets(inside: Item) -> list[str]:
    return [id_in(configuration, "subnet") for configuration in parts(inside, "ipConfigurations")]


def connected(inside: Item) -> bool | None:
    """Return whether the owner of a service accepted a private endpoint; None if its connections are not listed.

    Only accepted endpoints can send traffic (https://learn.microsoft.com/azure/private-link/
    private-link-service-overview#control-service-access).
    """
    if inside.get("privateEndpointConnections") is None:
        return None
    states = map(state_of_connection, children(inside, "privateEndpointConnections"))
    return is_connected(states, "approved", NOT_ACCEPTED)


def read_direct_links(api: Api, ranges: Mapping[str, AddressSet]) -> tuple[tuple[Proxy, ...], tuple[Filter, ...]]:
    """Read the services that lead to an address without a load balancer, and filters that let in only consumers.

    They carry TCP and UDP on every port (https://learn.microsoft.com/azure/private-link/
    configure-private-link-service-direct-connect).
    """
    listed = api.listed(LIST_PRIVATE_LINK_SERVICES, partial(_direct, ranges), hides=HIDES)
    proxies = tuple(proxy for proxy in listed if proxy is not None)
    return proxies, tuple(map(_only_consumers, proxies))


def _direct(ranges: Mapping[str, AddressSet], item: Item) -> Proxy | None:
    resource_id, inside = own_id(item), child(item, "properties")
    address = read_addresses(text(inside, "destinationIPAddress"))
    if not address:
        return None
    pool = BackendPool(resource_id, addresses=(("", address),))
    _, service = _published(ranges, item)
    return Proxy(
        id=resource_id,
        name=required(item, "name"),
        kind=KIND,
        source=service.source,
        subnets=tuple(dict.fromkeys(filter(None, _subnets(inside)))),
        rules=(ProxyRule(resource_id, FrontEnd(resource_id, public=False, version6=False), _CARRIED, _CARRIED, pool),),
        filters=(_filter_of(resource_id),),
        published=((resource_id, service),),
    )


def _filter_of(proxy_id: str) -> str:
    return f"{proxy_id}#clients"


def _only_consumers(proxy: Proxy) -> Filter:
    """Return the filter of a service that has no address in its network: only endpoints lead to it."""
    rules = (to_everyone(proxy.source),)
    return Filter(_filter_of(proxy.id), proxy.name, KIND, rules, proxy.source, ordered=True, editable=False)
