"""A rule lets an office behind a VPN in to SSH on the nodes, by a range wider than the cluster's own."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    office = a.vpn(cluster.vpc)  # OK
    a.route(cluster.private, "192.168.0.0/16", office)  # OK
    cluster.nodes.allow("tcp/22", "192.168.0.0/16")  # NOT OK: node-access/inside
