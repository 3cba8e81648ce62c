"""Copies of etcd's data: what a volume was made from, what was made of it, and copies of volumes that are gone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from aws_hosts import api_of, hosts_of
from builders import snapshot as snapshot_of
from cloudguard.model.cluster import Disk, DiskSnapshot, Host, Role
from cloudguard.results.report import RowResult
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.instances import plain_store
from cloudguard_aws.storage.disks import Storage, read_storage
from judged import rows_of
from moto_fixtures.aws.builder import Account, Tags
from moto_fixtures.aws.installers import OWNED, capa, etcd_volume

SHARED = "210987654321"


@dataclass
class Cluster:
    """A stacked control-plane host, and its root volume."""

    account: Account
    master: str
    root: str
    hosts: tuple[Host, ...]

    def storage(self) -> Storage:
        """Return where etcd's data is."""
        api = api_of(self.account)
        found = read_storage(api, cluster="prod", hosts=self.hosts)
        assert api.gaps == ()
        return found

    def row(self) -> RowResult:
        """Return the answer to etcd-encryption."""
        found = self.storage()
        made = snapshot_of(self.hosts, disks=found.disks, keys=found.keys)
        return rows_of(replace(made, cluster=replace(made.cluster, copies=found.copies)))["etcd-encryption"]

    def volume(self, *, tags: Tags | None = None, origin: str = "", encrypted: bool = True) -> str:
        """Make a volume that no host has; ``origin``: the snapshot that it is made from."""
        fields = {"SnapshotId": origin} if origin else {"Encrypted": encrypted, "Size": 1}
        made = str(self.account.call("ec2", "create_volume", AvailabilityZone="eu-west-1a", **fields)["VolumeId"])
        self.account.tag(made, tags or {})
        return made

    def former(self, tags: Tags) -> str:
        """Make a snapshot, in the clear, of a volume that is gone."""
        volume = self.volume(encrypted=False)
        made = self.account.snapshot(volume)
        self.account.tag(made, tags)
        self.account.call("ec2", "delete_volume", VolumeId=volume)
        return made

    def made_from(self, volume: str, snapshot: str) -> None:
        """Note in moto that a volume was made from a snapshot."""
        self.account.backend("ec2").volumes[volume].snapshot_id = snapshot

    def image_of(self, snapshot: str) -> str:
        """Make an image of a snapshot."""
        image, ec2 = self.account.image(), self.account.backend("ec2")
        ec2.amis[image].ebs_snapshot = ec2.snapshots[snapshot]
        return image


@pytest.fixture
def cluster(inner_account: Account) -> Cluster:
    """A stacked control-plane host whose root volume is encrypted, and a node."""
    a = inner_account
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "all")
    master, node = a.host("m", subnet, [group], capa.control_plane), a.host("n", subnet, [group], capa.node)
    hosts = (*hosts_of(a, master.id, role=Role.CONTROL_PLANE), *hosts_of(a, node.id))
    stacked = tuple(
        Host(one.id, one.name, roles, one.role_evidence, one.interfaces, one.source, disks=one.disks)
        for one, roles in zip(hosts, ((Role.CONTROL_PLANE, Role.ETCD), (Role.NODE,)), strict=True)
    )
    return Cluster(a, master.id, master.root, stacked)


def of_root(cluster: Cluster) -> dict[str, DiskSnapshot]:
    (disk,) = (disk for disk in cluster.storage().disks if disk.id == cluster.root)
    return {one.id: one for one in disk.snapshots}


def test_what_a_volume_was_made_from(cluster: Cluster) -> None:
    origin = cluster.former({})
    cluster.made_from(cluster.root, origin)
    found = of_root(cluster)
    assert (found[origin].relation, found[origin].encrypted) == ("the origin of", False)
    assert origin in cluster.row().why


def test_what_hosts_were_installed_from_holds_no_data(cluster: Cluster) -> None:
    golden = cluster.former({})
    cluster.made_from(cluster.root, golden)
    cluster.image_of(golden)
    assert of_root(cluster) == {}


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [(capa.control_plane, "FAIL"), (etcd_volume("main"), "FAIL"), (OWNED, "UNKNOWN"), ({"team": "x"}, "PASS")],
)
def test_an_image_that_bears_the_clusters_tags_is_of_a_former_host(cluster: Cluster, tags: Tags, verdict: str) -> None:
    """A host that is made again from an image of itself is made from etcd's data."""
    origin = cluster.former(tags)
    cluster.made_from(cluster.root, origin)
    cluster.image_of(origin)
    assert cluster.row().verdict == verdict


def test_an_image_of_a_host_is_shared_as_an_image(cluster: Cluster) -> None:
    a = cluster.account
    taken = a.snapshot(cluster.root)
    image = cluster.image_of(taken)
    changes = {"Attribute": "launchPermission", "OperationType": "add", "UserIds": [SHARED]}
    a.call("ec2", "modify_image_attribute", ImageId=image, **changes)
    found = of_root(cluster)
    assert found[taken].shared_with == ()
    assert (found[image].kind, found[image].shared_with) == ("image", (SHARED,))
    assert image in cluster.row().why


def test_a_copy_of_a_snapshot_is_known_by_its_description(cluster: Cluster) -> None:
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


def test_a_copy_of_an_image_of_a_host_is_shared_as_an_image(cluster: Cluster) -> None:
    a = cluster.account
    taken = a.snapshot(cluster.root)
    cluster.image_of(taken)
    image = cluster.image_of(copy_of(a, taken, OF_IMAGE))
    changes = {"Attribute": "launchPermission", "OperationType": "add", "UserGroups": ["all"]}
    a.call("ec2", "modify_image_attribute", ImageId=image, **changes)
    assert image in cluster.row().why


def test_copies_are_followed_as_far_as_they_go(cluster: Cluster) -> None:
    """A copy of a copy of a snapshot of a volume that was made of a snapshot of the root volume."""
    a = cluster.account
    volume = cluster.volume(origin=a.snapshot(cluster.root))
    copied = copy_of(a, a.snapshot(volume), "[Copied {} from eu-west-1]")
    last = copy_of(a, copied, "[Copied {} from eu-west-1]")
    assert cluster.row().verdict == "PASS"
    changes = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": [SHARED]}
    a.call("ec2", "modify_snapshot_attribute", SnapshotId=last, **changes)
    assert last in cluster.row().why


def test_a_volume_made_of_a_copy_holds_the_data_too(cluster: Cluster) -> None:
    taken = cluster.account.snapshot(cluster.root)
    made = cluster.volume(origin=taken)
    cluster.account.backend("ec2").volumes[made].encrypted = False
    found: dict[str, Disk] = {disk.id: disk for disk in cluster.storage().disks}
    evidence = found[made].etcd_evidence
    assert evidence is not None
    assert evidence.text == f"made from {taken}, a copy of {cluster.root}"
    assert made in cluster.row().why
    assert not found[made].is_the_place_of_etcd


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
def test_copies_of_former_volumes_are_known_by_their_tags(cluster: Cluster, tags: Tags, verdict: str) -> None:
    former = cluster.former(tags)
    found = cluster.row()
    assert found.verdict == verdict
    assert (former in found.why) == (verdict != "PASS")


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
def test_volumes_that_former_hosts_have_left(cluster: Cluster, tags: Tags, verdict: str) -> None:
    left = cluster.volume(tags=tags, encrypted=False)
    found = cluster.row()
    assert found.verdict == verdict
    assert (left in found.why) == (verdict != "PASS")


def test_an_encrypted_volume_that_a_former_host_has_left_is_no_doubt(cluster: Cluster) -> None:
    cluster.volume(tags=OWNED)
    assert cluster.row().verdict == "PASS"


@pytest.mark.parametrize("named", [False, True])
def test_an_instance_store_that_is_not_encrypted_may_hold_etcd(cluster: Cluster, *, named: bool) -> None:
    """Unless an installer's tag says where etcd's data is."""
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
def test_which_types_have_stores_that_are_not_encrypted(kind: str, root: str, words: str) -> None:
    store = plain_store({"InstanceType": kind, "RootDeviceType": root})
    assert store.startswith(words)
    assert bool(store) is bool(words)


def test_a_volume_with_etcds_events_does_not_name_the_place_of_the_rest(cluster: Cluster) -> None:
    host = cluster.hosts[0]
    cluster.account.backend("ec2").volumes[cluster.root].encrypted = False
    main, events = (cluster.volume(tags=etcd_volume(name)) for name in ("main", "events"))
    cluster.account.call("ec2", "attach_volume", VolumeId=events, InstanceId=host.id, Device="/dev/xvdv")
    assert cluster.root in cluster.row().why
    cluster.account.call("ec2", "attach_volume", VolumeId=main, InstanceId=host.id, Device="/dev/xvdu")
    assert cluster.row().verdict == "PASS"


def test_copies_of_todays_other_volumes_hold_no_data_of_etcd(cluster: Cluster) -> None:
    (worker,) = cluster.hosts[1].disks
    taken = cluster.account.snapshot(worker, "all")
    cluster.account.tag(taken, OWNED)
    assert cluster.storage().copies == ()


def test_where_a_tag_names_etcds_volumes_it_names_their_copies(cluster: Cluster) -> None:
    (host,) = (one for one in cluster.hosts if one.id == cluster.master)
    volume = cluster.volume(tags=etcd_volume("main"))
    cluster.account.call("ec2", "attach_volume", VolumeId=volume, InstanceId=host.id, Device="/dev/xvdu")
    cluster.former(capa.control_plane)
    assert cluster.storage().copies == ()


def test_a_public_snapshot_of_an_account_that_shares_none_is_private(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = cluster.account.snapshot(cluster.root, "all")
    assert of_root(cluster)[taken].shared_with == ("all",)

    def blocked(api: Api) -> bool:
        return bool(api)

    monkeypatch.setattr("cloudguard_aws.storage.sharing._is_blocked", blocked)
    assert of_root(cluster)[taken].shared_with == ()
