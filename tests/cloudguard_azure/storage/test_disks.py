"""Disks that may hold etcd: their keys, the sharing of their copies, and unknown facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from azure_answers import Answers, arm_id, nic, resource, vm
from cloudguard.model.cluster import Disk, DiskSnapshot, Strength
from cloudguard.model.keys import Key, KeyState
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item
from cloudguard.provider.port import CollectRequest
from cloudguard_azure.access.calls import (
    GET_KEY,
    GET_KEY_VERSION,
    LIST_DISK_ENCRYPTION_SETS,
    LIST_DISKS,
    LIST_IMAGES,
    LIST_INTERFACES,
    LIST_MACHINES,
    LIST_SNAPSHOTS,
    LIST_VAULTS,
    Call,
)
from cloudguard_azure.access.ids import canonical, name_of
from cloudguard_azure.cluster.find import find
from cloudguard_azure.cluster.hosts import read_hosts
from cloudguard_azure.storage.copies import shared_with
from cloudguard_azure.storage.disks import read_storage

KOPS = {"KubernetesCluster": "prod", "k8s.io_role_control-plane": "1"}
ETCD = {"KubernetesCluster": "prod", "k8s.io_etcd_main": "a/a,b,c"}
VAULT = arm_id("keys", "Microsoft.KeyVault/vaults", "acme")
DES = arm_id("keys", "Microsoft.Compute/diskEncryptionSets", "etcd")
URL = "https://acme.vault.azure.net/keys/etcd/0123abcd"
PLATFORM = {"type": "EncryptionAtRestWithPlatformKey"}
FOREVER = 4_000_000_000


def disk(name: str, tags: dict[str, str] | None = None, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    made = {"encryption": PLATFORM, "diskState": "Attached", "creationData": {"createOption": "Empty"}} | properties
    return resource("group", "Microsoft.Compute/disks", name, tags=tags, **made)


def snapshot(name: str, source: str, tags: dict[str, str] | None = None, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    made = {"creationData": {"createOption": "Copy", "sourceResourceId": source}, "diskState": "Unattached"}
    return resource("group", "Microsoft.Compute/snapshots", name, tags=tags, **(made | properties))


def key_set(*, follows: bool = False, vault: str = VAULT) -> dict[str, Any]:
    active = {"keyUrl": URL, "sourceVault": {"id": vault}} if vault else {"keyUrl": URL}
    made = resource("keys", "Microsoft.Compute/diskEncryptionSets", "etcd", activeKey=active)
    made["properties"]["rotationToLatestKeyVersionEnabled"] = follows
    return made


def key(*, rotates: bool = False, **attributes: object) -> list[dict[str, Any]]:
    """Return the newest version of a key, and the version that disks name."""
    actions = [{"action": {"type": "Rotate"}}, {"action": {"type": "notify"}}] if rotates else []
    policy: dict[str, Any] = {"rotationPolicy": {"lifetimeActions": actions}} if rotates else {}
    kind = "Microsoft.KeyVault/vaults/keys"
    version = resource(
        "keys", f"{kind}/versions", "acme", "etcd", "0123abcd", attributes={"enabled": True, **attributes}
    )
    return [resource("keys", kind, "acme", "etcd", attributes={"enabled": True, **attributes}, **policy), version]


def read(
    machine: dict[str, Any] | None = None, **items: Iterable[Item]
) -> tuple[Answers, dict[str, Disk], tuple[DiskSnapshot, ...], dict[str, Key]]:
    """Read the disks of a control-plane machine with the OS disk "cp-os". ``items``: answers by name of call."""
    own = machine or vm("group", "cp", KOPS)
    given: dict[str, Call] = {
        "disks": LIST_DISKS,
        "snapshots": LIST_SNAPSHOTS,
        "images": LIST_IMAGES,
        "sets": LIST_DISK_ENCRYPTION_SETS,
        "vaults": LIST_VAULTS,
    }
    answers: dict[Call, Iterable[Item]] = {given[name]: listed for name, listed in items.items() if name in given}
    newest, version = (*items.get("keys", ()), None, None)[:2]
    answers |= {GET_KEY: [newest] if newest else [], GET_KEY_VERSION: [version] if version else []}
    api = Answers(answers | {LIST_MACHINES: [own], LIST_INTERFACES: [nic("group", "cp-nic", own["id"], "10.0.0.4")]})
    found = find(api, CollectRequest(cluster="prod"))
    storage = read_storage(api, found, read_hosts(api, found))
    return api, {one.name: one for one in storage.disks}, storage.copies, {one.id: one for one in storage.keys}


def customers(kind: str = "EncryptionAtRestWithCustomerKey") -> dict[str, Any]:
    return {"type": kind, "diskEncryptionSetId": DES.upper()}


def test_azure_encrypts_a_control_plane_host_s_disk() -> None:
    api, disks, former, keys = read(disks=[disk("cp-os"), disk("other")])
    assert api.gaps == ()
    assert [(one.name, one.encrypted, one.key, one.device) for one in disks.values()] == [
        ("cp-os", True, "", "OS disk")
    ]
    assert disks["cp-os"].host == canonical(vm("group", "cp")["id"])
    assert (former, keys) == ((), {})


@pytest.mark.parametrize(
    "kind",
    [
        "EncryptionAtRestWithCustomerKey",
        "encryptionatrestwithcustomerkey",
        "EncryptionAtRestWithPlatformAndCustomerKeys",
    ],
)
def test_the_encryption_type_of_the_disk_decides_its_key(kind: str) -> None:
    api, disks, _, keys = read(disks=[disk("cp-os", encryption=customers(kind))], sets=[key_set()], keys=key())
    assert api.gaps == ()
    assert disks["cp-os"].key == URL
    assert [(one.id, one.state, one.rotates) for one in keys.values()] == [(URL, KeyState.ENABLED, False)]


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({"enabled": False}, KeyState.DISABLED),
        ({"exp": 1_000_000_000}, KeyState.EXPIRED),
        ({"exp": FOREVER}, KeyState.ENABLED),
        ({"exp": 10**30}, KeyState.ENABLED),
        ({"nbf": FOREVER}, KeyState.UNAVAILABLE),
        ({"enabled": None}, KeyState.UNKNOWN),
    ],
)
def test_the_attributes_of_a_key_decide_its_state(attributes: dict[str, Any], state: KeyState) -> None:
    _, _, _, keys = read(disks=[disk("cp-os", encryption=customers())], sets=[key_set()], keys=key(**attributes))
    assert keys[URL].state is state
    assert keys[URL].expires == {1_000_000_000: "2001-09-09", FOREVER: "2096-10-02"}.get(attributes.get("exp", 0), "")


@pytest.mark.parametrize("follows", [True, False])
@pytest.mark.parametrize("rotates", [True, False])
def test_a_key_rotates_if_its_policy_says_so_and_the_set_follows(*, follows: bool, rotates: bool) -> None:
    encrypted = disk("cp-os", encryption=customers())
    _, _, _, keys = read(disks=[encrypted], sets=[key_set(follows=follows)], keys=key(rotates=rotates))
    assert keys[URL].rotates is (follows and rotates)


def test_a_vault_is_found_by_its_name() -> None:
    vaults = [resource("keys", "Microsoft.KeyVault/vaults", "ACME")]
    encrypted = disk("cp-os", encryption=customers())
    api, _, _, keys = read(disks=[encrypted], sets=[key_set(vault="")], vaults=vaults, keys=key())
    assert (api.gaps, [*keys]) == ((), [URL])
    api, disks, _, keys = read(disks=[encrypted], sets=[key_set(vault="")], keys=key())
    assert (disks["cp-os"].key, keys) == (URL, {})
    assert [gap.hides for gap in api.gaps] == [(FactKind.KEYS,)]


SPOILT: tuple[object, ...] = (
    None,
    {},
    {"type": "Novelty"},
    {"type": "EncryptionAtRestWithCustomerKey"},
    {"type": 3},
    "EncryptionAtRestWithPlatformKey",
)


@pytest.mark.parametrize("encryption", SPOILT)
def test_a_disk_with_unknown_encryption_is_a_gap(encryption: object) -> None:
    api, disks, _, _ = read(disks=[disk("cp-os", encryption=encryption)])
    assert disks == {}
    assert any(FactKind.DISKS in gap.hides for gap in api.gaps)


def test_an_unread_disk_encryption_set_leaves_the_key_unread() -> None:
    api, disks, _, keys = read(disks=[disk("cp-os", encryption=customers())])
    assert (disks["cp-os"].key, keys) == (canonical(DES), {})
    assert [gap.hides for gap in api.gaps] == [(FactKind.KEYS,)]


def test_a_confidential_disk_has_the_key_of_its_own_set() -> None:
    confidential = disk("cp-os", securityProfile={"secureVMDiskEncryptionSetId": DES})
    _, disks, _, _ = read(disks=[confidential], sets=[key_set()], keys=key())
    assert disks["cp-os"].key == URL


@pytest.mark.parametrize(("enabled", "expected"), [(True, URL), (False, "")])
def test_encryption_inside_the_machine_uses_the_customer_s_key(*, enabled: bool, expected: str) -> None:
    inside = {
        "enabled": enabled,
        "encryptionSettings": [{"keyEncryptionKey": {"keyUrl": URL, "sourceVault": {"id": VAULT}}}],
    }
    _, disks, _, _ = read(disks=[disk("cp-os", encryptionSettingsCollection=inside)], keys=key())
    assert disks["cp-os"].key == expected


def with_disks(*data: dict[str, Any], **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    machine = vm("group", "cp", KOPS, **properties)
    machine["properties"]["storageProfile"]["dataDisks"] = [*data]
    return machine


def test_disks_without_a_resource_are_a_gap() -> None:
    blob = {"lun": 0, "name": "etcd", "vhd": {"uri": "https://acme.blob.core.windows.net/vhds/etcd.vhd?sig=SECRET"}}
    api, disks, _, _ = read(with_disks(blob, {"lun": 1}), disks=[disk("cp-os")])
    assert [*disks] == ["cp-os"]
    assert [gap.resource.rpartition("/")[2] for gap in api.gaps] == ["LUN 1", "etcd.vhd"]
    assert all(gap.hides == (FactKind.DISKS,) for gap in api.gaps)


@pytest.mark.parametrize(
    ("at_host", "placement", "expected"), [(True, "", [True]), (False, "CacheDisk", [False]), (False, "", [])]
)
def test_an_ephemeral_os_disk_has_no_resource(*, at_host: bool, placement: str, expected: list[bool]) -> None:
    machine = vm("group", "cp", KOPS, securityProfile={"encryptionAtHost": at_host})
    local = {"name": "cp-os", "diffDiskSettings": {"option": "Local", "placement": placement}}
    machine["properties"]["storageProfile"]["osDisk"] = local
    api, disks, _, _ = read(machine)
    assert [one.encrypted for one in disks.values()] == expected
    assert bool(api.gaps) is not bool(expected)


def test_a_tag_is_strong_and_a_name_weak_evidence_of_etcd() -> None:
    data = [{"lun": 0, "managedDisk": {"id": disk(name)["id"]}} for name in ("cp_etcddisk",)]
    _, disks, _, _ = read(with_disks(*data), disks=[disk("cp-os"), disk("cp_etcddisk"), disk("detached", ETCD)])
    shown = {name: one.etcd_evidence.strength if one.etcd_evidence else None for name, one in disks.items()}
    assert shown == {"cp-os": None, "cp_etcddisk": Strength.WEAK, "detached": Strength.STRONG}
    assert disks["detached"].etcd_cluster == "main"
    assert disks["cp_etcddisk"].device == "LUN 0"


def test_a_disk_s_managedby_field_names_its_host() -> None:
    more = disk("more") | {"managedBy": vm("group", "cp")["id"].upper()}
    _, disks, _, _ = read(disks=[disk("cp-os"), more])
    assert disks["more"].host == disks["cp-os"].host


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"diskState": "Unattached"}, ()),
        ({"diskState": "ACTIVESAS"}, ("anyone with its shared access link",)),
        (
            {"diskState": "ActiveSASFrozen", "networkAccessPolicy": "AllowAll"},
            ("anyone with its shared access link",),
        ),
        ({"diskState": "ActiveSAS", "networkAccessPolicy": "denyall"}, ()),
        ({"diskState": "ActiveSAS", "networkAccessPolicy": "AllowPrivate"}, ()),
        ({"diskState": "ActiveSAS", "publicNetworkAccess": "Disabled"}, ()),
        ({"diskState": "ActiveSAS", "dataAccessAuthMode": "AzureActiveDirectory"}, ()),
        ({"diskState": "Novelty"}, None),
        ({}, None),
    ],
)
def test_a_disk_with_an_access_link_is_shared(properties: dict[str, object], expected: tuple[str, ...] | None) -> None:
    assert shared_with(properties) == expected


@pytest.mark.mistake("copy-left-out")
def test_chains_of_copies_are_followed() -> None:
    first = snapshot("first", disk("cp-os")["id"].upper())
    image = resource(
        "group", "Microsoft.Compute/images", "image", storageProfile={"osDisk": {"snapshot": {"id": first["id"]}}}
    )
    further = disk("further", creationData={"imageReference": {"id": image["id"]}}, diskState="ActiveSAS")
    own = disk("cp-os", creationData={"sourceResourceId": snapshot("before", "/subscriptions/x/y")["id"]})
    _, disks, former, _ = read(
        disks=[own, further, disk("foreign", diskState="ActiveSAS")],
        snapshots=[first, snapshot("before", "/subscriptions/x/y"), snapshot("foreign", disk("foreign")["id"])],
        images=[image],
    )
    found = {one.id.rpartition("/")[2]: (one.kind, one.relation, one.shared_with) for one in disks["cp-os"].snapshots}
    assert found == {
        "first": ("snapshot", "a copy of", ()),
        "image": ("image", "a copy of", ()),
        "further": ("disk", "a copy of", ("anyone with its shared access link",)),
        "before": ("snapshot", "the origin of", ()),
    }
    assert former == ()


def test_copies_of_deleted_disks_are_found_by_their_tags() -> None:
    gone = arm_id("group", "Microsoft.Compute/disks", "gone")
    tagged, other = snapshot("tagged", gone, ETCD), snapshot("other", gone, {"KubernetesCluster": "other"})
    _, _, former, _ = read(disks=[disk("cp-os")], snapshots=[tagged, other])
    assert [(one.id.rpartition("/")[2], one.disk, bool(one.evidence)) for one in former] == [("tagged", "", True)]


def test_a_copy_of_a_deleted_disk_known_by_name_alone_may_be_the_cluster_s() -> None:
    gone = arm_id("group", "Microsoft.Compute/disks", "m0_etcddisk")
    listed = [snapshot("nightly", gone), snapshot("nightly-etcd", ""), snapshot("nightly-os", "")]
    listed.append(snapshot("etcd-of-another", gone, {"KubernetesCluster": "other"}))
    _, _, former, _ = read(disks=[disk("cp-os")], snapshots=listed)
    assert [(name_of(one.id), one.disk, one.evidence) for one in former] == [
        ("nightly", "", None),
        ("nightly-etcd", "", None),
    ]


def test_a_shared_disk_counts_as_its_own_copy() -> None:
    _, disks, _, _ = read(disks=[disk("cp-os", diskState="ActiveSAS")])
    assert [(one.kind, one.relation) for one in disks["cp-os"].snapshots] == [("disk", "the content of")]
