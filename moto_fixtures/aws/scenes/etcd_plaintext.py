"""An application load balancer in front of etcd speaks HTTP to it, so etcd does not use TLS there."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"etcd-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    front = a.group(cluster.vpc, "etcd-front")  # OK
    front.allow("tcp/2379", cluster.masters)  # OK
    cluster.masters.allow("tcp/2379", front)  # OK
    inner = a.nlb("etcd", cluster.private, [front], internal=True, kind="application")  # OK
    a.listener(inner, 2379, [cluster.control_plane], 2379, protocol="HTTP")  # NOT OK: etcd-access/plaintext
