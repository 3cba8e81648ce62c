"""Calls that replace a disk of etcd by a copy with the user's own key.

The key of a disk is chosen when the disk is made (https://cloud.google.com/compute/docs/disks/customer-managed-encryption,
https://cloud.google.com/kms/docs/create-key).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, cast

from cloudguard.model.cluster import Disk
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.calls.cloud_forms import ENCRYPT, Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Change
from cloudguard_gcp.access.links import last, part_of
from cloudguard_gcp.cluster.disks import PROJECT_NUMBER
from cloudguard_gcp.cluster.keys import CUSTOMER_SUPPLIED, VERSION

COMPUTE: Final = "compute.googleapis.com"
KMS: Final = "cloudkms.googleapis.com"
_KEYS: Final = "cloudkms.projects.locations.keyRings"
_ENCRYPTS: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_PERIOD: Final = timedelta(days=90)
_LONGEST_NAME: Final = 63


def disk_calls(index: SnapshotIndex, change: Change, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls that replace a zonal disk by a copy with another key. Its host is stopped meanwhile.

    A group that manages the host would start or replace it, so the disks of such hosts have no call. The key is that of
    another disk of the cluster, if it lasts. Otherwise the first of the changes ``earlier`` and ``change`` makes one.
    """
    snapshot = index.snapshot
    disk, number = _replaceable(index, change), dict(snapshot.cluster.traits).get(PROJECT_NUMBER, "")
    if disk is None:
        return
    present, new = _present_key(snapshot, disk), _new_key(snapshot, disk)
    others = (_replaceable(index, other) for other in earlier)
    exists = bool(present) or any(other and _new_key(snapshot, other) == new for other in others)
    if exists or number:
        yield from () if exists else _key_made(snapshot, new, number)
        yield from _copied(disk, present or new)


def _replaceable(index: SnapshotIndex, change: Change) -> Disk | None:
    """Return the disk that a change replaces, None if no calls can do so."""
    disk = index.disks.get(change.resource.id)
    if change.kind != ENCRYPT or disk is None or not disk.copy_fields or not part_of(disk.id, "zones"):
        return None
    host = index.hosts.get(disk.host)
    return disk if not disk.host or (host and not host.pool) else None


def _present_key(snapshot: Snapshot, disk: Disk) -> str:
    """Return the key of another disk, without its version, if it lasts and is of a place that a disk's region may use.

    "" if there is none (https://cloud.google.com/compute/docs/disks/customer-managed-encryption#before_you_begin).
    """
    key = snapshot.cluster.own_key.partition(VERSION)[0]
    here = part_of(key, "locations") in {part_of(disk.id, "zones").rpartition("-")[0], "global"}
    return key if here and not key.startswith(CUSTOMER_SUPPLIED) else ""


def _new_key(snapshot: Snapshot, disk: Disk) -> str:
    """Return the name of the key that the plan makes in a disk's region."""
    region = part_of(disk.id, "zones").rpartition("-")[0]
    name = sha256(f"{snapshot.cluster.account}\0{snapshot.cluster.name}\0{snapshot.finished}".encode()).hexdigest()[:8]
    ring = f"projects/{part_of(disk.id, 'projects')}/locations/{region}/keyRings/etcd-{name}"
    return f"{ring}/cryptoKeys/etcd"


def _key_made(snapshot: Snapshot, key: str, number: str) -> Iterator[Pair]:
    """Yield the calls that make a key, which rotates every 90 days, and let Compute Engine use it.

    No call deletes a key ring or a key.
    """
    ring = key.rpartition("/cryptoKeys/")[0]
    location = ring.rpartition("/keyRings/")[0]
    yield ApiCall(KMS, f"{_KEYS}.create", {"parent": location, "keyRingId": last(ring), "body": {}}), ()
    body = {
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": f"{int(_PERIOD.total_seconds())}s",
        "nextRotationTime": (datetime.fromisoformat(snapshot.finished) + _PERIOD).isoformat(timespec="seconds"),
    }
    yield ApiCall(KMS, f"{_KEYS}.cryptoKeys.create", {"parent": ring, "cryptoKeyId": last(key), "body": body}), ()
    binding = {"role": _ENCRYPTS, "member": f"serviceAccount:service-{number}@compute-system.iam.gserviceaccount.com"}
    bind, undo = (
        ApiCall(KMS, f"{_KEYS}.cryptoKeys.setIamPolicy", {"resource": key, verb: [binding]})
        for verb in ("add", "remove")
    )
    yield bind, (undo,)


def _copied(disk: Disk, key: str) -> Iterator[Pair]:
    """Yield the calls that make a copy of a disk with a key, put it in the disk's place, and delete the disk last."""
    fields = cast("dict[str, dict[str, Any]]", json.loads(disk.copy_fields))
    place = {"project": part_of(disk.id, "projects"), "zone": part_of(disk.id, "zones")}
    short = sha256(disk.id.encode()).hexdigest()[:8]
    copy = f"{disk.name[: _LONGEST_NAME - len(short) - 1]}-{short}"
    host = {**place, "instance": last(disk.host)}
    stop, start = (ApiCall(COMPUTE, f"compute.instances.{verb}", host) for verb in ("stop", "start"))
    if disk.host:
        yield stop, (start,)
    forget = ApiCall(COMPUTE, "compute.snapshots.delete", {"project": place["project"], "snapshot": copy})
    taken = {**place, "disk": disk.name, "body": {"name": copy}}
    yield ApiCall(COMPUTE, "compute.disks.createSnapshot", taken), (forget,)
    body = {
        **fields["disk"],
        "name": copy,
        "sourceSnapshot": f"projects/{place['project']}/global/snapshots/{copy}",
        "diskEncryptionKey": {"kmsKeyName": key},
    }
    drop = ApiCall(COMPUTE, "compute.disks.delete", {**place, "disk": copy})
    yield ApiCall(COMPUTE, "compute.disks.insert", {**place, "body": body}), (drop,)
    if disk.host:
        device = fields["attached"]["deviceName"]
        detach = ApiCall(COMPUTE, "compute.instances.detachDisk", {**host, "deviceName": device})
        old, new = (_attached(host, f"{disk.id.rpartition('/')[0]}/{name}", fields) for name in (disk.name, copy))
        yield from ((detach, (old,)), (new, (detach,)))
        if fields["attached"].get("autoDelete"):
            on, off = (
                ApiCall(
                    COMPUTE, "compute.instances.setDiskAutoDelete", {**host, "deviceName": device, "autoDelete": value}
                )
                for value in (True, False)
            )
            yield on, (off,)
        yield start, (stop,)
    yield forget, ()
    yield ApiCall(COMPUTE, "compute.disks.delete", {**place, "disk": disk.name}), ()


def _attached(host: dict[str, str], source: str, fields: dict[str, dict[str, Any]]) -> ApiCall:
    body = {"source": source, **{key: value for key, value in fields["attached"].items() if key != "autoDelete"}}
    return ApiCall(COMPUTE, "compute.instances.attachDisk", {**host, "body": body})
