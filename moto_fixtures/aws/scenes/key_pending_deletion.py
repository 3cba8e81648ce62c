"""An etcd volume whose customer key will soon be deleted, and another whose customer key is disabled."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import etcd_volume
from moto_fixtures.aws.scenes import kops_ha

DECLARED = kops_ha.DECLARED
VERDICTS = kops_ha.VERDICTS | {"etcd-encryption": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    first, second, _ = kops_ha.build(a).control_plane
    dying = a.key(pending_deletion=True)  # NOT OK: etcd-encryption/key
    off = a.key(disabled=True)  # NOT OK: etcd-encryption/key
    a.volume(first, etcd_volume("events"), key=dying, device="/dev/xvdv")  # OK
    a.volume(second, etcd_volume("events", "b"), key=off, device="/dev/xvdv")  # OK
