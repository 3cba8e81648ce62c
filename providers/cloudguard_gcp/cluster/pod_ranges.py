"""The addresses of pods: alias ranges of their hosts, routes to hosts, and the ranges that GKE assigns.

https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips; the routes to hosts are made by the route controller
of Kubernetes (kubernetes/cloud-provider-gcp providers/gce/gce_routes.go).
"""

from __future__ import annotations

from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, required
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_ROUTES
from cloudguard_gcp.access.links import short
from cloudguard_gcp.cluster.find import FoundCluster

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
    routed = api.mapped(LIST_ROUTES, mine, _destination, hides=_HIDES)
    aliases = (addresses for host in found.instances for addresses in host.pod_ranges)
    return AddressSet.union((*aliases, *routed, found.gke.pod_ranges if found.gke else AddressSet.nothing()))


def _destination(route: Item) -> AddressSet:
    return AddressSet.parse(required(route, "destRange"))
