"""Calls that change who a GKE cluster's control plane lets in, and the metadata server of its node pools.

https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters/update
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from cloudguard.model.network import Endpoint
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.calls.cloud_forms import Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import PRIVATE_RANGES, AttributeEdit, Change, ListEdit, PeerOf, RulePeer
from cloudguard_gcp.access.links import last
from cloudguard_gcp.cluster.gke_endpoints import BY_DNS_NAME, BY_KUBERNETES, GOOGLE_CLOUD, WITH_CREDENTIALS

CONTAINER: Final = "container.googleapis.com"
UPDATE: Final = "container.projects.locations.clusters.update"
_EVERYONE: Final = frozenset({"0.0.0.0/0", "::/0"})


def endpoint_calls(index: SnapshotIndex, change: Change, edit: ListEdit, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls that restrict an endpoint: its authorized networks, or external traffic to its DNS name.

    Both sides of an endpoint have one list. A call for one side keeps what the ``earlier`` changes of the other need.
    """
    endpoint = index.endpoints.get(change.resource.id)
    if endpoint is None or "/clusters/" not in endpoint.source.resource:
        return
    if endpoint.for_all_or_nobody:
        yield from _by_name(endpoint)
    elif not change.needs_input and last(endpoint.source.resource) == endpoint.id:
        yield from _ranges(endpoint, edit, earlier)


def _by_name(endpoint: Endpoint) -> Iterator[Pair]:
    keys = BY_KUBERNETES if endpoint.id.endswith(WITH_CREDENTIALS) else ("allowExternalTraffic",)
    if BY_DNS_NAME in endpoint.id:
        call, undo = (_endpoints(endpoint, {"dnsEndpointConfig": dict.fromkeys(keys, on)}) for on in (False, True))
        yield call, (undo,)


def _ranges(endpoint: Endpoint, edit: ListEdit, earlier: Sequence[Change]) -> Iterator[Pair]:
    enforced = bool(endpoint.filters)
    if edit.name == PRIVATE_RANGES:
        public = _public_list(endpoint, earlier)
        before = _authorized(endpoint, public, enforced=False)
        permitted = tuple(peer for peer in edit.after if not read_addresses(peer.value) <= endpoint.always_inside)
        after = _authorized(endpoint, (*permitted, *(() if _is_everyone(public) else public)), enforced=True)
    else:
        before = _authorized(endpoint, edit.before, enforced=enforced) if endpoint.public else None
        after = _authorized(endpoint, edit.after, enforced=enforced)
    if after is not None:
        undo = (_endpoints(endpoint, _by_address(before)),) if before is not None else ()
        yield _endpoints(endpoint, _by_address(after)), undo


def _public_list(endpoint: Endpoint, earlier: Sequence[Change]) -> tuple[RulePeer, ...]:
    """Return the list of the public side after the ``earlier`` changes."""
    edits = (edit for change in earlier if change.resource.id == endpoint.id for edit in change.edits)
    lists = [edit.after for edit in edits if isinstance(edit, ListEdit) and edit.name != PRIVATE_RANGES]
    ranges = tuple(RulePeer(PeerOf.RANGE, cidr) for cidr in endpoint.public_ranges.cidrs())
    today = (*ranges, *(RulePeer(PeerOf.ADDRESS_LIST, name) for name in endpoint.public_lists))
    return lists[-1] if lists else today if endpoint.public else ()


def _is_everyone(peers: tuple[RulePeer, ...]) -> bool:
    return {word for peer in peers for word in peer.value.split(",")} >= _EVERYONE


def _by_address(authorized: dict[str, Any]) -> dict[str, Any]:
    return {"ipEndpointsConfig": {"authorizedNetworksConfig": authorized}}


def _authorized(endpoint: Endpoint, peers: tuple[RulePeer, ...], *, enforced: bool) -> dict[str, Any] | None:
    """Return peers as authorized networks; None if they are unknown. ``enforced``: on the private side too.

    The cluster's own nodes and pods are always let in there.
    """
    if any(peer.kind not in {PeerOf.RANGE, PeerOf.ADDRESS_LIST} for peer in peers):
        return None
    if _is_everyone(peers):
        return {"enabled": False}
    words = [word for peer in peers for word in peer.value.split(",")]
    blocks = AddressSet.of(word for word in words if word != GOOGLE_CLOUD).cidrs()
    return {
        "enabled": True,
        "cidrBlocks": [{"cidrBlock": block} for block in blocks],
        "gcpPublicCidrsAccessEnabled": GOOGLE_CLOUD in words,
        **({"privateEndpointEnforcementEnabled": enforced} if endpoint.private else {}),
    }


def _endpoints(endpoint: Endpoint, config: dict[str, Any]) -> ApiCall:
    return ApiCall(
        CONTAINER,
        UPDATE,
        {"name": endpoint.source.resource, "body": {"update": {"desiredControlPlaneEndpointsConfig": config}}},
    )


def metadata_calls(index: SnapshotIndex, edit: AttributeEdit) -> Iterator[Pair]:
    """Yield the calls that give each node pool GKE's own metadata server. GKE then recreates the nodes.

    https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
    """
    resources = (endpoint.source.resource for endpoint in index.endpoints.values())
    cluster = next((resource for resource in resources if "/clusters/" in resource), "")
    pools = dict.fromkeys(resource.name for resource in edit.of if resource.kind == "pool" and resource.name)
    for pool in pools if cluster else ():
        call, undo = (
            ApiCall(
                CONTAINER,
                "container.projects.locations.clusters.nodePools.update",
                {"name": f"{cluster}/nodePools/{pool}", "body": {"workloadMetadataConfig": {"mode": mode}}},
            )
            for mode in ("GKE_METADATA", "GCE_METADATA")
        )
        yield call, (undo,)
