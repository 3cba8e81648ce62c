"""Calls that change who a GKE cluster's control plane lets in, and the metadata server of its node pools.

https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters/update
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cloudguard.model.network import Endpoint
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import AttributeEdit, Change, ListEdit, PeerOf, RulePeer
from cloudguard_gcp.access.links import last
from cloudguard_gcp.cluster.gke import BY_DNS_NAME, GOOGLE_CLOUD

CONTAINER: Final = "container.googleapis.com"
UPDATE: Final = "container.projects.locations.clusters.update"
_EVERYONE: Final = frozenset({"0.0.0.0/0", "::/0"})


def endpoint_calls(snapshot: Snapshot, change: Change) -> Iterator[PlannedCall]:
    """Yield the calls that restrict an endpoint: its authorized networks, or external traffic to its DNS name."""
    endpoint = next((one for one in snapshot.topology.endpoints if one.id == change.resource.id), None)
    for place, edit in enumerate(change.edits):
        if endpoint is None or "/clusters/" not in endpoint.source.resource or not isinstance(edit, ListEdit):
            continue
        if endpoint.gatekeeper:
            yield from _by_name(endpoint, place)
        elif not change.needs_input and last(endpoint.source.resource) == endpoint.id:
            yield from _ranges(endpoint, edit, place)


def _by_name(endpoint: Endpoint, place: int) -> Iterator[PlannedCall]:
    if endpoint.id.endswith(BY_DNS_NAME):
        call, undo = (_endpoints(endpoint, {"dnsEndpointConfig": {"allowExternalTraffic": on}}) for on in (False, True))
        yield PlannedCall(place, call, (undo,))


def _ranges(endpoint: Endpoint, edit: ListEdit, place: int) -> Iterator[PlannedCall]:
    before = _authorized(endpoint, edit.before, enforced=bool(endpoint.filters)) if endpoint.public else None
    after = _authorized(endpoint, edit.after, enforced=endpoint.private)
    if after is not None:
        undo = (_endpoints(endpoint, _by_address(before)),) if before is not None else ()
        yield PlannedCall(place, _endpoints(endpoint, _by_address(after)), undo)


def _by_address(authorized: dict[str, Any]) -> dict[str, Any]:
    return {"ipEndpointsConfig": {"authorizedNetworksConfig": authorized}}


def _authorized(endpoint: Endpoint, peers: tuple[RulePeer, ...], *, enforced: bool) -> dict[str, Any] | None:
    """Return peers as authorized networks; None if they are unknown. ``enforced``: on the private side too.

    The cluster's own nodes and pods are always let in there.
    """
    if any(peer.kind not in {PeerOf.RANGE, PeerOf.ADDRESS_LIST} for peer in peers):
        return None
    words = [one for peer in peers for one in peer.value.split(",")]
    if {*words} >= _EVERYONE:
        return {"enabled": False}
    blocks = AddressSet.of(one for one in words if one != GOOGLE_CLOUD).cidrs()
    return {
        "enabled": True,
        "cidrBlocks": [{"cidrBlock": one} for one in blocks],
        "gcpPublicCidrsAccessEnabled": GOOGLE_CLOUD in words,
        **({"privateEndpointEnforcementEnabled": enforced} if endpoint.private else {}),
    }


def _endpoints(endpoint: Endpoint, config: dict[str, Any]) -> ApiCall:
    return ApiCall(
        CONTAINER,
        UPDATE,
        {
            "name": endpoint.source.resource,
            "body": {"update": {"desiredControlPlaneEndpointsConfig": config}},
        },
    )


def metadata_calls(snapshot: Snapshot, change: Change) -> Iterator[PlannedCall]:
    """Yield the calls that give each node pool GKE's own metadata server. GKE then recreates the nodes.

    https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
    """
    cluster = next(
        (one.source.resource for one in snapshot.topology.endpoints if "/clusters/" in one.source.resource), ""
    )
    for place, edit in enumerate(change.edits):
        if not isinstance(edit, AttributeEdit) or change.kind != "metadata.restrict" or not cluster:
            continue
        for name in dict.fromkeys(one.name for one in edit.of if one.kind == "pool" and one.name):
            call, undo = (
                ApiCall(
                    CONTAINER,
                    "container.projects.locations.clusters.nodePools.update",
                    {"name": f"{cluster}/nodePools/{name}", "body": {"workloadMetadataConfig": {"mode": mode}}},
                )
                for mode in ("GKE_METADATA", "GCE_METADATA")
            )
            yield PlannedCall(place, call, (undo,))
