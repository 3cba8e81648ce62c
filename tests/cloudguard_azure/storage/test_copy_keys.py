"""The keys that encrypt snapshots and images, as their own resources name them."""

from __future__ import annotations

from typing import Any

import pytest

from azure_answers import Answers, arm_id, resource
from cloudguard.provider.answers import Item
from cloudguard_azure.access.calls import LIST_DISKS, LIST_IMAGES, LIST_SNAPSHOTS, Call
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.storage.copies import CopyFacts, read_copies
from cloudguard_azure.storage.keys import KeyReference

DISK = arm_id("group", "Microsoft.Compute/disks", "cp-os")
DES = arm_id("keys", "Microsoft.Compute/diskEncryptionSets", "etcd")
URL = "https://acme.vault.azure.net/keys/etcd/0123abcd"
PLATFORM = {"type": "EncryptionAtRestWithPlatformKey"}
SETTING = {"diskEncryptionSet": {"id": DES}}


def key_of(call: Call, item: Item) -> tuple[str, bool | None]:
    """Return the key of the only copy, and whether it is a customer's."""
    answers: dict[Call, list[Item]] = {LIST_SNAPSHOTS: [], LIST_IMAGES: [], LIST_DISKS: [], call: [item]}
    around, origins = CopyFacts({canonical(DES): KeyReference.of(URL, "")}, ()), {canonical(DISK): frozenset[str]()}
    (copy,) = read_copies(Answers(answers), "prod", origins=origins, other_disks=(), around=around)
    return copy.key, copy.customer_key


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({"encryption": {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": DES.upper()}}, (URL, True)),
        (
            {"encryption": {"type": "EncryptionAtRestWithPlatformAndCustomerKeys", "diskEncryptionSetId": DES}},
            (URL, True),
        ),
        ({"encryption": PLATFORM}, ("", False)),
        ({"encryption": {"type": "EncryptionAtRestWithMoonlight"}}, ("", None)),
        ({}, ("", None)),
    ],
)
def test_a_snapshot_has_the_key_that_its_answer_names(made: dict[str, Any], expected: tuple[str, bool | None]) -> None:
    data: dict[str, Any] = {
        "creationData": {"createOption": "Copy", "sourceResourceId": DISK},
        "diskState": "Unattached",
    }
    assert key_of(LIST_SNAPSHOTS, resource("group", "Microsoft.Compute/snapshots", "copy", **data, **made)) == expected


@pytest.mark.parametrize(
    ("os_disk", "data_disk", "expected"),
    [(SETTING, SETTING, (URL, True)), (SETTING, {}, ("", False)), ({}, SETTING, ("", False)), ({}, None, ("", False))],
)
def test_an_image_has_a_customer_s_key_if_all_its_disks_have_one(
    os_disk: dict[str, Any], data_disk: dict[str, Any] | None, expected: tuple[str, bool | None]
) -> None:
    profile: dict[str, Any] = {"osDisk": {"managedDisk": {"id": DISK}} | os_disk}
    profile |= {} if data_disk is None else {"dataDisks": [{"lun": 0} | data_disk]}
    assert (
        key_of(LIST_IMAGES, resource("group", "Microsoft.Compute/images", "image", storageProfile=profile)) == expected
    )
