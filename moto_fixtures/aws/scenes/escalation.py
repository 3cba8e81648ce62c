"""The nodes' role may start hosts with any role that it may pass, and so use any of these roles."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account, statement
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.needed import CAPA_NODE, needed
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"cloud-api-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    start = statement("ec2:RunInstances", "iam:PassRole")
    role = a.role(
        "scaler.prod", *needed(*CAPA_NODE), start
    )  # NOT OK: cloud-api-access/escalation, cloud-api-access/outside
    a.host("prod-scaler", cluster.private, [cluster.nodes], capa.node, role=role)  # OK
