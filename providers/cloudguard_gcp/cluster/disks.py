"""The disks of the hosts that may hold etcd, their keys, and the snapshots of those that do.

Compute encrypts every disk and snapshot (https://cloud.google.com/compute/docs/disks/disk-encryption); whose key it is
differs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
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
    Role,
    RoleEvidence,
    Strength,
)
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import (
    GET_CRYPTO_KEY,
    GET_CRYPTO_KEY_VERSION,
    GET_SNAPSHOT_POLICY,
    LIST_DISKS,
    LIST_SNAPSHOTS,
)
from cloudguard_gcp.access.links import last, short
from cloudguard_gcp.cluster.find import whole
from cloudguard_gcp.cluster.installer_labels import labels_of, safe

_DISKS: Final = (FactKind.DISKS,)
_ETCD: Final = "k8s-io-etcd-"
"""kops: "k8s-io-etcd-main" (kubernetes/kops pkg/model/master_volumes.go)."""
_CLUSTER: Final = "k8s-io-cluster-name"
_VERSION: Final = "/cryptoKeyVersions/"
CUSTOMER_SUPPLIED: Final = "customer-supplied:"
"""A key that only its owner keeps, told by its hash
(https://cloud.google.com/compute/docs/disks/customer-supplied-encryption)."""
_STATES: Final = {
    "ENABLED": KeyState.ENABLED,
    "DISABLED": KeyState.DISABLED,
    "DESTROY_SCHEDULED": KeyState.PENDING_DELETION,
    "DESTROYED": KeyState.PENDING_DELETION,
    "PENDING_GENERATION": KeyState.UNAVAILABLE,
    "PENDING_IMPORT": KeyState.UNAVAILABLE,
}
"""https://cloud.google.com/kms/docs/reference/rest/v1/CryptoKeyVersionState"""


def read_disks(
    api: Api, *, project: str, cluster: str, hosts: tuple[Host, ...]
) -> tuple[tuple[Disk, ...], tuple[Key, ...]]:
    """Read the disks of control-plane and etcd hosts, etcd's own even where detached, and their keys."""
    concerned = {host.id for host in hosts if {Role.CONTROL_PLANE, Role.ETCD}.intersection(host.roles)}
    if not concerned:
        return (), ()  # the provider runs the control plane, or nothing is known of it
    items = api.read(LIST_DISKS, hides=(*_DISKS, FactKind.ETCD_CLUSTERS), project=project)
    attached = {disk: host.id for host in hosts if host.id in concerned for disk in host.disks}
    disks = [
        _disk(api, item, attached.get(short(str(item["selfLink"])), ""))
        for item in items
        if short(str(item["selfLink"])) in attached or _waits(item, cluster)
    ]
    disks.sort(key=lambda one: one.id)
    worth = _worth_copying(disks, concerned)
    snapshots, keys = _snapshots(api, project, worth), read_keys(api, [disk.key for disk in disks])
    return tuple(replace(disk, snapshots=snapshots.get(disk.id, ())) for disk in disks), keys


def _waits(item: Item, cluster: str) -> bool:
    """Whether it is one of the cluster's etcd disks, on a host or not."""
    labels = labels_of(item)
    return any(key.startswith(_ETCD) for key in labels) and labels.get(_CLUSTER) == safe(cluster)


def _disk(api: Api, item: Item, host: str) -> Disk:
    name = short(str(item["selfLink"]))
    return Disk(
        id=name,
        name=str(item.get("name", "")),
        host=host,
        device=last(name),
        encrypted=True,
        key=key_of(whole(item, "diskEncryptionKey")),
        source=api.source(LIST_DISKS, name),
        etcd_evidence=_etcd_evidence(item),
        etcd_cluster=next((key.removeprefix(_ETCD) for key in sorted(labels_of(item)) if key.startswith(_ETCD)), ""),
    )


def key_of(encryption: Item) -> str:
    """Return the key of an encryption as the cloud has it: "" for Google's own."""
    if encryption.get("kmsKeyName"):
        return str(encryption["kmsKeyName"])
    digest = encryption.get("sha256") or ""
    return f"{CUSTOMER_SUPPLIED}{digest}" if digest or encryption.get("rawKey") else ""


def _etcd_evidence(item: Item) -> RoleEvidence | None:
    """Return what shows that a disk holds etcd, None if nothing does."""
    for key, value in sorted(labels_of(item).items()):
        if key.startswith(_ETCD):
            return RoleEvidence(EvidenceKind.INSTALLER, f"label {key}={value}")
    name = str(item.get("name", ""))
    return RoleEvidence(EvidenceKind.NAME, f"name {name}", Strength.WEAK) if "etcd" in name.split("-") else None


def _worth_copying(disks: Iterable[Disk], hosts: Collection[str]) -> frozenset[str]:
    """Return the disks whose snapshots matter: etcd's, and all of a host on which none is known to be etcd's."""
    listed = list(disks)
    unclear = set(hosts) - {disk.host for disk in listed if disk.holds_etcd}
    return frozenset(disk.id for disk in listed if disk.holds_etcd or disk.host in unclear)


def _snapshots(api: Api, project: str, disks: Collection[str]) -> dict[str, tuple[DiskSnapshot, ...]]:
    items = api.read(LIST_SNAPSHOTS, hides=_DISKS, project=project) if disks else []
    mine = [one for one in items if short(str(one.get("sourceDisk", ""))) in disks]
    found: dict[str, tuple[DiskSnapshot, ...]] = {}
    for one in api.gather(*(partial(_snapshot, api, project, item) for item in mine)):
        found[one.disk] = (*found.get(one.disk, ()), one)
    return {disk: tuple(sorted(those, key=lambda one: one.id)) for disk, those in found.items()}


def _snapshot(api: Api, project: str, item: Item) -> DiskSnapshot:
    """Return a snapshot with whom its own policy names: it is not shared by that of its project."""
    name = str(item["name"])
    policy = api.read_or_none(GET_SNAPSHOT_POLICY, hides=_DISKS, about=name, project=project, resource=name)
    members = {str(one) for part in policy or () for bound in part.get("bindings", ()) for one in bound["members"]}
    return DiskSnapshot(
        id=short(str(item["selfLink"])),
        disk=short(str(item["sourceDisk"])),
        encrypted=True,
        shared_with=None if policy is None else tuple(sorted(members)),
        source=api.source(LIST_SNAPSHOTS, name),
    )


def read_keys(api: Api, names: Iterable[str]) -> tuple[Key, ...]:
    """Read keys; one that can't be read leaves a gap and is left out."""
    wanted = sorted({name for name in names if name})
    found = api.gather(*(partial(_key, api, name) for name in wanted))
    return tuple(key for key in found if key is not None)


def _key(api: Api, name: str) -> Key | None:
    """Return a key with the state of the version that is used: the one named, else its primary one."""
    if name.startswith(CUSTOMER_SUPPLIED):
        return Key(name, KeyManager.CUSTOMER, KeyState.ENABLED, api.source(LIST_DISKS))
    whose, version, _ = name.partition(_VERSION)
    read = partial(api.read_or_none, hides=(FactKind.KEYS,), about=name)
    key = read(GET_CRYPTO_KEY, key=whose)
    used = read(GET_CRYPTO_KEY_VERSION, key=name) if version else [whole(one, "primary") for one in key or ()]
    if not used:
        return None
    call = GET_CRYPTO_KEY_VERSION if version else GET_CRYPTO_KEY
    state = _STATES.get(str(used[0].get("state")), KeyState.UNKNOWN)
    return Key(name, KeyManager.CUSTOMER, state, api.source(call, name), "rotationPeriod" in key[0] if key else None)
