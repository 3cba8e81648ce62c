"""kops with the AWS VPC CNI: one all-protocols rule for the nodes also opens etcd's ports, which kops leaves closed."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import kops_ha

DECLARED = kops_ha.DECLARED
VERDICTS = kops_ha.VERDICTS | {"etcd-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = kops_ha.build(a)
    cluster.masters.allow("all", cluster.nodes)  # NOT OK: etcd-access/inside
