"""Service attachments of Private Service Connect: they offer a forwarding rule to other networks and projects.

Targets see the clients at addresses of the attachment's own subnets.
https://cloud.google.com/vpc/docs/about-vpc-hosted-services
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cloudguard.model.load_balancers import EVERYONE, Balancer, PublishedService
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, children, text, texts
from cloudguard.provider.network.published_services import client_addresses, is_connected
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import last, required_link, short
from cloudguard_gcp.network.balancers import PASSTHROUGH
from cloudguard_gcp.network.endpoint_groups import HIDES

_CONSUMER = ("projectIdOrNum", "networkUrl", "endpointUrl")
"""Fields that name an accepted client: a project, a network or one endpoint (Compute API reference,
serviceAttachments).
"""
_ONLY_LISTED = "ACCEPT_MANUAL"
_SHUT = frozenset({"PENDING", "REJECTED", "CLOSED"})
"""https://cloud.google.com/python/docs/reference/compute/latest/
google.cloud.compute_v1.types.ServiceAttachmentConnectedEndpoint.Status"""
_OFFERED = "/forwardingRules/"
"""Forwarding rules lead to hosts. An attachment may also offer a gateway, which is not a balancer."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A service attachment: the forwarding rule that it offers, its clients, and the subnets of their addresses."""

    rule: str
    service: PublishedService
    subnets: tuple[str, ...]


def read_attachments(api: Api, projects: Iterable[str]) -> tuple[Attachment, ...]:
    """Return the service attachments of projects."""
    return api.listed_in(projects, calls.LIST_SERVICE_ATTACHMENTS, _attachment, hides=HIDES)


def _attachment(item: Item) -> Attachment:
    """Return an attachment. Everyone may use it, unless its owner accepts only the listed clients, always."""
    name, only_listed = required_link(item), text(item, "connectionPreference") == _ONLY_LISTED
    listed = {text(consumer, key) for consumer in children(item, "consumerAcceptLists") for key in _CONSUMER} - {""}
    states = (text(endpoint, "status") for endpoint in children(item, "connectedEndpoints"))
    service = PublishedService(
        id=name,
        allowed=tuple(sorted(listed)) if only_listed else (EVERYONE,),
        accepts_each=False,
        source=Source(calls.LIST_SERVICE_ATTACHMENTS.name, name),
        connected=is_connected(states, "ACCEPTED", _SHUT),
    )
    return Attachment(required_link(item, "targetService"), service, tuple(map(short, texts(item, "natSubnets"))))


def miss_rules(api: Api, attachments: Iterable[Attachment], rules: Iterable[str]) -> None:
    """Record a Gap for each attachment whose forwarding rule was not read: its targets are unknown."""
    seen = set(rules)
    for attachment in attachments:
        if attachment.rule not in seen and _OFFERED in attachment.rule:
            message = f"its forwarding rule {last(attachment.rule)} was not found"
            api.missed(calls.LIST_SERVICE_ATTACHMENTS, attachment.service.id, message, HIDES)


def published(
    balancers: Iterable[Balancer], attachments: Iterable[Attachment], ranges: Mapping[str, AddressSet]
) -> Iterator[Balancer]:
    """Yield the balancers with the services that offer them. ``ranges``: map of subnet id → addresses.

    Targets of a passthrough balancer see addresses of the attachment's subnets. Targets of a proxy see the proxy's.
    """
    by_rule: dict[str, list[Attachment]] = {}
    for attachment in attachments:
        by_rule.setdefault(attachment.rule, []).append(attachment)
    for balancer in balancers:
        offers = by_rule.get(balancer.id, [])
        services = [offer.service for offer in offers]
        if balancer.kind == PASSTHROUGH:
            services = [
                replace(offer.service, translated_to=client_addresses(offer.subnets, ranges)) for offer in offers
            ]
        yield replace(balancer, published=tuple(services))
