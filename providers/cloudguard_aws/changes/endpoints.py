"""Changes of an EKS cluster's endpoint: enable the private endpoint, and restrict or disable the public one.

Each change is its own update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudguard.model.network import Endpoint
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import AttributeEdit, Change, ListEdit, PeerOf
from cloudguard_aws.changes.edits import NoCallError, known
from cloudguard_aws.changes.snapshot_index import SnapshotIndex

RESTRICT: Final = "endpoint.restrict"
"""The kind of change whose attribute edit enables the private endpoint."""
_UPDATE: Final = "UpdateClusterConfig"
MOST_RANGES: Final = 40
"""The number of ranges that may reach a public endpoint:
https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"""


def calls(index: SnapshotIndex, change: Change, place: int, edit: AttributeEdit | ListEdit) -> Iterator[PlannedCall]:
    """Yield the update that enables the private endpoint, sets the public ranges, or disables the public endpoint.

    Raises NoCallError if a peer of the list has no value, if the list is empty, or if it has too many ranges.
    """
    endpoint = _endpoint(index, change)
    if isinstance(edit, AttributeEdit):
        on, off = ({"endpointPrivateAccess": value} for value in (True, False))
        yield PlannedCall(place, _update(endpoint, on), (_update(endpoint, off),))
        return
    ranges = [peer.value for peer in edit.after if peer.kind is PeerOf.RANGE]
    inside = any(peer.kind is PeerOf.INSIDE for peer in edit.after)
    if len(ranges) + inside < len(edit.after) or not edit.after or len(ranges) > MOST_RANGES:
        message = "a peer has no value yet or is not a range, or there are too many ranges"
        raise NoCallError(message)
    after = {"publicAccessCidrs": ranges} if ranges else {"endpointPublicAccess": False}
    before = {"endpointPublicAccess": True, "publicAccessCidrs": [*endpoint.public_ranges.cidrs()]}
    yield PlannedCall(place, _update(endpoint, after), (_update(endpoint, before),))


def _endpoint(index: SnapshotIndex, change: Change) -> Endpoint:
    endpoints = (endpoint for endpoint in index.snapshot.topology.endpoints if endpoint.id == change.resource.id)
    return known(next(endpoints, None), f"the endpoint {change.resource.id}")


def _update(endpoint: Endpoint, config: Mapping[str, Any]) -> ApiCall:
    return ApiCall("eks", _UPDATE, {"name": endpoint.id.rpartition("/")[2], "resourcesVpcConfig": dict(config)})
