"""Calls that change who an AKS cluster's API lets in.

Fields: https://learn.microsoft.com/rest/api/aks/managed-clusters/create-or-update.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudguard.model.network import Endpoint
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import Change, ListEdit, PeerOf, Procedure, RulePeer
from cloudguard_azure.changes.calls import set_in
from cloudguard_azure.network.ways_in.endpoints import NO_COMMANDS, NOBODY

_RANGES: Final = "properties.apiServerAccessProfile.authorizedIPRanges"
_COMMANDS: Final = "properties.apiServerAccessProfile.disableRunCommand"
_EVERYONE: Final = frozenset({"0.0.0.0/0", "::/0"})


def endpoint_calls(snapshot: Snapshot, change: Change) -> Iterator[PlannedCall]:
    """Yield the calls that restrict an endpoint: its authorized ranges, or run command through the Resource Manager."""
    endpoint = next((endpoint for endpoint in snapshot.topology.endpoints if endpoint.id == change.resource.id), None)
    for place, edit in enumerate(change.edits):
        if endpoint is None or "/managedclusters/" not in endpoint.source.resource.lower():
            return
        if isinstance(edit, ListEdit) and not change.needs_input:
            yield from _ranges(endpoint, edit, place)
        elif isinstance(edit, Procedure) and endpoint.remedy == NO_COMMANDS:
            call, undo = (set_in(endpoint.source.resource, {_COMMANDS: value}) for value in (True, False))
            yield PlannedCall(place, call, (undo,))


def _ranges(endpoint: Endpoint, edit: ListEdit, place: int) -> Iterator[PlannedCall]:
    before, after = (_listed(peers) for peers in (edit.before, edit.after))
    if after is not None:
        undo = (set_in(endpoint.source.resource, {_RANGES: before}),) if before is not None else ()
        yield PlannedCall(place, set_in(endpoint.source.resource, {_RANGES: after}), undo)


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
