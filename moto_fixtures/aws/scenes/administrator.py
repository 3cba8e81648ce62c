"""The nodes' role allows every action, so every pod that reaches the metadata service may do everything."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account, statement
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"cloud-api-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    role = a.role("nodes-legacy.prod", statement("*"))  # NOT OK: cloud-api-access/administrator
    a.host("legacy", cluster.private, [cluster.nodes], capa.node, role=role)  # OK
