"""EKS whose applications have roles, by the issuer or by pod identity. One role is an administrator of the account."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.builder.machines import Statement
from moto_fixtures.aws.installers import CLUSTER
from moto_fixtures.aws.scenes import eks_restricted

DECLARED = eks_restricted.DECLARED
VERDICTS = eks_restricted.VERDICTS | {"cloud-api-access": "FAIL"}
EVERYTHING: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
LISTS: Statement = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
PASSES: Statement = {"Effect": "Allow", "Action": ["iam:PassRole", "ec2:RunInstances"], "Resource": "*"}


def build(a: Account) -> None:
    """Build the account."""
    eks_restricted.build(a)
    issuer = a.issuer(CLUSTER)
    a.federated("payments.prod", issuer, "payments:api", grants=(EVERYTHING,))  # NOT OK: cloud-api-access/administrator
    a.federated("inventory.prod", issuer, "tools:inventory", grants=(LISTS,))  # OK
    runner = a.role("runner.prod", PASSES, service="pods.eks")  # NOT OK: cloud-api-access/escalation
    a.associate(CLUSTER, "ci:runner", runner.arn)
