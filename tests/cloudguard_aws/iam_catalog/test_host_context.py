"""Conditions on the instance whose credentials sign a request, and on the service that gets a passed role."""

from __future__ import annotations

import pytest

from aws_ranks import ACCOUNT, CRITICAL, GRANTED_NOTHING, HIGH, Json, allow, deny, worst
from builders import NETWORK

UNDECIDED = "UNKNOWN"
OWN_VPC, INSTANCE_VPC = {"aws:Ec2InstanceSourceVpc": NETWORK}, "aws:Ec2InstanceSourceVpc"
PASSED = "iam:PassedToService"


def of_instance(name: str) -> Json:
    return allow("*", ArnEquals={"ec2:SourceInstanceARN": f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/{name}"})


def passing(**condition: object) -> list[Json]:
    return [{**allow("iam:PassRole"), "Condition": condition}, allow("ec2:RunInstances")]


ROWS: dict[str, tuple[str, list[Json]]] = {
    "one of the cluster's own hosts": (CRITICAL, [of_instance("n")]),
    "an instance that is not the cluster's": (HIGH, [of_instance("i-0123456789abcdef0")]),
    "the VPC of the cluster's hosts": (CRITICAL, [allow("*", StringEquals=OWN_VPC)]),
    "a VPC without hosts of the cluster": (GRANTED_NOTHING, [allow("*", StringEquals={INSTANCE_VPC: "vpc-other"})]),
    "a denial outside the VPC of the cluster's hosts": (CRITICAL, [allow("*"), deny("*", StringNotEquals=OWN_VPC)]),
    "a denial outside another VPC": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", StringNotEquals={INSTANCE_VPC: "vpc-other"})],
    ),
    "a private address, which is not known of the next host": (
        UNDECIDED,
        [allow("*", StringEquals={"aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.4"})],
    ),
    "an identity provider, which is not known of the session": (
        UNDECIDED,
        [allow("*", StringEquals={"aws:FederatedProvider": "x"})],
    ),
    "a role for every service except EC2": (HIGH, passing(StringNotEquals={PASSED: "ec2.amazonaws.com"})),
    "a role for EC2 in China": (
        HIGH,
        passing(StringEquals={PASSED: "ec2.amazonaws.com.cn"}),
    ),
    "a role for any service, as a pattern": (CRITICAL, passing(StringLike={PASSED: "*"})),
    "a role for EC2, if the service is named": (CRITICAL, passing(StringEqualsIfExists={PASSED: "ec2.amazonaws.com"})),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize(("found", "granted"), ROWS.values(), ids=ROWS)
def test_a_policy_has_the_expected_severity(found: str, granted: list[Json]) -> None:
    assert worst(granted) == found
