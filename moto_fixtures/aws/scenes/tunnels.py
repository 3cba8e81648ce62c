"""Protocols without ports: IP-in-IP (4) and ESP (50) are open to the world on a public node."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    overlay = a.group(cluster.vpc, "overlay")  # OK
    overlay.allow("proto/4", WORLD)  # NOT OK: node-access/internet
    overlay.allow("proto/50", WORLD)  # NOT OK: node-access/internet
    a.host("edge", cluster.public, [cluster.nodes, overlay], capa.node, role=cluster.node_role, public=True)  # OK
