"""Edits of a scaling group's launch template, and the calls that make a new template version with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from cloudguard.provider.calls.cloud_forms import NoCallError, Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.change import AttributeEdit, Change, Edit, GroupEdit, MembershipEdit, Resource
from cloudguard_aws.changes.edits import group_id
from cloudguard_aws.changes.templates import Edited, Fields, new_version, template_of

Moves: TypeAlias = GroupEdit | MembershipEdit
POOL: Final = "pool"
METADATA: Final = "metadata.restrict"
DISKS: Final = "pool.encrypt"
NO_PODS: Final = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
"""Keep pods from the metadata service:
https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html ("Restrict access to the
instance profile assigned to the worker node")."""


def pool_calls(
    index: SnapshotIndex, pool: str, change: Change, edit: Edit, earlier_changes: Sequence[Change]
) -> Iterator[Pair]:
    """Yield the calls that make an edit in a scaling group's template, each with its inverse calls."""
    edited = _edited(index, pool, change, edit)
    if edited is None:
        message = f"the edit changes nothing in the template of {pool}"
        raise NoCallError(message)
    earlier = (_edited(index, pool, change, each) for change in earlier_changes for each in change.edits)
    yield from new_version(index, pool, edited, tuple(edit for edit in earlier if edit is not None))


def _edited(index: SnapshotIndex, pool: str, change: Change, edit: Edit) -> Edited | None:
    """Return the function that applies an edit to a scaling group's template. None: the edit changes no field of it."""
    if isinstance(edit, (GroupEdit, MembershipEdit)) and _names(edit.members, pool):
        return partial(_with_groups, index, pool, edit)
    if isinstance(edit, AttributeEdit) and change.kind == METADATA and _names(edit.of, pool):
        return _without_pods
    if isinstance(edit, AttributeEdit) and change.kind == DISKS and change.resource.id == pool:
        return partial(_encrypted, edit.parts)
    return None


def _names(resources: Iterable[Resource], pool: str) -> bool:
    return any((resource.kind, resource.id) == (POOL, pool) for resource in resources)


def groups_after_move(groups: Sequence[object], edit: Moves) -> list[object]:
    """Return a member's groups after a move."""
    joins = [group_id(edit.group)] if isinstance(edit, GroupEdit) else [*edit.joins]
    leaves = () if isinstance(edit, GroupEdit) else edit.leaves
    return [group for group in groups if group not in leaves] + [group for group in joins if group not in groups]


def _with_groups(index: SnapshotIndex, pool: str, edit: Moves, fields: Fields) -> Fields:
    """Return the template field with the groups of the primary interface after a move."""
    template, _ = template_of(index, pool)
    interfaces: list[dict[str, Any]] = fields.get("NetworkInterfaces", [])
    if not interfaces:
        return {"SecurityGroupIds": groups_after_move(fields.get("SecurityGroupIds") or template.groups, edit)}
    primary = min(interfaces, key=lambda interface: int(interface.get("DeviceIndex", 0)))
    changed = {**primary, "Groups": groups_after_move(primary.get("Groups") or template.groups, edit)}
    return {"NetworkInterfaces": [changed if interface is primary else interface for interface in interfaces]}


def _without_pods(fields: Fields) -> Fields:
    return {"MetadataOptions": {**fields.get("MetadataOptions", {}), **NO_PODS}}


def _encrypted(devices: Sequence[str], fields: Fields) -> Fields:
    """Return all disk mappings, with the disks of ``devices`` encrypted.

    A disk that only the image has gets a mapping with only its device and encryption.
    """
    if not devices or not all(device.startswith(("/dev/", "xvd")) for device in devices):
        message = "the names of the devices to encrypt are not known"
        raise NoCallError(message)
    mappings: list[dict[str, Any]] = fields.get("BlockDeviceMappings", [])
    by_device = {str(mapping.get("DeviceName")): mapping for mapping in mappings}
    for device in devices:
        mapping = by_device.get(device, {"DeviceName": device})
        by_device[device] = {**mapping, "Ebs": {**mapping.get("Ebs", {}), "Encrypted": True}}
    return {"BlockDeviceMappings": [*by_device.values()]}
