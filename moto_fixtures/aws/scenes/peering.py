"""A rule lets a peered VPC in, by its range, to etcd and to every kubelet."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL", "etcd-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    peer = a.vpc("10.1.0.0/16")  # OK
    link = a.peering(cluster.vpc, peer)  # OK
    a.route(cluster.private, peer.cidr, link)  # OK
    cluster.masters.allow("tcp/2379", peer.cidr)  # NOT OK: etcd-access/inside
    cluster.nodes.allow("tcp/10250", peer.cidr)  # NOT OK: node-access/inside
