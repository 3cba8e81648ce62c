"""Snapshots of etcd's volumes: one private, one shared with an account, one public and of an unencrypted volume."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import etcd_volume
from moto_fixtures.aws.scenes import kops_ha

DECLARED = kops_ha.DECLARED
VERDICTS = kops_ha.VERDICTS | {"etcd-encryption": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    first, second, _ = kops_ha.build(a).control_plane
    kept = a.volume(first, etcd_volume("events"), device="/dev/xvdv")  # OK
    bare = a.volume(
        second, etcd_volume("events", "b"), encrypted=False, device="/dev/xvdv"
    )  # NOT OK: etcd-encryption/disk
    a.snapshot(kept)  # OK
    a.snapshot(kept, shared_with="210987654321")  # NOT OK: etcd-encryption/snapshot
    a.snapshot(bare, shared_with="all")  # NOT OK: etcd-encryption/snapshot
