"""An EC2 Fleet keeps a node running. The template of its next node has a group that lets in the internet."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    debug = a.group(cluster.vpc, "debug")  # OK
    debug.allow("tcp/22", WORLD)  # NOT OK: node-access/internet
    template = a.template("prod-spot", [cluster.nodes, debug], capa.node, public=True)  # OK
    fleet = a.fleet(template, cluster.public)  # OK
    tags = {**capa.node, "aws:ec2:fleet-id": fleet}
    a.host("prod-spot-a", cluster.private, [cluster.nodes], tags, role=cluster.node_role)  # OK
