"""Cloud Routers: the addresses they let hosts leave by, and the routes they learn of other networks.

https://cloud.google.com/network-connectivity/docs/router/concepts/overview; best routes as
https://cloud.google.com/compute/docs/reference/rest/v1/routers/getRouterStatus has them: those in force in the
router's region, by whichever router they were learned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from cloudguard.model.network import NextHop, Route
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_ROUTER_STATUS, LIST_ADDRESSES
from cloudguard_gcp.access.links import part_of, project_of, short
from cloudguard_gcp.cluster.find import whole

_EVERYWHERE: Final = "GLOBAL"
"""The mode of a network whose routers tell every region what they learn."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A route in force in a network's region ("": in every one)."""

    network: str
    region: str
    route: Route


def learned_routes(
    api: Api, networks: Iterable[Item], routers: Iterable[Item], used: Collection[str]
) -> tuple[Learned, ...]:
    """Return what routers of the ``used`` networks have learned from those they speak BGP with."""
    modes = {short(str(one["selfLink"])): whole(one, "routingConfig").get("routingMode") for one in networks}
    speaking = [one for one in routers if one.get("bgpPeers") and short(str(one.get("network", ""))) in used]
    found = api.gather(*(partial(_status, api, one) for one in speaking))
    return tuple(
        dict.fromkeys(
            Learned(network, "" if modes.get(network) == _EVERYWHERE else region, route)
            for one, routes in zip(speaking, found, strict=True)
            for network, region in [(short(str(one["network"])), part_of(str(one["selfLink"]), "regions"))]
            for route in routes
        )
    )


def _status(api: Api, router: Item) -> list[Route]:
    name, link = str(router["name"]), str(router["selfLink"])
    statuses = api.read(
        GET_ROUTER_STATUS,
        hides=(FactKind.ROUTES,),
        about=name,
        project=project_of(link),
        region=part_of(link, "regions"),
        router=name,
    )
    best = (one for each in statuses for one in cast("Sequence[Item]", whole(each, "result").get("bestRoutes") or ()))
    source = Source(GET_ROUTER_STATUS.name, name)
    return [
        Route(AddressSet.parse(str(one["destRange"])), NextHop.VPN, name, source)
        for one in best
        if one.get("destRange")
    ]


def addresses_out(api: Api, project: str, routers: Iterable[Item], used: Collection[str]) -> Iterator[str]:
    """Yield the addresses that hosts without one of their own leave by, where they are reserved by name."""
    links = [
        short(str(link))
        for one in routers
        if short(str(one.get("network", ""))) in used
        for nat in cast("Sequence[Item]", one.get("nats") or ())
        for link in cast("Sequence[object]", nat.get("natIps") or ())
    ]
    for one in api.read(LIST_ADDRESSES, hides=(), project=project) if links else ():
        if short(str(one["selfLink"])) in links and one.get("address"):
            yield str(one["address"])
