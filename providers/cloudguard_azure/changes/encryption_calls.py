"""Calls that encrypt etcd's data with the user's own key, and that stop the sharing of its copies.

https://learn.microsoft.com/azure/virtual-machines/disks-enable-customer-managed-keys-cli,
https://learn.microsoft.com/azure/virtual-machines/linux/disks-enable-host-based-encryption-cli,
https://learn.microsoft.com/azure/aks/use-kms-etcd-encryption,
https://learn.microsoft.com/azure/virtual-machines/disks-restrict-import-export-overview
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias, cast

from cloudguard.model.cluster import Disk, DiskSnapshot
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.calls.cloud_forms import ENCRYPT, Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import answer
from cloudguard.results.change import Change
from cloudguard_azure.access.ids import subscription_of
from cloudguard_azure.changes.calls import act, delete, put, set_in
from cloudguard_azure.changes.key_calls import NewKey
from cloudguard_azure.identity.aks_places import CLUSTER
from cloudguard_azure.storage.copies import HOLDER

Fields: TypeAlias = dict[str, Any]
_CUSTOMER: Final = "EncryptionAtRestWithCustomerKey"
_USES_KEYS: Final = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Key Vault Crypto Service Encryption User."""
_ENCRYPTS: Final = "12338af0-0e69-4776-bea7-57ae8d297424"
"""Key Vault Crypto User (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles)."""
_SET_IDENTITY: Final = "ETCD_DISKS_IDENTITY"
_KMS: Final = "properties.securityProfile.azureKeyVaultKms"
_AT_HOST: Final = "properties.virtualMachineProfile.securityProfile.encryptionAtHost"


def encryption_calls(index: SnapshotIndex, change: Change, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls of a change of encryption, after the ``earlier`` changes; none if no call can make it."""
    name = change.resource.id
    match change.kind:
        case "disk.encrypt":
            yield from _disk(index.snapshot, name, [other.resource.id for other in earlier if other.kind == ENCRYPT])
        case "pool.encrypt":
            yield from _pool(name)
        case "secrets.encrypt":
            yield from _secrets(index.snapshot)
        case "snapshot.remove" | "disk.remove":
            yield from _closed(index.copies.get(name), name)
        case _:
            return


def _disk(snapshot: Snapshot, name: str, earlier: Sequence[str]) -> Iterator[Pair]:
    """Yield the calls that give a disk an encryption set. Its machine is stopped meanwhile, as Azure demands.

    It is a set that another disk of the cluster has, if its key lasts. Otherwise the first disk's calls also make the
    key and the set (``earlier``: ids of the disks before it). The disks of a uniform scale set's members have no call:
    its model decides about them, and a member gets it when it is made again.
    """
    disks = {disk.id: disk for disk in snapshot.cluster.disks if _can_be_set(disk)}
    key = NewKey.of(snapshot, min(disks), "etcd") if disks else None
    if name not in disks or key is None:
        return
    encryption = _present(snapshot, name)
    if encryption is None:
        key_set = f"{key.scope}/providers/Microsoft.Compute/diskEncryptionSets/{key.name}"
        encryption = {"type": _CUSTOMER, "diskEncryptionSetId": key_set}
        yield from _key_set(key, key_set) if disks.keys().isdisjoint(earlier) else ()
    host, (start, stop) = disks[name].host, ("start", "deallocate")
    if host:
        yield act(host, stop), (act(host, start),)
    platforms: Fields = {"type": "EncryptionAtRestWithPlatformKey", "diskEncryptionSetId": None}
    call, undo = (
        set_in(name, {f"properties.encryption.{field}": value for field, value in fields.items()})
        for fields in (encryption, platforms)
    )
    yield call, (undo,)
    if host:
        yield act(host, start), (act(host, stop),)


def _present(snapshot: Snapshot, name: str) -> Fields | None:
    """Return the encryption of a disk whose key lasts, in the subscription of the disk ``name``; None without one."""
    key = snapshot.cluster.own_key
    for disk in snapshot.cluster.disks:
        encryption = cast("Fields", json.loads(disk.copy_fields or "{}").get("encryption"))
        if (
            encryption
            and disk.key == key
            and subscription_of(encryption["diskEncryptionSetId"]) == subscription_of(name)
        ):
            return encryption
    return None


def _can_be_set(disk: Disk) -> bool:
    return "/providers/microsoft.compute/disks/" in disk.id and "/virtualmachinescalesets/" not in disk.host


def _key_set(key: NewKey, key_set: str) -> Iterator[Pair]:
    """Yield the calls that make a disk encryption set which may use the key, and follows its newest version."""
    yield from key.creation(rotates=True)
    properties = {
        "activeKey": {"keyUrl": key.address, "sourceVault": {"id": key.vault}},
        "encryptionType": _CUSTOMER,
        "rotationToLatestKeyVersionEnabled": True,
    }
    body = {"location": key.location, "identity": {"type": "SystemAssigned"}, "properties": properties}
    yield put(key_set, body, {_SET_IDENTITY: "identity.principalId"}), (delete(key_set),)
    yield key.opened_to(answer(_SET_IDENTITY), _USES_KEYS)


def _pool(scale_set: str) -> Iterator[Pair]:
    """Yield the call that encrypts, on the physical host, all disks of a scale set's next members."""
    if "/virtualmachinescalesets/" in scale_set:
        yield set_in(scale_set, {_AT_HOST: True}), (set_in(scale_set, {_AT_HOST: False}),)


def _secrets(snapshot: Snapshot) -> Iterator[Pair]:
    """Yield the calls that encrypt the Secrets of an AKS cluster with a new key. Each Secret must be written again.

    AKS does not follow a key's newest version.
    """
    cluster = dict(snapshot.cluster.traits).get(CLUSTER, "")
    principals = [identity.unique_id for identity in snapshot.identities.identities if "cluster" in identity.roles]
    key = NewKey.of(snapshot, cluster, "secrets")
    if not cluster or len(principals) != 1 or not principals[0] or key is None:
        return
    yield from key.creation(rotates=False)
    yield key.opened_to(principals[0], _ENCRYPTS)
    on = {"enabled": True, "keyId": key.address, "keyVaultNetworkAccess": "Public"}
    yield set_in(cluster, {_KMS: on}), (set_in(cluster, {_KMS: {"enabled": False}}),)


def _closed(copy: DiskSnapshot | None, name: str) -> Iterator[Pair]:
    """Yield the calls that end the shared link to a disk or snapshot, and forbid new ones.

    None if machines of others share the disk: a person must detach it from them.
    """
    if copy is not None and {*(copy.shared_with or ())} - {HOLDER}:
        return
    path, public = "properties.networkAccessPolicy", "properties.publicNetworkAccess"
    yield act(name, "endGetAccess"), ()
    call, undo = (
        set_in(name, {path: policy, public: access})
        for policy, access in (("DenyAll", "Disabled"), ("AllowAll", "Enabled"))
    )
    yield call, (undo,)
