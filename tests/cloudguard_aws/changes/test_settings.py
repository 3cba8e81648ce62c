"""Changes to endpoints, metadata services, keys, disks and copies as calls."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from builders import CONTROL_PLANE, SOURCE, host, managed_endpoint, snapshot
from cloudguard.model.cluster import Disk, DiskSnapshot, MetadataService
from cloudguard.model.keys import Key, KeyManager, KeyState, SecretsEncryption
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    Edit,
    ListEdit,
    PeerOf,
    Procedure,
    Resource,
    RulePeer,
)
from cloudguard_aws.changes.change_forms import Forms

KEY = Resource("key", "arn:aws:kms:eu-west-1:1:key/k-1")
ENDPOINT = replace(managed_endpoint(), id="arn:aws:eks:eu-west-1:1:cluster/prod", private=False)
FIELDS = {"AvailabilityZone": "eu-west-1a", "Size": 20, "VolumeType": "gp3"}
COPY = DiskSnapshot("snap-1", "vol-1", encrypted=False, shared_with=("all", "2109"), source=SOURCE)
PLAIN = Disk("vol-1", "", "i-1", "/dev/xvdu", encrypted=False, key="", source=SOURCE, copy_fields=json.dumps(FIELDS))
ONE_HOST = snapshot(hosts=(replace(host("i-1", CONTROL_PLANE), pool="masters"),), disks=(PLAIN,))


def calls_of(facts: Snapshot, kind: str, of: Resource, edit: Edit, *before: Change) -> list[tuple[str, dict[str, Any]]]:
    """Return operations and parameters."""
    planned = Forms(facts).calls(Change("c", "r", kind, of, (edit,)), before)
    return [(call.call.operation, dict(call.call.parameters)) for call in planned]


def operations(facts: Snapshot, kind: str, of: Resource, edit: Edit, *before: Change) -> list[str]:
    """Return the operations alone."""
    return [operation for operation, _ in calls_of(facts, kind, of, edit, *before)]


def calls_for_list(*peers: RulePeer) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls that set the endpoint's public list to ``peers``."""
    edit = ListEdit("public ranges", "tcp/443", (RulePeer(PeerOf.RANGE, "0.0.0.0/0"),), peers)
    return calls_of(snapshot(endpoints=(ENDPOINT,)), "endpoint.restrict", Resource("endpoint", ENDPOINT.id), edit)


def test_the_public_and_private_endpoint_are_updated_one_by_one() -> None:
    facts, of = snapshot(endpoints=(ENDPOINT,)), Resource("endpoint", ENDPOINT.id)
    ((operation, parameters),) = calls_of(facts, "endpoint.restrict", of, AttributeEdit("private side", "off", "on"))
    assert (operation, parameters["name"]) == ("UpdateClusterConfig", "prod")
    assert parameters["resourcesVpcConfig"] == {"endpointPrivateAccess": True}
    ((_, parameters),) = calls_for_list(RulePeer(PeerOf.RANGE, "198.51.100.0/24"))
    assert parameters["resourcesVpcConfig"] == {"publicAccessCidrs": ["198.51.100.0/24"]}
    ((_, parameters),) = calls_for_list(RulePeer(PeerOf.INSIDE))
    assert parameters["resourcesVpcConfig"] == {"endpointPublicAccess": False}


@pytest.mark.parametrize("peer", [RulePeer(PeerOf.ADMINISTRATORS), RulePeer(PeerOf.ADDRESS_LIST, "pl-1")])
def test_a_list_with_an_unknown_peer_is_not_set(peer: RulePeer) -> None:
    assert calls_for_list(RulePeer(PeerOf.RANGE, "198.51.100.0/24"), peer) == []
    assert calls_for_list() == []


def test_a_running_host_s_metadata_service_is_closed_to_pods_and_can_be_reopened() -> None:
    service = MetadataService(enabled=True, tokens_required=False, hop_limit=2)
    facts = snapshot(hosts=(replace(host("i-1", CONTROL_PLANE), metadata=service),))
    edit = AttributeEdit("metadata service", "", "", of=(Resource("host", "i-1"),))
    (planned,) = Forms(facts).calls(Change("c", "r", "metadata.restrict", Resource("identity", "r"), (edit,)))
    assert planned.call.parameters == {"InstanceId": "i-1", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    before = {"InstanceId": "i-1", "HttpTokens": "optional", "HttpPutResponseHopLimit": 2}
    assert planned.inverse[0].parameters == before


@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        ("key.rotate", "off", ["EnableKeyRotation"]),
        ("key.enable", KeyState.DISABLED, ["EnableKey"]),
        ("key.enable", KeyState.PENDING_DELETION, ["CancelKeyDeletion", "EnableKey"]),
        ("key.enable", KeyState.EXPIRED, []),
        ("key.unheard-of", "off", []),
    ],
)
def test_key_edits_have_their_calls(kind: str, state: str, expected: list[str]) -> None:
    assert operations(snapshot(), kind, KEY, AttributeEdit("state", state, "on")) == expected


def test_secrets_without_a_key_get_a_rotating_key() -> None:
    edit, of = AttributeEdit("secrets", "provider's key", "your own key"), Resource("cluster", "prod")
    found = operations(snapshot(secrets=SecretsEncryption("", SOURCE)), "secrets.encrypt", of, edit)
    assert found == ["CreateKey", "EnableKeyRotation", "AssociateEncryptionConfig"]
    assert operations(snapshot(secrets=SecretsEncryption("k", SOURCE)), "secrets.encrypt", of, edit) == []


def test_the_host_stops_during_the_disk_swap_and_the_old_disk_is_deleted_last() -> None:
    calls = calls_of(ONE_HOST, "disk.encrypt", Resource("disk", "vol-1"), Procedure(("encrypted: no",), ()))
    assert [operation for operation, _ in calls] == [
        "SuspendProcesses",
        "StopInstances",
        "CreateSnapshot",
        "CreateVolume",
        "DetachVolume",
        "AttachVolume",
        "StartInstances",
        "ResumeProcesses",
        "DeleteSnapshot",
        "DeleteVolume",
    ]
    assert calls[3][1].items() >= {**FIELDS, "Encrypted": True}.items()
    assert calls[5][1]["Device"] == "/dev/xvdu"
    assert calls[-1][1] == {"VolumeId": "vol-1"}


def test_no_call_stops_a_host_that_a_fleet_replaces() -> None:
    (host,) = ONE_HOST.cluster.hosts
    fleet = replace(host, pool="fleet-0f35e2a4-6c1d-4b7e-9a55-1d2c3b4a5f60")
    facts = replace(ONE_HOST, cluster=replace(ONE_HOST.cluster, hosts=(fleet,)))
    assert operations(facts, "disk.encrypt", Resource("disk", "vol-1"), Procedure(("encrypted: no",), ())) == []
    named = replace(facts, cluster=replace(facts.cluster, hosts=(replace(host, pool="fleet-of-masters"),)))
    assert calls_of(named, "disk.encrypt", Resource("disk", "vol-1"), Procedure(("encrypted: no",), ())) != []


def test_all_disks_of_a_plan_share_one_new_key() -> None:
    edit, of = Procedure(("provider's key",), ()), Resource("disk", "vol-1")
    assert operations(ONE_HOST, "disk.encrypt", of, edit)[:2] == ["CreateKey", "EnableKeyRotation"]
    earlier = Change("b", "r", "disk.encrypt", Resource("disk", "vol-2"), (edit,))
    both = replace(ONE_HOST, cluster=replace(ONE_HOST.cluster, disks=(PLAIN, replace(PLAIN, id="vol-2"))))
    calls = calls_of(both, "disk.encrypt", of, edit, earlier)
    assert calls[0][0] == "SuspendProcesses"
    assert next(item for operation, item in calls if operation == "CreateVolume")["KmsKeyId"] == {"$answer": "ETCD_KEY"}


def test_a_change_without_calls_makes_no_key_for_later_changes() -> None:
    edit, of = Procedure(("provider's key",), ()), Resource("disk", "vol-1")
    unread = replace(PLAIN, id="vol-2", copy_fields="")
    facts = replace(ONE_HOST, cluster=replace(ONE_HOST.cluster, disks=(PLAIN, unread)))
    earlier = Change("b", "r", "disk.encrypt", Resource("disk", "vol-2"), (edit,))
    assert calls_of(facts, "disk.encrypt", of, edit, earlier)[0][0] == "CreateKey"


def test_a_disk_gets_the_customers_key_of_another_disk_if_the_key_lasts() -> None:
    edit, of = Procedure(("provider's key",), ()), Resource("disk", "vol-1")
    disks = (PLAIN, replace(PLAIN, id="vol-2", encrypted=True, key="arn:key"))
    for state, made in ((KeyState.ENABLED, 0), (KeyState.DISABLED, 1)):
        key = Key("arn:key", KeyManager.CUSTOMER, state, SOURCE)
        facts = replace(ONE_HOST, cluster=replace(ONE_HOST.cluster, disks=disks, keys=(key,)))
        calls = calls_of(facts, "disk.encrypt", of, edit)
        assert [operation for operation, _ in calls].count("CreateKey") == made
        named = next(item for operation, item in calls if operation == "CreateVolume")["KmsKeyId"]
        assert (named == "arn:key") is not bool(made)


def test_a_disk_with_unread_settings_gets_no_calls() -> None:
    facts = snapshot(hosts=(host("i-1", CONTROL_PLANE),), disks=(replace(PLAIN, copy_fields=""),))
    assert calls_of(facts, "disk.encrypt", Resource("disk", "vol-1"), Procedure(("encrypted: no",), ())) == []


def test_an_unencrypted_copy_is_unshared_and_replaced_by_an_encrypted_one() -> None:
    facts = snapshot(disks=(replace(PLAIN, snapshots=(COPY,)),))
    calls = calls_of(facts, "snapshot.remove", Resource("snapshot", "snap-1"), Procedure(("shared",), ()))
    assert [operation for operation, _ in calls] == ["ModifySnapshotAttribute", "CopySnapshot", "DeleteSnapshot"]
    assert calls[0][1]["GroupNames"] == ["all"]
    assert calls[0][1]["UserIds"] == ["2109"]
    assert calls[1][1]["Encrypted"] is True


def test_only_an_encrypted_image_is_unshared_by_calls() -> None:
    image = replace(COPY, id="ami-1", kind="image", encrypted=True)
    for copy, expected in ((image, ["ModifyImageAttribute"]), (replace(image, encrypted=False), [])):
        facts = snapshot(disks=(replace(PLAIN, snapshots=(copy,)),))
        assert operations(facts, "image.remove", Resource("image", "ami-1"), Procedure(("shared",), ())) == expected
