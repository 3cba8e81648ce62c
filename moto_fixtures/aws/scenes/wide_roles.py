"""Roles with different kinds of excess permissions, and one role that lacks permissions."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account, statement
from moto_fixtures.aws.installers import CLUSTER, capa
from moto_fixtures.aws.needed import CAPA_NODE, needed
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"cloud-api-access": "FAIL"}
OWN = {"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{CLUSTER}": "owned"}}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    node = needed(*CAPA_NODE)
    bucket = statement("s3:*", resource="arn:aws:s3:::reports*")
    reader = a.role("reports.prod", *node, bucket)  # NOT OK: cloud-api-access/outside, cloud-api-access/listing
    stop = statement("ec2:StopInstances") | {"Condition": OWN}
    stopper = a.role("stopper.prod", *node, stop)  # NOT OK: cloud-api-access/inside
    lister = a.role("lister.prod", *node, statement("rds:DescribeDBInstances"))  # NOT OK: cloud-api-access/listing
    nowhere = statement("s3:PutObject", resource="arn:aws:ec2:*:*:instance/*")
    user_data, model = statement("ec2:DescribeInstanceAttribute"), statement("bedrock:InvokeModel")
    describer = a.role("describer.prod", *node, user_data)  # NOT OK: cloud-api-access/outside
    caller = a.role("caller.prod", *node, model)  # NOT OK: cloud-api-access/outside
    idle = a.role("idle.prod", *node, nowhere)  # NOT OK: cloud-api-access/idle
    poor = a.role("poor.prod", *needed("node"))  # NOT OK: cloud-api-access/missing
    for number, role in enumerate((reader, stopper, lister, describer, caller, idle, poor)):
        a.host(f"prod-md-{number}", cluster.private, [cluster.nodes], capa.node, role=role)  # OK
