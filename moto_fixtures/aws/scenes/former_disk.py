"""An unencrypted snapshot of a former volume of etcd's events. The volume is deleted, the snapshot has its tags."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import etcd_volume
from moto_fixtures.aws.scenes import kops_ha

DECLARED = kops_ha.DECLARED
VERDICTS = kops_ha.VERDICTS | {"etcd-encryption": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    host = kops_ha.build(a).control_plane[0]
    old = a.volume(host, encrypted=False, device="/dev/xvdw")  # OK
    copy = a.snapshot(old)  # NOT OK: etcd-encryption/snapshot
    a.tag(copy, etcd_volume("events"))  # OK
    a.call("ec2", "detach_volume", VolumeId=old, InstanceId=host.id, Device="/dev/xvdw")  # OK
    a.call("ec2", "delete_volume", VolumeId=old)  # OK
