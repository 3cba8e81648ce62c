"""A role of kops' nodes may stop only hosts with the cluster's tag, but may set that tag on any host."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account, statement
from moto_fixtures.aws.installers import kops
from moto_fixtures.aws.scenes import kops_ha, wide_roles

DECLARED = kops_ha.DECLARED
VERDICTS = kops_ha.VERDICTS | {"cloud-api-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = kops_ha.build(a)
    stop = statement("ec2:StopInstances") | {"Condition": wide_roles.OWN}
    tagging = statement("ec2:CreateTags", resource="arn:aws:ec2:*:*:instance/*")
    role = a.role("reaper.prod", stop, tagging)  # NOT OK: cloud-api-access/laundering, cloud-api-access/outside
    a.host("node-reaper", cluster.utility, [cluster.nodes], kops.node, role=role)  # OK
