"""Public addresses in subnets without a route to the internet gateway: one of an instance, one Elastic IP."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    island = a.subnet(cluster.vpc)  # OK
    debug = a.group(cluster.vpc, "debug")  # OK
    debug.allow("tcp/22", WORLD)  # NOT OK: node-access/inside
    a.host("addressed", island, [cluster.nodes, debug], capa.node, role=cluster.node_role, public=True)  # OK
    elastic = a.host("elastic", cluster.private, [cluster.nodes, debug], capa.node, role=cluster.node_role)  # OK
    a.address(elastic)  # OK
