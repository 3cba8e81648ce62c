"""etcd on its own hosts, which a flag names. The nodes may reach it, although only the control plane should."""

from __future__ import annotations

from dataclasses import replace

from cloudguard.model.cluster import Role
from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import OWNED
from moto_fixtures.aws.scenes import clean

DECLARED = replace(clean.DECLARED, role_tags={Role.ETCD: ("tier=etcd",)})
VERDICTS = clean.VERDICTS | {"etcd-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    etcd = a.group(cluster.vpc, "prod-etcd")  # OK
    etcd.allow("tcp/2379", cluster.masters)  # OK
    etcd.allow("tcp/2379-2380", etcd)  # OK
    etcd.allow("tcp/2379", cluster.nodes)  # NOT OK: etcd-access/inside
    for member in "abc":
        a.host(f"prod-etcd-{member}", cluster.private, [etcd], OWNED | {"tier": "etcd"})  # OK
