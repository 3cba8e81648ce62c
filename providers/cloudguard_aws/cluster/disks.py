"""The disks of the hosts that may hold etcd, their keys, and the snapshots of those that do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import Disk, DiskSnapshot, Host, Key, KeyManager, KeyState, Role
from cloudguard.model.source import FactKind
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.rules import Item, name_of, tags_of

_DISKS: Final = (FactKind.DISKS,)
_LEADS: Final = (FactKind.DISKS, FactKind.IDENTITIES)
"""Disks lead to their keys, and keys to the policies that let identities use them."""
_KEYS: Final = (FactKind.KEYS, FactKind.IDENTITIES)
ETCD_TAG: Final = "k8s.io/etcd/"
"""kops: "k8s.io/etcd/main" = "a/a,b,c" (kubernetes/kops pkg/model/master_volumes.go)."""
_NAMING_TAGS: Final = ("Name", "kubernetes.io/created-for/pvc/name")
_STATES: Final = {
    "Enabled": KeyState.ENABLED,
    "Disabled": KeyState.DISABLED,
    "PendingDeletion": KeyState.PENDING_DELETION,
    "PendingReplicaDeletion": KeyState.PENDING_DELETION,
    "Unavailable": KeyState.UNAVAILABLE,
    "PendingImport": KeyState.UNAVAILABLE,
}
"""KeyState: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""


def read_disks(api: Api, *, cluster: str, hosts: tuple[Host, ...]) -> tuple[tuple[Disk, ...], tuple[Key, ...]]:
    """Read the disks of control-plane and etcd hosts, etcd's own even where detached, and their keys."""
    concerned = [host.id for host in hosts if {Role.CONTROL_PLANE, Role.ETCD}.intersection(host.roles)]
    attached, tagged = api.two(
        partial(api.matching, calls.DESCRIBE_VOLUMES, "attachment.instance-id", concerned, hides=_LEADS),
        partial(_tagged, api, cluster, concerned),
    )
    items = {str(item["VolumeId"]): item for item in (*tagged, *attached)}
    disks = [_disk(api, item, cluster, concerned) for _, item in sorted(items.items())]
    snapshots, keys = api.two(
        partial(_snapshots, api, _worth_copying(disks, concerned)),
        partial(read_keys, api, [disk.key for disk in disks]),
    )
    return tuple(replace(disk, snapshots=snapshots.get(disk.id, ())) for disk in disks), keys


def _tagged(api: Api, cluster: str, hosts: list[str]) -> Sequence[Item]:
    """Read etcd volumes by kops' tags: one that waits for its host holds etcd all the same."""
    if not hosts:
        return []  # the provider runs the control plane, or nothing is known of it
    tags = [
        {"Name": "tag-key", "Values": [f"{ETCD_TAG}*"]},
        {"Name": f"tag:kubernetes.io/cluster/{cluster}", "Values": ["owned", "shared"]},
    ]
    return api.read(calls.DESCRIBE_VOLUMES, hides=_LEADS, Filters=tags)


def _disk(api: Api, item: Item, cluster: str, hosts: Collection[str]) -> Disk:
    attachments = [one for one in item.get("Attachments", ()) if one.get("InstanceId")]
    attachments.sort(key=lambda one: one["InstanceId"] not in hosts)
    where: Item = attachments[0] if attachments else {}
    return Disk(
        id=item["VolumeId"],
        name=name_of(item),
        host=where.get("InstanceId", ""),
        device=where.get("Device", ""),
        encrypted=bool(item.get("Encrypted")),
        key=item.get("KmsKeyId") or "",
        source=api.source(calls.DESCRIBE_VOLUMES, item["VolumeId"]),
        holds_etcd=etcd_evidence(tags_of(item), cluster),
    )


def etcd_evidence(tags: Mapping[str, str], cluster: str) -> str:
    """Return the tag that says a disk holds etcd, "" if none does. A cluster's own name is no evidence."""
    for key, value in sorted(tags.items()):
        if key.startswith(ETCD_TAG):
            return f"tag {key}={value}"
    for key in _NAMING_TAGS:
        if "etcd" in tags.get(key, "").replace(cluster or "\0", "").lower():
            return f"tag {key}={tags[key]}"
    return ""


def _worth_copying(disks: Iterable[Disk], hosts: Iterable[str]) -> list[str]:
    """Return the disks whose snapshots matter: etcd's, and all of a host on which none is known to be etcd's."""
    listed = list(disks)
    known = {disk.host for disk in listed if disk.holds_etcd}
    unclear = set(hosts) - known
    return [disk.id for disk in listed if disk.holds_etcd or disk.host in unclear]


def _snapshots(api: Api, volumes: list[str]) -> dict[str, tuple[DiskSnapshot, ...]]:
    listed = api.matching(calls.DESCRIBE_SNAPSHOTS, "volume-id", volumes, hides=_DISKS, OwnerIds=["self"])
    items = [item for item in listed if item["VolumeId"] in set(volumes)]
    found: dict[str, tuple[DiskSnapshot, ...]] = {}
    for one in api.gather(*(partial(_snapshot, api, item) for item in items)):
        found[one.disk] = (*found.get(one.disk, ()), one)
    return {disk: tuple(sorted(those, key=lambda one: one.id)) for disk, those in found.items()}


def _snapshot(api: Api, item: Item) -> DiskSnapshot:
    name = str(item["SnapshotId"])
    call = calls.DESCRIBE_SNAPSHOT_ATTRIBUTE
    shares = api.read_or_none(call, hides=_DISKS, about=name, SnapshotId=name, Attribute="createVolumePermission")
    shared = None if shares is None else tuple(sorted(str(one.get("UserId") or one.get("Group")) for one in shares))
    source = api.source(calls.DESCRIBE_SNAPSHOTS, name)
    return DiskSnapshot(name, str(item["VolumeId"]), bool(item.get("Encrypted")), shared, source)


def read_keys(api: Api, names: Iterable[str]) -> tuple[Key, ...]:
    """Read keys by ARN, id or alias; one that can't be read leaves a gap and is left out."""
    wanted = sorted({name for name in names if name})
    found = api.gather(*(partial(_key, api, name) for name in wanted))
    return tuple(key for key in found if key is not None)


def _key(api: Api, name: str) -> Key | None:
    items = api.read(calls.DESCRIBE_KEY, hides=_KEYS, about=name, KeyId=name)
    if not items:
        return None
    manager = KeyManager.PROVIDER if items[0].get("KeyManager") == "AWS" else KeyManager.CUSTOMER
    state = _STATES.get(str(items[0].get("KeyState")), KeyState.UNKNOWN)
    rotates = _rotates(api, items[0]) if manager is KeyManager.CUSTOMER and state is KeyState.ENABLED else None
    return Key(name, manager, state, api.source(calls.DESCRIBE_KEY, name), rotates)


def _rotates(api: Api, key: Item) -> bool | None:
    """Return whether KMS rotates a key by itself; None for imported material and custom stores, where it can't.

    https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    """
    if key.get("Origin") != "AWS_KMS":
        return None
    name = str(key["KeyId"])
    found = api.read_or_none(calls.GET_KEY_ROTATION_STATUS, hides=_KEYS, about=name, KeyId=str(key["Arn"]))
    return bool(found[0].get("KeyRotationEnabled")) if found else None
