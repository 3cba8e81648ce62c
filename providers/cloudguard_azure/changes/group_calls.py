"""Calls that create application security groups, and add interfaces to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, GroupEdit, MembershipEdit, Resource
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.changes.calls import delete, put, set_in
from cloudguard_azure.changes.filter_calls import in_scale_sets, new_group_id

_OF_INTERFACE: Final = "properties.ipConfigurations[*].properties.applicationSecurityGroups"


def group_calls(snapshot: Snapshot, change: Change, made: Sequence[Change]) -> Iterator[PlannedCall]:
    """Yield the calls that create a group or move members, after the changes ``made``; none for scale sets."""
    held = _groups(snapshot)
    for edit in (edit for one in made for edit in one.edits):
        _move(held, edit)
    for place, edit in enumerate(change.edits):
        if not isinstance(edit, GroupEdit | MembershipEdit) or in_scale_sets(edit) or snapshot.cluster.managed:
            continue
        if isinstance(edit, GroupEdit):
            group = new_group_id(edit)
            locations = (one.zone for one in snapshot.topology.subnets if one.network == edit.network and one.zone)
            yield PlannedCall(place, put(group, {"location": next(locations, "")}), (delete(group),))
        before = {member.id: held.get(canonical(member.id), ()) for member in edit.members}
        _move(held, edit)
        for member in edit.members:
            after, old = held.get(canonical(member.id), ()), before[member.id]
            if after != old:
                yield PlannedCall(place, _in_groups(member, after), (_in_groups(member, old),))


def _in_groups(member: Resource, groups: Sequence[str]) -> ApiCall:
    return set_in(member.id, {_OF_INTERFACE: [{"id": one} for one in groups]})


def _groups(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return the groups of each interface."""
    cluster, around = snapshot.cluster, snapshot.topology
    own = [one for host in cluster.hosts for one in host.interfaces]
    interfaces = (*own, *around.external_members, *(around.neighbours or ()))
    return {canonical(one.id): one.groups for one in interfaces}


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
