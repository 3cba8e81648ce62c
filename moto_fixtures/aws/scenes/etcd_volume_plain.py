"""kops: the volume of etcd's events is not encrypted, although the main volume is."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import etcd_volume
from moto_fixtures.aws.scenes import kops_ha

DECLARED = kops_ha.DECLARED
VERDICTS = kops_ha.VERDICTS | {"etcd-encryption": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = kops_ha.build(a)
    events = etcd_volume("events")
    a.volume(cluster.control_plane[0], events, encrypted=False, device="/dev/xvdv")  # NOT OK: etcd-encryption/disk
