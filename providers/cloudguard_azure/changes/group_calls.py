"""Calls that create application security groups, and add interfaces to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cloudguard.provider.calls.cloud_forms import Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.change import Change, Edit, GroupEdit, MembershipEdit
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.changes.calls import act, delete, put, set_in
from cloudguard_azure.changes.filter_calls import moves_by_call, new_group_id, scale_set_of

_UPDATE: Final = "manualupgrade"
_ALL: Final = {"instanceIds": ["*"]}
_OF_INTERFACE: Final = "properties.ipConfigurations[*].properties.applicationSecurityGroups"
_OF_SCALE_SET: Final = (
    "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[*]." + _OF_INTERFACE
)


def group_calls(index: SnapshotIndex, edit: GroupEdit | MembershipEdit, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls that create a group or move members, after the ``earlier`` changes; none for managed clusters.

    The interfaces of a uniform scale set's members are moved by the set's model, and an update of all members to it
    (https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-policy).
    """
    if not moves_by_call(edit) or index.snapshot.cluster.managed:
        return
    if isinstance(edit, GroupEdit):
        group = new_group_id(edit)
        subnets = index.snapshot.topology.subnets
        locations = (subnet.zone for subnet in subnets if subnet.network == edit.network and subnet.zone)
        yield put(group, {"location": next(locations, "")}), (delete(group),)
    groups_of = _groups_of_members(index)
    for each in (each for change in earlier for each in change.edits):
        _move(groups_of, each)
    before = {**groups_of}
    _move(groups_of, edit)
    for member in edit.members:
        own, scale_set = canonical(member.id), scale_set_of(member.id)
        old, new = before.get(own, ()), groups_of.get(own, ())
        if new == old or scale_set not in {"", own}:
            continue
        path = _OF_SCALE_SET if scale_set else _OF_INTERFACE
        call, undo = (set_in(member.id, {path: [{"id": group} for group in groups]}) for groups in (new, old))
        of_set = (other for other in edit.members if other != member and scale_set_of(other.id) == scale_set)
        update = [act(scale_set, _UPDATE, _ALL)] if scale_set and any(of_set) else []
        yield call, (undo, *update)
        yield from ((call, ()) for call in update)


def _groups_of_members(index: SnapshotIndex) -> dict[str, tuple[str, ...]]:
    groups_of = {canonical(interface.id): interface.groups for interface in index.interfaces.values()}
    return groups_of | {canonical(pool.id): pool.groups for pool in index.snapshot.cluster.pools}


def _move(groups_of: dict[str, tuple[str, ...]], edit: Edit) -> None:
    """Apply an edit of groups to ``groups_of``, in place."""
    if not isinstance(edit, GroupEdit | MembershipEdit):
        return
    joins = (new_group_id(edit),) if isinstance(edit, GroupEdit) else edit.joins
    leaves = set[str]() if isinstance(edit, GroupEdit) else {canonical(group) for group in edit.leaves}
    for name in (canonical(member.id) for member in edit.members):
        kept = [group for group in groups_of.get(name, ()) if canonical(group) not in leaves]
        groups_of[name] = tuple(dict.fromkeys((*kept, *joins)))
