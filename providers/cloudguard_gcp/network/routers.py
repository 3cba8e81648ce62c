"""Cloud Routers: the public addresses of their NAT gateways, and the routes that they learn from other networks.

https://cloud.google.com/network-connectivity/docs/router/concepts/overview. The ``bestRoutes`` of
https://cloud.google.com/compute/docs/reference/rest/v1/routers/getRouterStatus are the routes in force in the router's
region, learned by any router.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from itertools import chain
from typing import Final

from cloudguard.model.network import NextHop, Route
from cloudguard.model.source import FactKind, Source
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, child, children, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_ROUTER_STATUS, LIST_ADDRESSES
from cloudguard_gcp.access.links import last, part_of, project_of, required_link, short
from cloudguard_gcp.network.subnets import VpcNetwork

_HIDES: Final = (FactKind.ROUTES,)


@dataclass(frozen=True, slots=True)
class Router:
    """A Cloud Router. ``speaks``: it learns routes by BGP. ``outbound``: links of the public addresses of its NAT."""

    id: str
    network: str
    speaks: bool
    outbound: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LearnedRoute:
    """A learned route in force in a region of a network ("": in all regions)."""

    network: str
    region: str
    route: Route


def router(item: Item) -> Router:
    """Return a router."""
    outbound = tuple(short(link) for nat in children(item, "nats") for link in texts(nat, "natIps"))
    return Router(required_link(item), required_link(item, "network"), bool(children(item, "bgpPeers")), outbound)


def learned_routes(api: Api, networks: Iterable[VpcNetwork], routers: Iterable[Router]) -> tuple[LearnedRoute, ...]:
    """Return the routes that the networks' routers have learned from their BGP peers."""
    everywhere = {network.id for network in networks if network.learns_everywhere}
    speaking = [router for router in routers if router.speaks]
    answers = api.gather(*(partial(_status, api, router) for router in speaking))
    return tuple(
        dict.fromkeys(
            LearnedRoute(router.network, region, route)
            for router, routes in zip(speaking, answers, strict=True)
            for region in ["" if router.network in everywhere else part_of(router.id, "regions")]
            for route in routes
        )
    )


def _status(api: Api, router: Router) -> list[Route]:
    call, name = GET_ROUTER_STATUS, last(router.id)
    where = {"project": project_of(router.id), "region": part_of(router.id, "regions"), "router": name}
    statuses = api.read(call, hides=_HIDES, about=name, **where)
    best = api.mapped(
        call, statuses, lambda item: children(child(item, "result"), "bestRoutes"), hides=_HIDES, about=name
    )
    listed = chain.from_iterable(best)
    ranges = api.mapped(
        call, listed, lambda route: AddressSet.parse(required(route, "destRange")), hides=_HIDES, about=name
    )
    return [Route(destination, NextHop.VPN, name, Source(call.name, name)) for destination in ranges]


def addresses_out(api: Api, routers: Collection[Router]) -> AddressSet:
    """Return the NAT addresses that hosts without a public address leave by. Only reserved addresses are known."""
    links = {link for router in routers for link in router.outbound}
    projects = sorted({project_of(router.id) for router in routers if router.outbound})
    pairs = api.listed_in(projects, LIST_ADDRESSES, _address, hides=())
    return AddressSet.union(addresses for link, addresses in pairs if link in links)


def _address(item: Item) -> tuple[str, AddressSet]:
    return required_link(item), read_addresses(text(item, "address"))
