"""Interfaces that send nothing are in the cluster's groups: two without an instance, and one of a file system."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    for group in (cluster.masters, cluster.nodes):
        a.interface(cluster.private, [group], "aws-K8S-i-0123456789abcdef0")  # OK
    a.interface(cluster.private, [cluster.masters], "EFS mount target for fs-1 (fsmt-1)", kind="efs")  # OK
