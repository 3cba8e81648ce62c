"""A customer key is required (``--require-cmk``), but one etcd volume has the provider's default key."""

from __future__ import annotations

from cloudguard.needs.declarations import Declarations
from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import etcd_volume
from moto_fixtures.aws.scene import Declared
from moto_fixtures.aws.scenes import kops_ha

DECLARED = Declared(Declarations(require_customer_key=True))
VERDICTS = kops_ha.VERDICTS | {"etcd-encryption": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    first, _, _ = kops_ha.build(a).control_plane
    a.volume(first, etcd_volume("events"), device="/dev/xvdv")  # NOT OK: etcd-encryption/customer-key
