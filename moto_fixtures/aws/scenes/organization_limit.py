"""A role of nodes may read and write every object in S3, but the organization denies this to the whole account."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account, statement
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.needed import CAPA_NODE, needed
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    objects = statement("s3:GetObject", "s3:PutObject")
    a.organize(objects | {"Effect": "Deny"})  # OK
    role = a.role("reports.prod", *needed(*CAPA_NODE), objects)  # OK
    a.host("prod-md-1", cluster.private, [cluster.nodes], capa.node, role=role)  # OK
