"""The disks of the hosts that may hold etcd, their keys, and the snapshots of those that do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Final

from cloudguard.model.cluster import (
    Disk,
    DiskSnapshot,
    EvidenceKind,
    Host,
    Key,
    KeyManager,
    KeyState,
    RoleEvidence,
    Strength,
)
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import NOTHING, Item, flag, parts, required, text
from cloudguard.provider.etcd_disks import hosts_with_etcd, is_named_for_etcd, with_snapshots, worth_copying
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.tags import tags_of

_DISKS: Final = (FactKind.DISKS,)
_LEADS: Final = (FactKind.DISKS, FactKind.ETCD_CLUSTERS, FactKind.IDENTITIES)
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
    concerned = [host.id for host in hosts_with_etcd(hosts)]
    attached, tagged = api.two(
        partial(api.matching, calls.DESCRIBE_VOLUMES, "attachment.instance-id", concerned, hides=_LEADS),
        partial(_tagged, api, cluster, concerned),
    )
    found = api.mapped(
        calls.DESCRIBE_VOLUMES, (*tagged, *attached), lambda one: _disk(api, one, cluster, concerned), hides=_LEADS
    )
    disks = sorted({disk.id: disk for disk in found}.values(), key=lambda disk: disk.id)
    snapshots, keys = api.two(
        partial(_snapshots, api, worth_copying(disks, concerned)),
        partial(read_keys, api, [disk.key for disk in disks]),
    )
    return with_snapshots(disks, snapshots), keys


def _tagged(api: Api, cluster: str, hosts: list[str]) -> list[Item]:
    """Read etcd volumes by kops' tags: one that waits for its host holds etcd all the same."""
    if not hosts:
        return []  # the provider runs the control plane, or nothing is known of it
    tags = [
        {"Name": "tag-key", "Values": [f"{ETCD_TAG}*"]},
        {"Name": f"tag:kubernetes.io/cluster/{cluster}", "Values": ["owned", "shared"]},
    ]
    return api.read(calls.DESCRIBE_VOLUMES, hides=_LEADS, Filters=tags)


def _disk(api: Api, item: Item, cluster: str, hosts: Collection[str]) -> Disk:
    attachments = [one for one in parts(item, "Attachments") if text(one, "InstanceId")]
    attachments.sort(key=lambda one: text(one, "InstanceId") not in hosts)
    where = attachments[0] if attachments else NOTHING
    name, tags = required(item, "VolumeId"), tags_of(item)
    return Disk(
        id=name,
        name=tags.get("Name", ""),
        host=text(where, "InstanceId"),
        device=text(where, "Device"),
        encrypted=flag(item, "Encrypted"),
        key=text(item, "KmsKeyId"),
        source=api.source(calls.DESCRIBE_VOLUMES, name),
        etcd_evidence=etcd_evidence(tags, cluster),
        etcd_cluster=next((key.removeprefix(ETCD_TAG) for key in sorted(tags) if key.startswith(ETCD_TAG)), ""),
    )


def etcd_evidence(tags: Mapping[str, str], cluster: str) -> RoleEvidence | None:
    """Return the tag that says that a disk holds etcd, None if none does. A cluster's own name is no evidence."""
    for key, value in sorted(tags.items()):
        if key.startswith(ETCD_TAG):
            return RoleEvidence(EvidenceKind.INSTALLER, f"tag {key}={value}")
    named = (key for key in _NAMING_TAGS if is_named_for_etcd(tags.get(key, ""), cluster))
    return next((RoleEvidence(EvidenceKind.NAME, f"tag {key}={tags[key]}", Strength.WEAK) for key in named), None)


def _snapshots(api: Api, volumes: frozenset[str]) -> list[DiskSnapshot]:
    call = calls.DESCRIBE_SNAPSHOTS
    listed = api.matching(call, "volume-id", volumes, hides=_DISKS, OwnerIds=["self"])
    triples = api.mapped(
        call,
        listed,
        lambda one: (required(one, "SnapshotId"), required(one, "VolumeId"), flag(one, "Encrypted")),
        hides=_DISKS,
    )
    return api.gather(*(partial(_snapshot, api, *triple) for triple in triples if triple[1] in volumes))


def _snapshot(api: Api, name: str, volume: str, encrypted: bool) -> DiskSnapshot:  # noqa: FBT001 - as listed
    call = calls.DESCRIBE_SNAPSHOT_ATTRIBUTE
    listed = api.read_or_none(call, hides=_DISKS, about=name, SnapshotId=name, Attribute="createVolumePermission")
    shares = api.mapped(call, listed or (), lambda one: text(one, "UserId") or required(one, "Group"), hides=_DISKS)
    shared = None if listed is None or len(shares) < len(listed) else tuple(sorted(shares))
    return DiskSnapshot(name, volume, encrypted, shared, api.source(calls.DESCRIBE_SNAPSHOTS, name))


def read_keys(api: Api, names: Iterable[str]) -> tuple[Key, ...]:
    """Read keys by ARN, id or alias; one that can't be read leaves a gap and is left out."""
    wanted = sorted({name for name in names if name})
    return tuple(key for found in api.gather(*(partial(_key, api, name) for name in wanted)) for key in found)


def _key(api: Api, name: str) -> tuple[Key, ...]:
    items = api.read(calls.DESCRIBE_KEY, hides=_KEYS, about=name, KeyId=name)
    return api.mapped(calls.DESCRIBE_KEY, items, lambda one: _described_key(api, name, one), hides=_KEYS)


def _described_key(api: Api, name: str, item: Item) -> Key:
    manager = KeyManager.PROVIDER if text(item, "KeyManager") == "AWS" else KeyManager.CUSTOMER
    state = _STATES.get(text(item, "KeyState"), KeyState.UNKNOWN)
    rotates = _rotates(api, item) if manager is KeyManager.CUSTOMER and state is KeyState.ENABLED else None
    return Key(name, manager, state, api.source(calls.DESCRIBE_KEY, name), rotates)


def _rotates(api: Api, key: Item) -> bool | None:
    """Return whether KMS rotates a key by itself; None for imported material and custom stores, where it can't.

    https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    """
    if text(key, "Origin") != "AWS_KMS":
        return None
    call = calls.GET_KEY_ROTATION_STATUS
    found = api.read(call, hides=_KEYS, about=required(key, "KeyId"), KeyId=required(key, "Arn"))
    rotates = api.mapped(call, found, lambda one: flag(one, "KeyRotationEnabled"), hides=_KEYS)
    return rotates[0] if rotates else None
