"""Copies of etcd's data: the origins of a volume, its copies, and copies of deleted volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_hosts import api_of
from aws_stacked import SHARED, StackedCluster, stacked_cluster
from cloudguard.model.cluster import Disk, DiskSnapshot
from cloudguard.provider.answers import Answer
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import GET_SNAPSHOT_BLOCK_PUBLIC_ACCESS_STATE, Call
from cloudguard_aws.cluster.instances import plain_store
from cloudguard_aws.storage.disks import read_storage
from moto_fixtures.aws.builder import Account, Tags
from moto_fixtures.aws.installers import OWNED, capa, etcd_volume


@pytest.fixture
def cluster(inner_account: Account) -> StackedCluster:
    """A stacked control-plane host whose root volume is encrypted, and a node."""
    return stacked_cluster(inner_account)


def of_root(cluster: StackedCluster) -> dict[str, DiskSnapshot]:
    (disk,) = (disk for disk in cluster.storage().disks if disk.id == cluster.root)
    return {copy.id: copy for copy in disk.snapshots}


@pytest.mark.mistake("copy-left-out")
def test_the_snapshot_that_a_volume_was_made_from_is_found(cluster: StackedCluster) -> None:
    origin = cluster.former({})
    cluster.made_from(cluster.root, origin)
    copies = of_root(cluster)
    assert (copies[origin].relation, copies[origin].encrypted) == ("the origin of", False)
    assert origin in cluster.row().why


def test_an_image_for_installation_holds_no_etcd_data(cluster: StackedCluster) -> None:
    golden = cluster.former({})
    cluster.made_from(cluster.root, golden)
    cluster.image_of(golden)
    assert of_root(cluster) == {}


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(
    ("tags", "verdict"),
    [(capa.control_plane, "FAIL"), (etcd_volume("main"), "FAIL"), (OWNED, "UNKNOWN"), ({"team": "x"}, "PASS")],
)
def test_an_image_with_the_cluster_s_tags_is_of_a_former_host(
    cluster: StackedCluster, tags: Tags, verdict: str
) -> None:
    """A host restored from an image of itself is made from etcd's data."""
    origin = cluster.former(tags)
    cluster.made_from(cluster.root, origin)
    cluster.image_of(origin)
    assert cluster.row().verdict == verdict


@pytest.mark.mistake("copy-left-out")
def test_an_image_of_a_host_has_the_sharing_of_the_image(cluster: StackedCluster) -> None:
    a = cluster.account
    taken = a.snapshot(cluster.root)
    image = cluster.image_of(taken)
    changes = {"Attribute": "launchPermission", "OperationType": "add", "UserIds": [SHARED]}
    a.call("ec2", "modify_image_attribute", ImageId=image, **changes)
    copies = of_root(cluster)
    assert copies[taken].shared_with == ()
    assert (copies[image].kind, copies[image].shared_with) == ("image", (SHARED,))
    assert image in cluster.row().why


@pytest.mark.mistake("copy-left-out")
def test_a_copy_of_a_snapshot_is_recognized_by_its_description(cluster: StackedCluster) -> None:
    a = cluster.account
    taken = a.snapshot(cluster.root)
    words = {"SourceRegion": "eu-west-1", "Description": f"[Copied {taken} from eu-west-1]"}
    copied = a.call("ec2", "copy_snapshot", SourceSnapshotId=taken, **words)
    assert {taken, copied["SnapshotId"]} == set(of_root(cluster))


def copy_of(a: Account, snapshot: str, words: str) -> str:
    """Copy a snapshot, encrypted, as EC2 describes copies."""
    described = {"SourceRegion": "eu-west-1", "Description": words.format(snapshot)}
    copied = str(a.call("ec2", "copy_snapshot", SourceSnapshotId=snapshot, **described)["SnapshotId"])
    a.backend("ec2").snapshots[copied].encrypted = True
    return copied


OF_IMAGE = "Copied for DestinationAmi ami-2 from SourceAmi ami-1 for SourceSnapshot {}. Task created on 1."


@pytest.mark.mistake("copy-left-out")
def test_a_copy_of_an_image_of_a_host_has_the_sharing_of_the_image(cluster: StackedCluster) -> None:
    a = cluster.account
    taken = a.snapshot(cluster.root)
    cluster.image_of(taken)
    image = cluster.image_of(copy_of(a, taken, OF_IMAGE))
    changes = {"Attribute": "launchPermission", "OperationType": "add", "UserGroups": ["all"]}
    a.call("ec2", "modify_image_attribute", ImageId=image, **changes)
    assert image in cluster.row().why


@pytest.mark.mistake("copy-left-out")
def test_chains_of_copies_are_followed_to_their_end(cluster: StackedCluster) -> None:
    """The chain: snapshot of the root volume, volume made of it, its snapshot, a copy, and a copy of the copy."""
    a = cluster.account
    volume = cluster.volume(origin=a.snapshot(cluster.root))
    copied = copy_of(a, a.snapshot(volume), "[Copied {} from eu-west-1]")
    last = copy_of(a, copied, "[Copied {} from eu-west-1]")
    assert cluster.row().verdict == "PASS"
    changes = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": [SHARED]}
    a.call("ec2", "modify_snapshot_attribute", SnapshotId=last, **changes)
    assert last in cluster.row().why


@pytest.mark.mistake("copy-left-out")
def test_a_volume_made_of_a_copy_holds_etcd_s_data(cluster: StackedCluster) -> None:
    taken = cluster.account.snapshot(cluster.root)
    made = cluster.volume(origin=taken)
    cluster.account.backend("ec2").volumes[made].encrypted = False
    disks: dict[str, Disk] = {disk.id: disk for disk in cluster.storage().disks}
    evidence = disks[made].etcd_evidence
    assert evidence is not None
    assert evidence.text == f"made from {taken}, a copy of {cluster.root}"
    assert made in cluster.row().why
    assert not disks[made].holds_main_etcd


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        (etcd_volume("events"), "FAIL"),
        ({"KubernetesCluster": "prod", "k8s.io/etcd/main": "a/a"}, "FAIL"),
        (capa.control_plane, "FAIL"),
        (OWNED | {"Name": "etcd-0.prod"}, "FAIL"),
        (OWNED, "UNKNOWN"),
        (capa.node, "UNKNOWN"),
        (OWNED | {"CSIVolumeSnapshotName": "s", "Name": "data-apisix-etcd-0"}, "PASS"),
        ({"KubernetesCluster": "other", "k8s.io/etcd/main": "a/a"}, "PASS"),
        ({"team": "x"}, "PASS"),
    ],
)
def test_copies_of_deleted_volumes_are_recognized_by_their_tags(
    cluster: StackedCluster, tags: Tags, verdict: str
) -> None:
    former = cluster.former(tags)
    row = cluster.row()
    assert row.verdict == verdict
    assert (former in row.why) == (verdict != "PASS")


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        (OWNED | capa.control_plane, "FAIL"),
        (OWNED | {"k8s.io/role/master": "1"}, "FAIL"),
        (OWNED | capa.node, "PASS"),
        (OWNED, "UNKNOWN"),
        (OWNED | {"Name": "etcd-0"}, "FAIL"),
        (OWNED | {"kubernetes.io/created-for/pvc/name": "data-etcd-0"}, "PASS"),
        (OWNED | capa.control_plane | {"CSIVolumeName": "pvc-1"}, "PASS"),
        ({"k8s.io/role/master": "1", "kubernetes.io/cluster/other": "owned"}, "PASS"),
    ],
)
def test_detached_volumes_of_former_hosts_are_judged_by_their_tags(
    cluster: StackedCluster, tags: Tags, verdict: str
) -> None:
    left = cluster.volume(tags=tags, encrypted=False)
    row = cluster.row()
    assert row.verdict == verdict
    assert (left in row.why) == (verdict != "PASS")


def test_an_encrypted_detached_volume_passes(cluster: StackedCluster) -> None:
    cluster.volume(tags=OWNED)
    assert cluster.row().verdict == "PASS"


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize("named", [False, True])
def test_an_unencrypted_instance_store_may_hold_etcd(cluster: StackedCluster, *, named: bool) -> None:
    """An installer's tag that names etcd's volume excludes the instance store."""
    if named:
        volume = cluster.volume(tags=etcd_volume("main"))
        cluster.account.call("ec2", "attach_volume", VolumeId=volume, InstanceId=cluster.master, Device="/dev/xvdu")
    api = api_of(cluster.account)
    read_storage(api, cluster="prod", hosts=cluster.hosts, stores={cluster.master: "it has one"})
    assert [gap.resource for gap in api.gaps] == ([] if named else [cluster.master])


@pytest.mark.parametrize(
    ("kind", "root", "words"),
    [
        ("m1.small", "ebs", "its type m1.small has"),
        ("m2.xlarge", "ebs", "its type m2.xlarge has"),
        ("r3.xlarge", "ebs", "its type r3.xlarge has"),
        ("d2.xlarge", "ebs", "its type d2.xlarge has"),
        ("c3.large", "instance-store", "its root device is"),
        ("d3.xlarge", "ebs", ""),
        ("i3.large", "ebs", ""),
        ("m5d.large", "ebs", ""),
        ("c6g.large", "ebs", ""),
    ],
)
def test_the_instance_type_decides_whether_its_store_is_unencrypted(kind: str, root: str, words: str) -> None:
    store = plain_store({"InstanceType": kind, "RootDeviceType": root})
    assert store.startswith(words)
    assert bool(store) is bool(words)


@pytest.mark.mistake("disk-removed")
def test_a_volume_for_etcd_s_events_does_not_exclude_other_volumes(cluster: StackedCluster) -> None:
    host = cluster.hosts[0]
    cluster.account.backend("ec2").volumes[cluster.root].encrypted = False
    main, events = (cluster.volume(tags=etcd_volume(name)) for name in ("main", "events"))
    cluster.account.call("ec2", "attach_volume", VolumeId=events, InstanceId=host.id, Device="/dev/xvdv")
    assert cluster.root in cluster.row().why
    cluster.account.call("ec2", "attach_volume", VolumeId=main, InstanceId=host.id, Device="/dev/xvdu")
    assert cluster.row().verdict == "PASS"


def test_copies_of_a_worker_s_volume_hold_no_etcd_data(cluster: StackedCluster) -> None:
    (worker,) = cluster.hosts[1].disks
    taken = cluster.account.snapshot(worker, "all")
    cluster.account.tag(taken, OWNED)
    assert cluster.storage().copies == ()


def test_a_tag_that_names_etcd_s_volumes_decides_which_copies_count(cluster: StackedCluster) -> None:
    (host,) = (host for host in cluster.hosts if host.id == cluster.master)
    volume = cluster.volume(tags=etcd_volume("main"))
    cluster.account.call("ec2", "attach_volume", VolumeId=volume, InstanceId=host.id, Device="/dev/xvdu")
    cluster.former(capa.control_plane)
    assert cluster.storage().copies == ()


@pytest.mark.parametrize(
    ("state", "shared"), [("block-all-sharing", ()), ("block-new-sharing", ("all",)), ("unblocked", ("all",))]
)
def test_a_public_snapshot_is_private_if_the_account_blocks_all_sharing(
    state: str, shared: tuple[str, ...], cluster: StackedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = cluster.account.snapshot(cluster.root, "all")
    answer_block(monkeypatch, lambda: Answer([{"State": state}]))
    assert of_root(cluster)[taken].shared_with == shared


def test_a_public_snapshot_stays_public_if_the_block_may_not_be_read(
    cluster: StackedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = cluster.account.snapshot(cluster.root, "all")

    def refused() -> Answer:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "GetSnapshotBlockPublicAccessState")

    answer_block(monkeypatch, refused)
    api = api_of(cluster.account)
    disks = read_storage(api, cluster="prod", hosts=cluster.hosts).disks
    assert [copy.shared_with for disk in disks for copy in disk.snapshots if copy.id == taken] == [("all",)]
    assert [gap.call for gap in api.gaps] == ["ec2:GetSnapshotBlockPublicAccessState"]


def answer_block(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Answer]) -> None:
    """Answer the call for the account's block of public snapshots, which moto lacks."""
    fetch = Api.fetch

    def fetched(reader: Api, call: Call, parameters: Mapping[str, Any]) -> Answer:
        return answer() if call is GET_SNAPSHOT_BLOCK_PUBLIC_ACCESS_STATE else fetch(reader, call, parameters)

    monkeypatch.setattr(Api, "fetch", fetched)
