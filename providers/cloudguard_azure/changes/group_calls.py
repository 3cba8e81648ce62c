"""Calls that create application security groups, and add interfaces to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import Change, GroupEdit, MembershipEdit, Resource
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.changes.calls import act, delete, put, set_in
from cloudguard_azure.changes.filter_calls import moves_by_call, new_group_id, scale_set_of

_UPDATE: Final = "manualupgrade"
_ALL: Final = {"instanceIds": ["*"]}
_OF_INTERFACE: Final = "properties.ipConfigurations[*].properties.applicationSecurityGroups"
_OF_SCALE_SET: Final = (
    "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[*]." + _OF_INTERFACE
)


def group_calls(snapshot: Snapshot, change: Change, earlier: Sequence[Change]) -> Iterator[PlannedCall]:
    """Yield the calls that create a group or move members, after the ``earlier`` changes; none for managed clusters.

    The interfaces of a uniform scale set's members are moved by the set's model, and an update of all members to it
    (https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-policy).
    """
    groups_of = _groups(snapshot)
    for edit in (edit for change in earlier for edit in change.edits):
        _move(groups_of, edit)
    for place, edit in enumerate(change.edits):
        if not isinstance(edit, GroupEdit | MembershipEdit) or not moves_by_call(edit) or snapshot.cluster.managed:
            continue
        if isinstance(edit, GroupEdit):
            group = new_group_id(edit)
            locations = (
                subnet.zone for subnet in snapshot.topology.subnets if subnet.network == edit.network and subnet.zone
            )
            yield PlannedCall(place, put(group, {"location": next(locations, "")}), (delete(group),))
        before = {member.id: groups_of.get(canonical(member.id), ()) for member in edit.members}
        _move(groups_of, edit)
        for member in edit.members:
            after, old, scale_set = groups_of.get(canonical(member.id), ()), before[member.id], scale_set_of(member.id)
            if after == old or scale_set not in {"", canonical(member.id)}:
                continue
            path = _OF_SCALE_SET if scale_set else _OF_INTERFACE
            call, undo = (set_in(member.id, {path: [{"id": group} for group in groups]}) for groups in (after, old))
            hosts = [
                resource
                for resource in edit.members
                if scale_set and resource != member and scale_set_of(resource.id) == scale_set
            ]
            update = [act(scale_set, _UPDATE, _ALL)] if hosts else []
            yield PlannedCall(place, call, (undo, *update))
            yield from (PlannedCall(place, call) for call in update)


def _groups(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return the groups of each interface, and of each pool's next hosts."""
    cluster, around = snapshot.cluster, snapshot.topology
    of_hosts = [interface for host in cluster.hosts for interface in host.interfaces]
    interfaces = (*of_hosts, *around.external_members, *(around.neighbours or ()))
    groups_of = {canonical(interface.id): interface.groups for interface in interfaces}
    return groups_of | {canonical(pool.id): pool.groups for pool in cluster.pools}


def _move(groups_of: dict[str, tuple[str, ...]], edit: object) -> None:
    if isinstance(edit, GroupEdit):
        _moved(groups_of, edit.members, (), (new_group_id(edit),))
    elif isinstance(edit, MembershipEdit):
        _moved(groups_of, edit.members, edit.leaves, edit.joins)


def _moved(
    groups_of: dict[str, tuple[str, ...]], members: Sequence[Resource], leaves: Sequence[str], joins: Sequence[str]
) -> None:
    removed = {canonical(group) for group in leaves}
    for member in members:
        name = canonical(member.id)
        kept = [group for group in groups_of.get(name, ()) if canonical(group) not in removed]
        groups_of[name] = tuple(dict.fromkeys((*kept, *joins)))
