"""A node that is closed on IPv4 and open on IPv6: no public IPv4 address, but ::/0 may use SSH."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD6, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a, ipv6=True)
    debug = a.group(cluster.vpc, "debug")  # OK
    debug.allow("tcp/22", WORLD6)  # NOT OK: node-access/internet
    a.host("prod-md-1-a", cluster.public, [cluster.nodes, debug], capa.node, role=cluster.node_role)  # OK
