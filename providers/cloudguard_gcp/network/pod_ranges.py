"""The addresses that pods have: alias ranges of their hosts, routes to them, and what GKE hands out.

https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips; routes to instances are those of Kubernetes' route
controller (kubernetes/cloud-provider-gcp providers/gce/gce_routes.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_ROUTES
from cloudguard_gcp.access.links import short
from cloudguard_gcp.cluster.find import whole

_BY_KUBERNETES: Final = "k8s-node-route"


def pod_ranges(api: Api, project: str, instances: Iterable[Item], gke: Item | None) -> AddressSet:
    """Return the addresses of pods."""
    listed = list(instances)
    routes = api.read(LIST_ROUTES, hides=(FactKind.ROUTES,), project=project)
    found = (*_aliases(listed), *_routed(routes, listed), *(_of_gke(gke) if gke else ()))
    return AddressSet.of(found)


def _aliases(instances: Iterable[Item]) -> Iterator[str]:
    for instance in instances:
        for interface in cast("Sequence[Item]", instance.get("networkInterfaces") or ()):
            for one in cast("Sequence[Item]", interface.get("aliasIpRanges") or ()):
                yield str(one["ipCidrRange"])


def _routed(routes: Iterable[Item], instances: Iterable[Item]) -> Iterator[str]:
    """Yield where Kubernetes' own routes to the hosts lead; any other may lead through a host to anyone."""
    own = {short(str(one["selfLink"])) for one in instances}
    for route in routes:
        if route.get("description") == _BY_KUBERNETES and short(str(route.get("nextHopInstance", ""))) in own:
            yield str(route["destRange"])


def _of_gke(cluster: Item) -> Iterator[str]:
    """Yield the ranges that nodes to come take theirs from."""
    pools = (whole(one, "networkConfig") for one in cast("Sequence[Item]", cluster.get("nodePools") or ()))
    named = (
        whole(cluster, "ipAllocationPolicy").get("clusterIpv4CidrBlock") or cluster.get("clusterIpv4Cidr"),
        *(one.get("podIpv4CidrBlock") for one in pools),
    )
    yield from (str(one) for one in named if one)
