"""Changes of an EKS cluster's endpoint: enable the private endpoint, and restrict or disable the public one.

Each change is its own update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudguard.model.network import Endpoint
from cloudguard.provider.calls.cloud_forms import NoCallError, Pair, known
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import AttributeEdit, Change, ListEdit, PeerOf

RESTRICT: Final = "endpoint.restrict"
"""The kind of change whose attribute edit enables the private endpoint."""
_UPDATE: Final = "UpdateClusterConfig"
MOST_RANGES: Final = 40
"""The number of ranges that may reach a public endpoint:
https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"""


def calls(index: SnapshotIndex, change: Change, edit: AttributeEdit | ListEdit) -> Iterator[Pair]:
    """Yield the update that enables the private endpoint, sets the public ranges, or disables the public endpoint.

    Raises NoCallError if a peer of the list has no value, if the list is empty, or if it has too many ranges.
    """
    endpoint = known(index.endpoints.get(change.resource.id), f"the endpoint {change.resource.id}")
    if isinstance(edit, AttributeEdit):
        on, off = ({"endpointPrivateAccess": value} for value in (True, False))
        yield _update(endpoint, on), (_update(endpoint, off),)
        return
    ranges = [peer.value for peer in edit.after if peer.kind is PeerOf.RANGE]
    inside = any(peer.kind is PeerOf.INSIDE for peer in edit.after)
    if len(ranges) + inside < len(edit.after) or not edit.after or len(ranges) > MOST_RANGES:
        message = "a peer has no value yet or is not a range, or there are too many ranges"
        raise NoCallError(message)
    after = {"publicAccessCidrs": ranges} if ranges else {"endpointPublicAccess": False}
    before = {"endpointPublicAccess": True, "publicAccessCidrs": [*endpoint.public_ranges.cidrs()]}
    yield _update(endpoint, after), (_update(endpoint, before),)


def _update(endpoint: Endpoint, config: Mapping[str, Any]) -> ApiCall:
    return ApiCall("eks", _UPDATE, {"name": endpoint.id.rpartition("/")[2], "resourcesVpcConfig": dict(config)})
