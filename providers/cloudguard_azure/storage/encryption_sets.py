"""The keys that encrypt disks and copies, as their own resources name them: by disk encryption sets, or inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import AnswerError, Item, child, children, flag, required, text
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_DISK_ENCRYPTION_SETS
from cloudguard_azure.access.ids import canonical, id_in, own_id, word
from cloudguard_azure.storage.keys import KeyReference

_KEYS: Final = (FactKind.KEYS,)
_PLATFORM: Final = "encryptionatrestwithplatformkey"
_CUSTOMER: Final = frozenset({"encryptionatrestwithcustomerkey", "encryptionatrestwithplatformandcustomerkeys"})
"""https://learn.microsoft.com/rest/api/compute/disks/list, EncryptionType. The last value is double encryption."""
KeySets = Mapping[str, KeyReference]
"""The keys of disk encryption sets, by the sets' ids."""


def read_key_sets(api: Api) -> KeySets:
    """Read the keys of all disk encryption sets."""
    call = LIST_DISK_ENCRYPTION_SETS
    return dict(api.listed(call, _key_set, hides=_KEYS))


def _key_set(item: Item) -> tuple[str, KeyReference]:
    """Return a disk encryption set's id and key (https://learn.microsoft.com/rest/api/compute/disk-encryption-sets)."""
    properties = child(item, "properties")
    active = child(properties, "activeKey")
    follows = flag(properties, "rotationToLatestKeyVersionEnabled")
    return own_id(item), KeyReference(required(active, "keyUrl"), id_in(active, "sourceVault"), follows)


def key_of(properties: Item, sets: KeySets) -> KeyReference | None:
    """Return the customer's key that encrypts a disk or snapshot, None for Azure's own.

    Raises AnswerError if it is not stated. If an encryption set was not read, its id stands for the key. Azure Disk
    Encryption encrypts inside the machine, with a key or a secret of the customer's.
    """
    kind, confidential = word(child(properties, "encryption"), "type"), child(properties, "securityProfile")
    named = canonical(text(child(properties, "encryption"), "diskEncryptionSetId"))
    named = named or canonical(text(confidential, "secureVMDiskEncryptionSetId"))
    if kind not in {_PLATFORM, *_CUSTOMER} or (kind in _CUSTOMER and not named):
        message = f"encryption.type is {kind[:60]!r}, and diskEncryptionSetId is {'set' if named else 'missing'}"
        raise AnswerError(message)
    if named:
        return sets.get(named, KeyReference(named, "", follows=False))
    inside = child(properties, "encryptionSettingsCollection")
    return next(_keys_inside(inside), None) if flag(inside, "enabled") else None


def _keys_inside(settings: Item) -> Iterator[KeyReference]:
    for setting in children(settings, "encryptionSettings"):
        for key, address in (("keyEncryptionKey", "keyUrl"), ("diskEncryptionKey", "secretUrl")):
            if named := text(child(setting, key), address):
                yield KeyReference(named, id_in(child(setting, key), "sourceVault"), follows=False)


def key_of_image(storage: Item, sets: KeySets) -> KeyReference | None:
    """Return the customer's key that encrypts all disks of an image, None if one of them has Azure's own.

    https://learn.microsoft.com/rest/api/compute/images/list (ImageDisk, diskEncryptionSet)
    """
    disks = [child(storage, "osDisk"), *children(storage, "dataDisks")]
    named = [id_in(disk, "diskEncryptionSet") for disk in disks if disk]
    return sets.get(named[0], KeyReference(named[0], "", follows=False)) if named and all(named) else None
