"""The disks of a machine, or of a scale set's next machine: managed, unmanaged, or on the physical host."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

from cloudguard.provider.answers import Item, child, children, flag, number, text
from cloudguard.values import dataclass
from cloudguard_azure.access.ids import canonical, id_in, word

OS_DEVICE: Final = "OS disk"
_PLAIN: Final = frozenset({"cachedisk", "resourcedisk"})
"""Placements of ephemeral OS disks that only encryption at host encrypts
(https://learn.microsoft.com/azure/virtual-machines/disk-encryption: temporary disks).
"""


class Storage(Enum):
    """Where a disk is stored."""

    MANAGED = "managed"
    """A disk resource, which has the encryption settings."""
    UNMANAGED = "unmanaged"
    """A blob of a storage account."""
    LOCAL = "local"
    """An ephemeral OS disk, on the physical host."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AttachedDisk:
    """A disk of a machine. ``id``: the id of its resource, the address of its blob, or one made from the machine's id.

    ``encryption_set``: the disk encryption set that the machine names; the disk's own resource takes precedence.
    ``placement``: where on the physical host a local disk is ("": not stated).
    """

    id: str
    name: str
    device: str
    storage: Storage
    encryption_set: str
    placement: str = ""


def attached_disks(item: Item) -> tuple[AttachedDisk, ...]:
    """Return the disks of a machine, or of a scale set's profile (which has no ``id``)."""
    profile = child(item, "properties", "storageProfile") or child(item, "storageProfile")
    return tuple(_disk(canonical(text(item, "id")), device, disk) for device, disk in _disk_items(profile))


def has_host_encryption(item: Item) -> bool:
    """Whether the disks of a machine or profile are encrypted on the physical host. This includes local disks."""
    profile = child(item, "properties", "securityProfile") or child(item, "securityProfile")
    return flag(profile, "encryptionAtHost")


def _disk_items(profile: Item) -> Iterator[tuple[str, Item]]:
    if system := child(profile, "osDisk"):
        yield OS_DEVICE, system
    for disk in children(profile, "dataDisks"):
        yield f"LUN {number(disk, 'lun')}", disk


def _disk(machine: str, device: str, item: Item) -> AttachedDisk:
    managed, blob = child(item, "managedDisk"), text(child(item, "vhd"), "uri")
    local = child(item, "diffDiskSettings")
    storage = Storage.UNKNOWN
    if local:
        storage = Storage.LOCAL
    elif blob or item.get("vhdContainers"):
        storage = Storage.UNMANAGED
    elif managed:
        storage = Storage.MANAGED
    disk_id = canonical(text(managed, "id")) if storage is Storage.MANAGED else blob.partition("?")[0]
    name = text(item, "name") or device
    return AttachedDisk(
        disk_id or f"{machine}/{device}",
        name,
        device,
        storage,
        id_in(managed, "diskEncryptionSet"),
        word(local, "placement"),
    )


def is_encrypted(disk: AttachedDisk, owner: Item) -> bool | None:
    """Return whether a disk of a machine, or of a scale set's profile, is encrypted; None if unknown.

    Every managed disk is (https://learn.microsoft.com/azure/virtual-machines/disk-encryption). A local disk is only
    encrypted by encryption at host, except on NVMe, where it depends on the machine's size.
    """
    if disk.storage is Storage.MANAGED:
        return True
    if disk.storage is not Storage.LOCAL:
        return None
    if has_host_encryption(owner):
        return True
    return False if disk.placement in _PLAIN else None
