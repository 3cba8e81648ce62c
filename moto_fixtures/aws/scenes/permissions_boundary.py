"""Roles with all permissions: one within a boundary, one with a boundary it may remove, one with a denied bucket."""

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
    within = a.role("within.prod", statement("*"))  # OK
    a.bound(within, *needed(*CAPA_NODE))  # OK
    bucket = statement("*", resource="arn:aws:s3:::audit*") | {"Effect": "Deny"}
    everything = statement("*")
    beyond = a.role("beyond.prod", everything, bucket)  # NOT OK: cloud-api-access/administrator
    lifting = a.role("lifting.prod", everything)  # NOT OK: cloud-api-access/administrator
    a.bound(lifting, *needed(*CAPA_NODE), statement("iam:DeleteRolePermissionsBoundary"))  # OK
    for name, role in (("within", within), ("beyond", beyond), ("lifting", lifting)):
        a.host(f"prod-{name}", cluster.private, [cluster.nodes], capa.node, role=role)  # OK
