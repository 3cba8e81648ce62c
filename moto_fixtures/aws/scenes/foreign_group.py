"""etcd lets in a group of another account, whose members can't be listed from this account."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"etcd-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    partner = a.foreign_group(cluster.vpc, "210987654321")  # OK
    cluster.masters.allow("tcp/2379", partner)  # NOT OK: etcd-access/inside
