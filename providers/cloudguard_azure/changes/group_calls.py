"""Calls that make application security groups, and put interfaces and scale sets into them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import Change, GroupEdit, MembershipEdit, Resource
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.changes.calls import delete, put, set_in
from cloudguard_azure.changes.filter_calls import new_group_id

_OF_INTERFACE: Final = "properties.ipConfigurations[*].properties.applicationSecurityGroups"
_OF_SCALE_SET: Final = (
    "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[*]"
    ".properties.ipConfigurations[*].properties.applicationSecurityGroups"
)
"""Its machines follow when they are updated to the set's model
(https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-policy)."""
_SCALE_SETS: Final = "/virtualmachinescalesets/"
"""An interface of a scale set's machine is the set's to write."""


def group_calls(snapshot: Snapshot, change: Change, made: Sequence[Change]) -> Iterator[PlannedCall]:
    """Yield the calls that make a group or move members, after the changes ``made``."""
    held = _groups(snapshot)
    for edit in (edit for one in made for edit in one.edits):
        _move(held, edit)
    for place, edit in enumerate(change.edits):
        if not isinstance(edit, GroupEdit | MembershipEdit):
            continue
        if isinstance(edit, GroupEdit):
            group = new_group_id(edit)
            locations = (one.zone for one in snapshot.topology.subnets if one.network == edit.network and one.zone)
            yield PlannedCall(place, put(group, {"location": next(locations, "")}), (delete(group),))
        before = {member.id: held.get(canonical(member.id), ()) for member in edit.members}
        _move(held, edit)
        for member in edit.members if not snapshot.cluster.managed else ():
            path = _OF_SCALE_SET if member.kind == "pool" else _OF_INTERFACE
            after, old = held.get(canonical(member.id), ()), before[member.id]
            if after != old:
                call, undo = (set_in(member.id, {path: [{"id": one} for one in groups]}) for groups in (after, old))
                yield PlannedCall(place, call, (undo,))


def _groups(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return the groups of each interface and scale set."""
    cluster, around = snapshot.cluster, snapshot.topology
    own = [one for host in cluster.hosts for one in host.interfaces]
    interfaces = (*own, *around.external_members, *(around.neighbours or ()))
    pools = {canonical(one.id): one.groups for one in cluster.pools}
    return pools | {canonical(one.id): one.groups for one in interfaces if _SCALE_SETS not in canonical(one.id)}


def _move(held: dict[str, tuple[str, ...]], edit: object) -> None:
    if isinstance(edit, GroupEdit):
        _moved(held, edit.members, (), (new_group_id(edit),))
    elif isinstance(edit, MembershipEdit):
        _moved(held, edit.members, edit.leaves, edit.joins)


def _moved(
    held: dict[str, tuple[str, ...]], members: Sequence[Resource], leaves: Sequence[str], joins: Sequence[str]
) -> None:
    left = {canonical(one) for one in leaves}
    for member in members:
        name = canonical(member.id)
        kept = [one for one in held.get(name, ()) if canonical(one) not in left]
        held[name] = tuple(dict.fromkeys((*kept, *joins)))
