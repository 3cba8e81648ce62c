"""Cluster API's defaults: NodePorts open to the world, but on nodes that the world cannot address: latent."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Make it."""
    cluster = clean.build(a)
    cluster.nodes.allow("tcp/30000-32767", WORLD)  # NOT OK: node-access/inside
