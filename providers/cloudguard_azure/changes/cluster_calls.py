"""Calls that change who an AKS cluster's API lets in.

Fields: https://learn.microsoft.com/rest/api/aks/managed-clusters/create-or-update.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.calls.cloud_forms import Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.change import Change, ListEdit, PeerOf, RulePeer
from cloudguard_azure.changes.calls import set_in
from cloudguard_azure.network.ways_in.endpoints import NO_COMMANDS, NOBODY

_RANGES: Final = "properties.apiServerAccessProfile.authorizedIPRanges"
_COMMANDS: Final = "properties.apiServerAccessProfile.disableRunCommand"
_EVERYONE: Final = frozenset({"0.0.0.0/0", "::/0"})


def endpoint_calls(index: SnapshotIndex, change: Change, edit: ListEdit) -> Iterator[Pair]:
    """Yield the call that sets an endpoint's authorized ranges."""
    endpoint = _endpoint(index, change)
    before, after = (_listed(peers) for peers in (edit.before, edit.after))
    if endpoint is not None and not change.needs_input and after is not None:
        undo = (set_in(endpoint.source.resource, {_RANGES: before}),) if before is not None else ()
        yield set_in(endpoint.source.resource, {_RANGES: after}), undo


def command_calls(index: SnapshotIndex, change: Change) -> Iterator[Pair]:
    """Yield the call that turns off run command, by which the Resource Manager reaches the API."""
    endpoint = _endpoint(index, change)
    if endpoint is not None and endpoint.remedy == NO_COMMANDS:
        call, undo = (set_in(endpoint.source.resource, {_COMMANDS: value}) for value in (True, False))
        yield call, (undo,)


def _endpoint(index: SnapshotIndex, change: Change) -> Endpoint | None:
    """Return the endpoint of an AKS cluster that ``change`` edits."""
    endpoint = index.endpoints.get(change.resource.id)
    return endpoint if endpoint and "/managedclusters/" in endpoint.source.resource.lower() else None


def _listed(peers: tuple[RulePeer, ...]) -> list[str] | None:
    """Return peers as AKS lists them: [] for everyone, [NOBODY] for nobody; None if they are unknown."""
    if any(peer.kind not in {PeerOf.RANGE, PeerOf.ADDRESS_LIST} for peer in peers):
        return None
    words = [word for peer in peers for word in peer.value.split(",")]
    if _EVERYONE & {*words}:
        return []
    tags = [peer.value for peer in peers if peer.kind is PeerOf.ADDRESS_LIST]
    ranges = AddressSet.of(word for word in words if word not in tags)
    return [*ranges.cidrs(), *tags] or [NOBODY]
