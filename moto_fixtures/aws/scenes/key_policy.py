"""The policy of etcd's key lets a role of nodes decrypt with it. No policy of the role itself shows this."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import etcd_volume, kops
from moto_fixtures.aws.scenes import kops_ha

DECLARED = kops_ha.DECLARED
VERDICTS = kops_ha.VERDICTS | {"cloud-api-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = kops_ha.build(a)
    role = a.role("backup.prod")  # NOT OK: cloud-api-access/inside
    a.host("node-backup", cluster.utility, [cluster.nodes], kops.node, role=role)  # OK
    key = a.key()  # OK
    a.volume(cluster.control_plane[0], etcd_volume("events"), key=key, device="/dev/xvdv")  # OK
    named = {"AWS": role.arn}
    a.key_policy(key, {"Effect": "Allow", "Principal": named, "Action": "kms:Decrypt", "Resource": "*"})  # OK
