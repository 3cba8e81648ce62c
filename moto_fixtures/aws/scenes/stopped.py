"""A stopped node in a public subnet lets the world in to SSH as soon as it starts with a public address."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "UNKNOWN"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    jump = a.group(cluster.vpc, "prod-jump")  # OK
    jump.allow("tcp/22", WORLD)  # NOT OK: node-access/inside
    host = a.host("prod-md-0-c", cluster.public, [cluster.nodes, jump], capa.node, role=cluster.node_role)  # OK
    a.call("ec2", "stop_instances", InstanceIds=[host.id])
