"""Changes of disks and copies with etcd's data as calls: encrypt a disk, and stop the sharing of copies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from cloudguard.model.cluster import Disk, DiskSnapshot, Host
from cloudguard.provider.calls.cloud_forms import ENCRYPT, NoCallError, Pair, known
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall, answer
from cloudguard.results.change import Change, Procedure
from cloudguard_aws.changes.edits import EC2, answer_name
from cloudguard_aws.changes.templates import AUTO_SCALING
from cloudguard_aws.cluster.tags import is_fleet
from cloudguard_aws.storage.sharing import EVERYONE

_KEY: Final = "ETCD_KEY"
_PROCESSES: Final = ["HealthCheck", "ReplaceUnhealthy"]
"""Processes by which a scaling group replaces a stopped instance (Auto Scaling user guide, Suspend and resume
processes)."""


def calls(index: SnapshotIndex, change: Change, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls of a procedure on a disk or a copy of it. Raises NoCallError for other procedures."""
    name = change.resource.id
    match change.kind:
        case "disk.encrypt":
            yield from _encrypted(index, change, earlier)
        case "snapshot.remove":
            yield from _closed(index, known(index.copies.get(name), f"the copy {name}"))
        case "image.remove":
            yield from _image_closed(known(index.copies.get(name), f"the copy {name}"))
        case kind:
            message = f"no call makes a change of the kind {kind}"
            raise NoCallError(message)


def _encrypted(index: SnapshotIndex, change: Change, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls that replace a disk with an encrypted copy.

    The host is stopped meanwhile, because etcd must not write during the copy. The old disk is deleted last: its data
    is not encrypted, and an installer may mount it because of its tags.
    """
    disk, host, fields = _replaceable(index, change)
    present = index.snapshot.cluster.own_key
    yield from () if present else _own_key(index, change, earlier)
    key = {"KmsKeyId": present or answer(_KEY)} if _needs_key(change) else {}
    snapshot, volume = answer_name("snapshot", disk.id), answer_name("volume", disk.id)
    at = {"InstanceId": host.id, "Device": disk.device}
    yield from ([_processes("Suspend", "Resume", host.pool)] if host.pool else [])
    yield _instance("StopInstances", "StartInstances", host.id)
    copied = ApiCall(EC2, "CreateSnapshot", {"VolumeId": disk.id}, {snapshot: "SnapshotId"})
    yield copied, (ApiCall(EC2, "DeleteSnapshot", {"SnapshotId": answer(snapshot)}),)
    make = fields | {"SnapshotId": answer(snapshot), "Encrypted": True} | key
    forget = ApiCall(EC2, "DeleteVolume", {"VolumeId": answer(volume)})
    yield ApiCall(EC2, "CreateVolume", make, {volume: "VolumeId"}), (forget,)
    old, new = at | {"VolumeId": disk.id}, at | {"VolumeId": answer(volume)}
    yield ApiCall(EC2, "DetachVolume", old), (ApiCall(EC2, "AttachVolume", old),)
    yield ApiCall(EC2, "AttachVolume", new), (ApiCall(EC2, "DetachVolume", new),)
    yield _instance("StartInstances", "StopInstances", host.id)
    yield from ([_processes("Resume", "Suspend", host.pool)] if host.pool else [])
    yield ApiCall(EC2, "DeleteSnapshot", {"SnapshotId": answer(snapshot)}), ()
    yield ApiCall(EC2, "DeleteVolume", {"VolumeId": disk.id}), ()


def _replaceable(index: SnapshotIndex, change: Change) -> tuple[Disk, Host, dict[str, Any]]:
    """Return the disk that a change replaces, its host, and its fields. Raises NoCallError if no calls can do so."""
    disk = known(index.disks.get(change.resource.id), f"the disk {change.resource.id}")
    host = known(index.hosts.get(disk.host), f"the host of {disk.id}")
    if is_fleet(host.pool):
        message = f"the fleet {host.pool} replaces a host that stops"
        raise NoCallError(message)
    fields = cast("dict[str, Any]", json.loads(disk.copy_fields or "{}"))
    if not fields:
        message = f"the settings of {disk.id} are not in the snapshot"
        raise NoCallError(message)
    return disk, host, fields


def _needs_key(change: Change) -> bool:
    """Whether the disk is already encrypted, but not with the user's own key."""
    disks = (edit for edit in change.edits if isinstance(edit, Procedure))
    return any("provider's key" in edit.before for edit in disks)


def _own_key(index: SnapshotIndex, change: Change, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls that make a key, once in a plan."""
    if not _needs_key(change) or any(_makes_key(index, other) for other in earlier):
        return
    named = {"KeyId": answer(_KEY)}
    make = ApiCall("kms", "CreateKey", {"Description": "etcd's disks"}, {_KEY: "KeyMetadata.Arn"})
    yield make, (ApiCall("kms", "ScheduleKeyDeletion", named | {"PendingWindowInDays": 30}),)
    yield ApiCall("kms", "EnableKeyRotation", named), (ApiCall("kms", "DisableKeyRotation", named),)


def _makes_key(index: SnapshotIndex, change: Change) -> bool:
    """Whether the calls of an earlier change make the key. A change without calls makes none."""
    if change.kind != ENCRYPT or not _needs_key(change):
        return False
    with suppress(NoCallError):
        return bool(_replaceable(index, change))
    return False


def _instance(operation: str, inverse: str, host: str) -> Pair:
    parameters = {"InstanceIds": [host]}
    return ApiCall(EC2, operation, parameters), (ApiCall(EC2, inverse, parameters),)


def _processes(verb: str, inverse: str, pool: str) -> Pair:
    named = {"AutoScalingGroupName": pool, "ScalingProcesses": _PROCESSES}
    return ApiCall(AUTO_SCALING, f"{verb}Processes", named), (ApiCall(AUTO_SCALING, f"{inverse}Processes", named),)


def _closed(index: SnapshotIndex, copy: DiskSnapshot) -> Iterator[Pair]:
    """Yield the calls that stop the sharing of a snapshot, and replace an unencrypted snapshot with a copy."""
    if copy.shared_with:
        about = {"SnapshotId": copy.id, "Attribute": "createVolumePermission"} | _sharers(copy)
        remove, add = (about | {"OperationType": verb} for verb in ("remove", "add"))
        operation = "ModifySnapshotAttribute"
        yield ApiCall(EC2, operation, remove), (ApiCall(EC2, operation, add),)
    if not copy.encrypted:
        name = answer_name("copy", copy.id)
        (region,) = index.snapshot.cluster.regions
        source = {"SourceSnapshotId": copy.id, "SourceRegion": region, "Encrypted": True}
        forget = ApiCall(EC2, "DeleteSnapshot", {"SnapshotId": answer(name)})
        yield ApiCall(EC2, "CopySnapshot", source, {name: "SnapshotId"}), (forget,)
        yield ApiCall(EC2, "DeleteSnapshot", {"SnapshotId": copy.id}), ()


def _sharers(copy: DiskSnapshot) -> dict[str, list[str]]:
    shared = copy.shared_with or ()
    accounts = [account for account in shared if account != EVERYONE]
    everyone = {"GroupNames": [EVERYONE]} if EVERYONE in shared else {}
    return everyone | ({"UserIds": accounts} if accounts else {})


def _image_closed(copy: DiskSnapshot) -> Iterator[Pair]:
    """Yield the calls that stop the sharing of an image.

    Raises NoCallError for an unencrypted image, which the user must build anew: no call does this.
    """
    if not copy.encrypted or not copy.shared_with:
        message = f"the image {copy.id} must be built again"
        raise NoCallError(message)
    accounts = [{"Group": EVERYONE} if account == EVERYONE else {"UserId": account} for account in copy.shared_with]
    remove, add = ({"ImageId": copy.id, "LaunchPermission": {verb: accounts}} for verb in ("Remove", "Add"))
    operation = "ModifyImageAttribute"
    yield ApiCall(EC2, operation, remove), (ApiCall(EC2, operation, add),)
