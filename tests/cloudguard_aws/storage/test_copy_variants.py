"""Volumes and copies of etcd's data on EC2 in rare forms. Each name gives the reason for its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from aws_stacked import SHARED, StackedCluster, stacked_cluster
from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import OWNED, etcd_volume

PVC = OWNED | {"kubernetes.io/created-for/pvc/name": "data-0"}
OTHER = {"kubernetes.io/cluster/other": "owned", "k8s.io/etcd/main": "a/a"}


def attached(c: StackedCluster, host: str, volume: str) -> None:
    c.account.call("ec2", "attach_volume", VolumeId=volume, InstanceId=host, Device="/dev/xvdu")


def image(c: StackedCluster, host: str, who: dict[str, str] | None = None) -> None:
    """Make an image of a host and share it with ``who``. moto makes unencrypted snapshots of other volumes for it."""
    made = c.account.call("ec2", "create_image", InstanceId=host, Name="backup")["ImageId"]
    if who:
        c.account.call("ec2", "modify_image_attribute", ImageId=made, LaunchPermission={"Add": [who]})


def a_snapshot_of_its_own_account(c: StackedCluster) -> None:
    c.account.snapshot(c.root)


def a_snapshot_for_another_account(c: StackedCluster) -> None:
    c.account.snapshot(c.root, SHARED)


def a_copy_of_a_snapshot_for_everyone(c: StackedCluster) -> None:
    taken, ec2 = c.account.snapshot(c.root), "ec2"
    words = f"[Copied {taken} from eu-west-1]"
    copy = {"SourceRegion": "eu-west-1", "SourceSnapshotId": taken, "Description": words}
    made = c.account.call(ec2, "copy_snapshot", **copy)["SnapshotId"]
    shared = {"Attribute": "createVolumePermission", "OperationType": "add", "GroupNames": ["all"]}
    c.account.call(ec2, "modify_snapshot_attribute", SnapshotId=made, **shared)


def an_image_of_the_control_plane_for_everyone(c: StackedCluster) -> None:
    image(c, c.master, {"Group": "all"})


def an_image_of_the_control_plane_of_before_its_disk_was_replaced(c: StackedCluster) -> None:
    image(c, c.master)


def an_image_of_a_worker_for_everyone(c: StackedCluster) -> None:
    image(c, c.worker, {"Group": "all"})


def an_image_of_a_host_whose_etcd_volume_a_tag_names(c: StackedCluster) -> None:
    attached(c, c.master, c.volume(tags=etcd_volume("main")))
    image(c, c.master)


def a_second_disk_in_the_clear(c: StackedCluster) -> None:
    attached(c, c.master, c.volume(encrypted=False))


def a_second_disk_in_the_clear_of_a_worker(c: StackedCluster) -> None:
    attached(c, c.worker, c.volume(encrypted=False))


def a_pods_volume_in_the_clear_on_the_control_plane(c: StackedCluster) -> None:
    attached(c, c.master, c.volume(tags=PVC, encrypted=False))


def a_pods_volume_in_the_clear_that_no_host_has(c: StackedCluster) -> None:
    c.volume(tags=PVC, encrypted=False)


def an_etcd_volume_in_the_clear_that_no_host_has(c: StackedCluster) -> None:
    c.volume(tags=etcd_volume("events"), encrypted=False)


def an_etcd_volume_in_the_clear_of_another_cluster(c: StackedCluster) -> None:
    c.volume(tags=OTHER, encrypted=False)


def a_disk_made_from_a_snapshot_in_the_clear(c: StackedCluster) -> None:
    c.made_from(c.root, c.former({}))


def no_answer_whether_disks_are_encrypted(c: StackedCluster) -> None:
    def forget(parsed: dict[str, Any], **_rest: object) -> None:
        for volume in parsed["Volumes"]:
            volume.pop("Encrypted", None)

    cast("Any", c.account.session).events.register("after-call.ec2.DescribeVolumes", forget)


PLACES: dict[Callable[[StackedCluster], None], str] = {
    a_snapshot_of_its_own_account: "PASS",
    a_snapshot_for_another_account: "FAIL",
    a_copy_of_a_snapshot_for_everyone: "FAIL",
    an_image_of_the_control_plane_for_everyone: "FAIL",
    an_image_of_the_control_plane_of_before_its_disk_was_replaced: "FAIL",
    an_image_of_a_worker_for_everyone: "PASS",
    an_image_of_a_host_whose_etcd_volume_a_tag_names: "UNKNOWN",
    a_second_disk_in_the_clear: "FAIL",
    a_second_disk_in_the_clear_of_a_worker: "PASS",
    a_pods_volume_in_the_clear_on_the_control_plane: "FAIL",
    a_pods_volume_in_the_clear_that_no_host_has: "PASS",
    an_etcd_volume_in_the_clear_that_no_host_has: "FAIL",
    an_etcd_volume_in_the_clear_of_another_cluster: "PASS",
    a_disk_made_from_a_snapshot_in_the_clear: "FAIL",
    no_answer_whether_disks_are_encrypted: "FAIL",
}


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(("place", "verdict"), PLACES.items(), ids=lambda item: getattr(item, "__name__", item))
def test_the_row_has_the_expected_verdict(
    inner_account: Account, place: Callable[[StackedCluster], None], verdict: str
) -> None:
    cluster = stacked_cluster(inner_account)
    place(cluster)
    row = cluster.row()
    assert row.verdict == verdict, (row.why, row.unknown)
