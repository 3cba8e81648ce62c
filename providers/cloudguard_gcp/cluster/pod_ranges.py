"""The addresses of pods: alias ranges of their hosts, routes to hosts, and the ranges that GKE assigns.

https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips; the routes to hosts are made by the route controller
of Kubernetes (kubernetes/cloud-provider-gcp providers/gce/gce_routes.go).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, children, required, text
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_ROUTES, LIST_SUBNETWORKS
from cloudguard_gcp.access.links import project_of, short
from cloudguard_gcp.cluster.find import FoundCluster
from cloudguard_gcp.cluster.gke import GkeCluster

_HIDES: Final = (FactKind.ROUTES,)
_BY_KUBERNETES: Final = "k8s-node-route"


def pod_ranges(api: Api, found: FoundCluster) -> AddressSet:
    """Return the addresses of pods.

    Only routes made by Kubernetes count: another route may lead through a host to any destination.
    """
    links = {host.link for host in found.instances}
    listed = api.read(LIST_ROUTES, hides=_HIDES, project=found.project)
    mine = [
        item
        for item in listed
        if item.get("description") == _BY_KUBERNETES and short(str(item.get("nextHopInstance"))) in links
    ]
    routed = api.mapped(LIST_ROUTES, mine, lambda item: AddressSet.parse(required(item, "destRange")), hides=_HIDES)
    aliases = (addresses for host in found.instances for addresses in host.pod_ranges)
    return AddressSet.union((*aliases, *routed, *(_of_gke(api, found.gke) if found.gke else ())))


def _of_gke(api: Api, gke: GkeCluster) -> Iterator[AddressSet]:
    """Yield the ranges that GKE states, and those that it names, which are secondary ranges of the nodes' subnet."""
    yield gke.pod_ranges
    subnets = {name for endpoint in gke.endpoints for name in endpoint.subnets if gke.range_names}
    for project in sorted({project_of(name) for name in subnets} - {""}):
        listed = api.read(LIST_SUBNETWORKS, hides=_HIDES, project=project)
        mine = [item for item in listed if short(str(item.get("selfLink"))) in subnets]
        yield from api.mapped(LIST_SUBNETWORKS, mine, partial(_named, gke.range_names), hides=_HIDES)


def _named(names: Collection[str], subnet: Item) -> AddressSet:
    return AddressSet.of(
        required(secondary, "ipCidrRange")
        for secondary in children(subnet, "secondaryIpRanges")
        if text(secondary, "rangeName") in names
    )
