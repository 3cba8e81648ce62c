"""ICMP: "fragmentation needed" from the world is needed, echo is a small excess."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    ping = a.group(cluster.vpc, "ping")  # OK
    ping.allow("icmp/3/4", WORLD)  # OK
    ping.allow("icmp/8/0", WORLD)  # NOT OK: node-access/internet
    a.host("edge", cluster.public, [cluster.nodes, ping], capa.node, role=cluster.node_role, public=True)  # OK
