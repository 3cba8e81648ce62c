"""Hosts whose metadata service answers pods, because its hop limit is 2."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"cloud-api-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    a.host(
        "prod-md-1", cluster.private, [cluster.nodes], capa.node, role=cluster.node_role, hops=2
    )  # NOT OK: cloud-api-access/metadata
