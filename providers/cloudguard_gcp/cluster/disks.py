"""The disks of the hosts that may hold etcd, their keys, and the snapshots of those that do.

Compute encrypts every disk and snapshot (https://cloud.google.com/compute/docs/disks/disk-encryption); whose key it is
differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from cloudguard.provider.answers import Item, part, parts, text, text_map, texts
from cloudguard.provider.etcd_disks import hosts_with_etcd, is_named_for_etcd, with_snapshots, worth_copying
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import (
    GET_CRYPTO_KEY,
    GET_CRYPTO_KEY_VERSION,
    GET_SNAPSHOT_POLICY,
    LIST_DISKS,
    LIST_SNAPSHOTS,
)
from cloudguard_gcp.access.links import last, link_in, required_link
from cloudguard_gcp.cluster.installer_labels import safe

_DISKS: Final = (FactKind.DISKS,)
_KEYS: Final = (FactKind.KEYS,)
_LEADS: Final = (FactKind.DISKS, FactKind.ETCD_CLUSTERS)
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
    concerned = hosts_with_etcd(hosts)
    if not concerned:
        return (), ()  # the provider runs the control plane, or nothing is known of it
    attached = {disk: host.id for host in concerned for disk in host.disks}
    listed = api.read(LIST_DISKS, hides=_LEADS, project=project)
    found = api.mapped(LIST_DISKS, listed, lambda item: _disk(api, item, cluster, attached), hides=_LEADS)
    disks = sorted(filter(None, found), key=lambda disk: disk.id)
    snapshots, keys = api.two(
        partial(_snapshots, api, project, worth_copying(disks, (host.id for host in concerned))),
        partial(read_keys, api, [disk.key for disk in disks]),
    )
    return with_snapshots(disks, snapshots), keys


def _disk(api: Api, item: Item, cluster: str, attached: Mapping[str, str]) -> Disk | None:
    """Return a disk that is on one of the hosts, or etcd's by its labels; None for any other."""
    name, labels = required_link(item), text_map(item, "labels")
    etcd = min((key for key in labels if key.startswith(_ETCD)), default="")
    if name not in attached and not (etcd and labels.get(_CLUSTER) == safe(cluster)):
        return None
    evidence = RoleEvidence(EvidenceKind.INSTALLER, f"label {etcd}={labels[etcd]}") if etcd else None
    if not etcd and is_named_for_etcd(last(name), cluster):
        evidence = RoleEvidence(EvidenceKind.NAME, f"name {last(name)}", Strength.WEAK)
    return Disk(
        id=name,
        name=last(name),
        host=attached.get(name, ""),
        device=last(name),
        encrypted=True,
        key=key_of(part(item, "diskEncryptionKey")),
        source=api.source(LIST_DISKS, name),
        etcd_evidence=evidence,
        etcd_cluster=etcd.removeprefix(_ETCD),
    )


def key_of(encryption: Item) -> str:
    """Return the key of an encryption as the cloud has it: "" for Google's own."""
    digest = text(encryption, "sha256")
    own = f"{CUSTOMER_SUPPLIED}{digest}" if digest or encryption.get("rawKey") else ""
    return text(encryption, "kmsKeyName") or own


def _snapshots(api: Api, project: str, disks: frozenset[str]) -> list[DiskSnapshot]:
    listed = api.read(LIST_SNAPSHOTS, hides=_DISKS, project=project) if disks else []
    found = api.mapped(LIST_SNAPSHOTS, listed, _copy, hides=_DISKS)
    return api.gather(*(partial(_snapshot, api, project, name, disk) for name, disk in found if disk in disks))


def _copy(item: Item) -> tuple[str, str]:
    """Return the link of a snapshot, and of the disk that it is of."""
    return required_link(item), link_in(item, "sourceDisk")


def _snapshot(api: Api, project: str, name: str, disk: str) -> DiskSnapshot:
    """Return a snapshot with whom its own policy names: it is not shared by that of its project."""
    call, about = GET_SNAPSHOT_POLICY, last(name)
    policy = api.read_or_none(call, hides=_DISKS, about=about, project=project, resource=about)
    found = api.mapped(call, policy or (), _members, hides=_DISKS, about=about)
    known = policy is not None and len(found) == len(policy)
    members = tuple(sorted({member for listed in found for member in listed})) if known else None
    return DiskSnapshot(name, disk, encrypted=True, shared_with=members, source=api.source(LIST_SNAPSHOTS, about))


def _members(policy: Item) -> list[str]:
    return [member for binding in parts(policy, "bindings") for member in texts(binding, "members")]


def read_keys(api: Api, names: Iterable[str]) -> tuple[Key, ...]:
    """Read keys; one that can't be read leaves a gap and is left out."""
    wanted = sorted({name for name in names if name})
    return tuple(filter(None, api.gather(*(partial(_key, api, name) for name in wanted))))


def _key(api: Api, name: str) -> Key | None:
    """Return a key with the state of the version that is used: the one named, else its primary one."""
    if name.startswith(CUSTOMER_SUPPLIED):
        return Key(name, KeyManager.CUSTOMER, KeyState.ENABLED, api.source(LIST_DISKS))
    whole, version, _ = name.partition(_VERSION)
    read = partial(api.read, hides=_KEYS, about=name)
    keys = read(GET_CRYPTO_KEY, key=whole)
    if version:
        call = GET_CRYPTO_KEY_VERSION
        states = api.mapped(call, read(call, key=name), _state, hides=_KEYS, about=name)
    else:
        call, states = GET_CRYPTO_KEY, api.mapped(GET_CRYPTO_KEY, keys, _primary_state, hides=_KEYS, about=name)
    if not states:
        return None
    return Key(
        name, KeyManager.CUSTOMER, states[0], api.source(call, name), "rotationPeriod" in keys[0] if keys else None
    )


def _primary_state(key: Item) -> KeyState:
    return _state(part(key, "primary"))


def _state(version: Item) -> KeyState:
    return _STATES.get(text(version, "state"), KeyState.UNKNOWN)
