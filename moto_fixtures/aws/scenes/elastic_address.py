"""An Elastic IP on a node in a subnet called private, which nevertheless has a route to the internet."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    private = a.subnet(cluster.vpc, public=True, tags={"Name": "prod-private-c"})  # OK
    debug = a.group(cluster.vpc, "debug")  # OK
    debug.allow("tcp/22", WORLD)  # NOT OK: node-access/internet
    host = a.host("prod-md-1-a", private, [cluster.nodes, debug], capa.node, role=cluster.node_role)  # OK
    a.address(host)  # OK
