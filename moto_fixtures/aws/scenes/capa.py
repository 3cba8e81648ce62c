"""Cluster API's defaults: NodePorts are open to the world on nodes without public addresses (latent exposure)."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    cluster.nodes.allow("tcp/30000-32767", WORLD)  # NOT OK: node-access/inside
