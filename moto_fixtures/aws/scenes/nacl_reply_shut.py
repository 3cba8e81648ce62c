"""A public node: group and network ACL let the world in, but the ACL denies replies, so no connection is possible."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS
RULES = ("in 100 allow all 0.0.0.0/0", "out 100 allow all 10.0.0.0/16")


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    edge = a.subnet(cluster.vpc, public=True)  # OK
    a.nacl(edge, *RULES)  # OK
    debug = a.group(cluster.vpc, "debug")  # OK
    debug.allow("tcp/22", WORLD)  # NOT OK: node-access/inside
    groups = [cluster.nodes, debug]
    a.host("edge", edge, groups, capa.node, role=cluster.node_role, public=True)  # NOT OK: node-access/public-address
