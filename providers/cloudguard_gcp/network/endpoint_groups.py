"""Network endpoint groups: the machines and addresses that a backend service sends to.

https://cloud.google.com/load-balancing/docs/negs
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from cloudguard.model.load_balancers import BackendTarget
from cloudguard.model.source import FactKind
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, number, required, text
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import last, part_of, project_of, required_link

HIDES: Final = (FactKind.BALANCERS,)
WITHOUT_ENDPOINTS: Final = frozenset({"SERVERLESS", "PRIVATE_SERVICE_CONNECT"})
"""Kinds of groups that list no machines and addresses: they lead to Google's serverless services, to a service
attachment, which is read separately, or to Google's own APIs."""
OUTSIDE: Final = frozenset({"INTERNET_FQDN_PORT", "INTERNET_IP_PORT"})
"""Kinds of groups that are reached over the internet, from the addresses that Google has for this."""


def kind_of(api: Api, link: str, project: str) -> str | None:
    """Return the kind of the regional or global group that a link names; None if the group was not read."""
    call, owner = calls.LIST_ENDPOINT_GROUPS, project_of(link) or project
    return dict(api.listed(call, _link_and_kind, hides=HIDES, project=owner)).get(link)


def _link_and_kind(item: Item) -> tuple[str, str]:
    return required_link(item), required(item, "networkEndpointType")


def endpoints(api: Api, link: str, project: str, service: ServiceSet | None) -> Iterator[BackendTarget]:
    """Yield a group's endpoints: a machine, at its own address or at a pod's if the endpoint names one.

    Hybrid and internet groups list only addresses, which may belong to machines too. An endpoint with a domain name has
    no address. ``service``: the one that endpoints are reached on (None: their own port).
    """
    zone, region, about = part_of(link, "zones"), part_of(link, "regions"), last(link)
    if zone:
        call, where = calls.LIST_GROUP_ENDPOINTS, {"zone": zone}
    elif region:
        call, where = calls.LIST_REGION_GROUP_ENDPOINTS, {"region": region}
    else:
        call, where = calls.LIST_GLOBAL_GROUP_ENDPOINTS, {}
    where |= {"project": project_of(link) or project, "network_endpoint_group": about}
    for targets in api.listed(call, partial(_endpoint, zone, service), hides=HIDES, about=about, **where):
        yield from targets


def _endpoint(zone: str, service: ServiceSet | None, item: Item) -> tuple[BackendTarget, ...]:
    """Return an endpoint, once for each of its addresses. Without a machine's name, its host is ""."""
    endpoint = child(item, "networkEndpoint")
    name = text(endpoint, "instance")
    port = number(endpoint, "port", 0)
    own_services = service or ServiceSet.parse(f"tcp/{port}" if port else "tcp")
    host = f"{part_of(name, 'zones') or zone}/{last(name)}" if name else ""
    addresses = [written for key in ("ipAddress", "ipv6Address") if (written := text(endpoint, key))]
    return tuple(BackendTarget(host, read_addresses(address), own_services) for address in addresses or [""])
