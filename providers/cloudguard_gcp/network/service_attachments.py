"""Service attachments of Private Service Connect: they offer a forwarding rule to other networks and projects.

https://cloud.google.com/vpc/docs/about-vpc-hosted-services
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from cloudguard.model.load_balancers import PublishedService
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, parts, text
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import required_link
from cloudguard_gcp.network.backends import HIDES

_CONSUMER = ("projectIdOrNum", "networkUrl", "endpointUrl")
"""Who is accepted: a project, a network or one endpoint (Compute API reference, serviceAttachments)."""
_ONLY_LISTED = "ACCEPT_MANUAL"


def read_published(api: Api, projects: Iterable[str]) -> Mapping[str, tuple[PublishedService, ...]]:
    """Return what the projects' service attachments publish, by forwarding rule."""
    found = dict[str, tuple[PublishedService, ...]]()
    for pairs in api.gather(*(partial(_of_project, api, project) for project in projects)):
        for rule, service in pairs:
            found[rule] = (*found.get(rule, ()), service)
    return found


def _of_project(api: Api, project: str) -> tuple[tuple[str, PublishedService], ...]:
    call = calls.LIST_SERVICE_ATTACHMENTS
    return api.mapped(call, api.read(call, hides=HIDES, project=project), _published, hides=HIDES)


def _published(item: Item) -> tuple[str, PublishedService]:
    """Return the forwarding rule and who may use it: everyone, unless its owner accepts only those who are listed."""
    name, accepts_each = required_link(item), text(item, "connectionPreference") == _ONLY_LISTED
    listed = {text(one, key) for one in parts(item, "consumerAcceptLists") for key in _CONSUMER}
    allowed = tuple(sorted(listed - {""})) if accepts_each else ("*",)
    source = Source(calls.LIST_SERVICE_ATTACHMENTS.name, name)
    return required_link(item, "targetService"), PublishedService(name, allowed, accepts_each, source)
