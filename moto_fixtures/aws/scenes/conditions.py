"""Roles with conditions that all of their requests meet, that ordinary requests meet, or that no request meets."""

from __future__ import annotations

from moto_fixtures.aws.builder import ACCOUNT, Account, statement
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.needed import CAPA_NODE, needed
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"cloud-api-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster, need = clean.build(a), needed(*CAPA_NODE)
    past = {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    own = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    others = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/admin-*"}}
    region = {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}
    itself = {"Bool": {"aws:SecureTransport": "true", "aws:ViaAWSService": "false"}}
    queues, identities = statement("sqs:*"), statement("iam:*")
    denied = queues | {"Effect": "Deny", "Condition": own}
    apart = identities | {"Effect": "Deny", "Condition": others}
    elsewhere = statement("iam:*") | {"Effect": "Deny", "Condition": region}
    former = a.role("former.prod", *need, queues | {"Condition": past})  # NOT OK: cloud-api-access/idle
    never = a.role("denied.prod", *need, queues, denied)  # OK
    other = a.role("apart.prod", *need, identities, apart)  # OK
    alone = a.role("itself.prod", *need, identities | {"Condition": itself})  # NOT OK: cloud-api-access/administrator
    local = a.role("region.prod", *need, identities, elsewhere)  # NOT OK: cloud-api-access/administrator
    for role in (former, never, other, alone, local):
        a.host(role.name, cluster.private, [cluster.nodes], capa.node, role=role)  # OK
