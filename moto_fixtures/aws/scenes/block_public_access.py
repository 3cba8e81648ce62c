"""A node with a public address opens SSH to the world, but VPC Block Public Access blocks every internet gateway."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    jump = a.group(cluster.vpc, "prod-jump")  # OK
    jump.allow("tcp/22", WORLD)  # NOT OK: node-access/inside
    a.host("prod-md-0-c", cluster.public, [cluster.nodes, jump], capa.node, role=cluster.node_role, public=True)  # OK
    a.backend("ec2").public_access = "block-ingress"
