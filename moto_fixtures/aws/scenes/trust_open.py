"""Roles that others may assume: anyone; another account, with or without an external id; GitHub workflows."""

from __future__ import annotations

from moto_fixtures.aws.builder import ACCOUNT, Account
from moto_fixtures.aws.builder.machines import Statement
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.needed import CAPA_NODE, needed
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"cloud-api-access": "FAIL"}
GITHUB = "token.actions.githubusercontent.com"
WORKFLOWS: Statement = {
    "Effect": "Allow",
    "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"},
    "Action": "sts:AssumeRoleWithWebIdentity",
}
OTHER: Statement = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    node = needed(*CAPA_NODE)
    anyone = a.role("anyone.prod", *node, trust={"Effect": "Allow", "Principal": "*"})  # NOT OK: cloud-api-access/trust
    other = a.role("other.prod", *node, trust=OTHER)  # NOT OK: cloud-api-access/trust
    known = {"StringEquals": {"sts:ExternalId": "b1946ac9"}}
    partner = a.role("partner.prod", *node, trust=OTHER | {"Condition": known})  # NOT OK: cloud-api-access/trust
    every = {"StringLike": {f"{GITHUB}:sub": "repo:*/infrastructure:*"}}
    workflows = a.role("ci.prod", *node, trust=WORKFLOWS | {"Condition": every})  # NOT OK: cloud-api-access/trust
    nobody = {"StringEquals": {f"{GITHUB}:sub": "repo:example/*"}}
    unused = a.role("unused.prod", *node, trust=WORKFLOWS | {"Condition": nobody})  # OK
    own = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/break-glass-*"}}
    inner = a.role("inner.prod", *node, trust={"Effect": "Allow", "Principal": "*", "Condition": own})  # OK
    for number, role in enumerate((anyone, other, partner, workflows, unused, inner)):
        a.host(f"prod-md-{number}", cluster.private, [cluster.nodes], capa.node, role=role)  # OK
