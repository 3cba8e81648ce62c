"""Disks of control-plane hosts, their keys, and the snapshots of those that hold etcd."""

from __future__ import annotations

import pytest

from aws_hosts import api_of, hosts_of
from cloudguard.model.cluster import EvidenceKind, Role, RoleEvidence, Strength
from cloudguard.model.keys import KeyManager, KeyState
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.etcd_disks import EtcdStorage
from cloudguard_aws.storage.disks import etcd_evidence, read_storage
from cloudguard_aws.storage.keys import read_keys
from moto_fixtures.aws.builder import ACCOUNT, REGION, Account, Host

VOLUME = "kubernetes.io/created-for/pvc/name"
ETCD = {"k8s.io/etcd/main": "a/a", "kubernetes.io/cluster/prod": "owned"}


@pytest.mark.parametrize(
    ("tags", "kind", "evidence"),
    [
        ({"Name": "x", "k8s.io/etcd/events": "a/a,b"}, EvidenceKind.INSTALLER, "tag k8s.io/etcd/events=a/a,b"),
        ({"Name": "prod Etcd data"}, EvidenceKind.NAME, "tag Name=prod Etcd data"),
        (
            {"kubernetes.io/created-for/pvc/name": "main-etcd-0"},
            EvidenceKind.NAME,
            "tag kubernetes.io/created-for/pvc/name=main-etcd-0",
        ),
        ({"Name": "root", "kubernetes.io/cluster/etcd": "owned"}, None, ""),
        ({}, None, ""),
    ],
)
def test_tags_and_names_are_evidence_that_a_disk_holds_etcd(
    tags: dict[str, str], kind: EvidenceKind | None, evidence: str
) -> None:
    strength = Strength.WEAK if kind is EvidenceKind.NAME else Strength.STRONG
    assert etcd_evidence(tags, "prod") == (RoleEvidence(kind, evidence, strength) if kind else None)


@pytest.mark.mistake("disk-removed")
def test_an_etcd_tag_of_another_cluster_is_weak_evidence() -> None:
    """The tag adds the disk to the row and excludes no other disk of the host."""
    evidence = etcd_evidence(ETCD | {"kubernetes.io/cluster/other": "owned"}, "prod")
    assert evidence is not None
    assert (evidence.strength, evidence.text) == (Strength.WEAK, "tag k8s.io/etcd/main=a/a, of other")
    own = etcd_evidence(ETCD, "prod")
    assert own is not None
    assert own.strength is Strength.STRONG


@pytest.mark.mistake("disk-removed")
def test_the_cluster_s_own_name_is_no_evidence() -> None:
    assert etcd_evidence({"Name": "etcd-lab-root"}, "etcd-lab") is None
    assert etcd_evidence({"Name": "etcd-root"}, "") is not None


def machine(a: Account, name: str) -> Host:
    vpc = a.vpc()
    return a.host(name, a.subnet(vpc), [a.group(vpc, name)], encrypted=False)


def test_disks_keys_and_snapshots_of_the_control_plane_are_read(inner_account: Account) -> None:
    a = inner_account
    master, worker = machine(a, "master"), machine(a, "worker")
    key, doomed = a.key(), a.key(pending_deletion=True)
    etcd = a.volume(master, ETCD, key=key)
    zone = master.subnet.zone
    detached = a.call("ec2", "create_volume", AvailabilityZone=zone, Size=1, Encrypted=True, KmsKeyId=doomed)[
        "VolumeId"
    ]
    a.tag(detached, ETCD)
    others = a.call("ec2", "create_volume", AvailabilityZone=zone, Size=1)["VolumeId"]
    a.tag(others, {"k8s.io/etcd/main": "a/a", "kubernetes.io/cluster/other": "owned"})
    world, closed = a.snapshot(etcd, "all"), a.snapshot(etcd)
    a.snapshot(worker.root, "all")
    a.snapshot(master.root, "all")
    hosts = (
        *hosts_of(a, master.id, role=Role.CONTROL_PLANE),
        *hosts_of(a, worker.id),
    )
    api = api_of(a)
    storage = read_storage(api, cluster="prod", hosts=hosts)
    found = {disk.id: disk for disk in storage.disks}
    assert set(found) == {etcd, detached, master.root}
    assert (found[etcd].host, found[etcd].device, found[etcd].key) == (master.id, "/dev/xvdu", key)
    evidence = RoleEvidence(EvidenceKind.INSTALLER, "tag k8s.io/etcd/main=a/a")
    assert (found[etcd].etcd_evidence, found[etcd].etcd_cluster) == (evidence, "main")
    assert (found[master.root].etcd_evidence, found[master.root].etcd_cluster) == (None, "")
    assert (found[detached].host, found[detached].encrypted) == ("", True)
    assert (found[master.root].encrypted, found[master.root].key, found[master.root].snapshots) == (False, "", ())
    assert {(copy.id, copy.encrypted, copy.shared_with) for copy in found[etcd].snapshots} == {
        (world, True, ("all",)),
        (closed, True, ()),
    }
    assert {(key.id, key.manager, key.state, key.rotates) for key in storage.keys} == {
        (key, KeyManager.CUSTOMER, KeyState.ENABLED, True),
        (doomed, KeyManager.CUSTOMER, KeyState.PENDING_DELETION, None),
    }
    assert api.gaps == ()


@pytest.mark.mistake("disk-removed")
def test_every_disk_counts_if_etcd_s_disk_is_unknown(inner_account: Account) -> None:
    a = inner_account
    master = machine(a, "master")
    shared = a.snapshot(master.root, "999988887777")
    storage = read_storage(api_of(a), cluster="prod", hosts=hosts_of(a, master.id, role=Role.CONTROL_PLANE))
    (disk,) = storage.disks
    assert [(copy.id, copy.encrypted, copy.shared_with) for copy in disk.snapshots] == [
        (shared, False, ("999988887777",))
    ]
    assert storage.keys == ()


def test_workers_disks_are_not_read(inner_account: Account) -> None:
    a = inner_account
    worker = machine(a, "worker")
    asked: list[str] = []
    assert read_storage(api_of(a, asked), cluster="prod", hosts=hosts_of(a, worker.id)) == EtcdStorage()
    assert asked == []


def test_provider_keys_disabled_keys_and_missing_keys_are_read(inner_account: Account) -> None:
    a = inner_account
    disabled = a.key(disabled=True)
    a.volume(machine(a, "master"))
    default = next(key.arn for key in a.backend("kms").keys.values() if key.key_manager == "AWS")
    gone = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
    api = api_of(a)
    found = {
        (read_key.id, read_key.manager, read_key.state)
        for read_key in read_keys(api, ["", disabled, default, gone, default])
    }
    assert found == {
        (disabled, KeyManager.CUSTOMER, KeyState.DISABLED),
        (default, KeyManager.PROVIDER, KeyState.ENABLED),
    }
    assert [(gap.call, gap.resource, gap.reason, gap.hides) for gap in api.gaps] == [
        ("kms:DescribeKey", gone, Reason.MISSING, (FactKind.KEYS, FactKind.IDENTITIES))
    ]


def test_a_key_with_an_unknown_manager_is_a_gap(inner_account: Account) -> None:
    a = inner_account
    key = a.key()
    a.backend("kms").keys[key.rpartition("/")[2]].key_manager = "PARTNER"
    api = api_of(a)
    assert read_keys(api, [key]) == ()
    (gap,) = api.gaps
    assert "PARTNER" in gap.message


def test_rotation_is_known_except_for_imported_key_material(inner_account: Account) -> None:
    a = inner_account
    still = a.key(rotates=False)
    imported = a.call("kms", "create_key", Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    a.backend("kms").keys[imported.rpartition("/")[2]].enabled = True
    keys = {key.id: key.rotates for key in read_keys(api_of(a), [still, imported])}
    assert keys == {still: False, imported: None}
