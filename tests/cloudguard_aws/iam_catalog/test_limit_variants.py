"""Boundaries and organization policies in rare forms. Each id gives the reason for its answer."""

from __future__ import annotations

import pytest

from aws_ranks import ACCOUNT, BOUNDARY, CRITICAL, GRANTED_NOTHING, HIGH, ORGANIZATION, ROLE, Json, allow, deny, worst

UNDECIDED = "UNKNOWN"
ALL, READ, UNREAD = allow("*"), allow("ec2:DescribeInstances"), list[Json]()
ADMINISTRATORS = {"aws:PrincipalArn": "arn:aws:iam::*:role/admin-*"}
Limits = tuple[list[Json], ...]


def but(*denials: Json) -> Limits:
    return ([ALL, *denials],)


LIMITS: dict[str, tuple[str, Limits]] = {
    "one level allows all": (CRITICAL, ([ALL],)),
    "one level denies all": (GRANTED_NOTHING, but(deny("*"))),
    "two levels that have no action in common": (GRANTED_NOTHING, ([allow("s3:*")], [READ])),
    "the second level allows IAM only": (CRITICAL, ([ALL], [allow("iam:*")])),
    "a level that was not read": (UNDECIDED, ([ALL], UNREAD)),
    "a denial for the account's root user": (
        CRITICAL,
        but(deny("*", StringLike={"aws:PrincipalArn": "arn:aws:iam::*:root"})),
    ),
    "a denial for roles without a tag that the role has": (
        CRITICAL,
        but(deny("*", StringNotEquals={"aws:PrincipalTag/team": "core"})),
    ),
    "a denial for roles without a tag that the role lacks": (
        GRANTED_NOTHING,
        but(deny("*", StringNotEquals={"aws:PrincipalTag/team": "ops"})),
    ),
    "a denial outside the own organization": (
        CRITICAL,
        but(deny("*", StringNotEquals={"aws:PrincipalOrgID": ORGANIZATION})),
    ),
    "a denial for resources of others, if their owner is known": (
        CRITICAL,
        but(deny("*", StringNotEqualsIfExists={"aws:ResourceOrgID": ORGANIZATION})),
    ),
    "a denial in a part of the organization that may be the account's": (
        UNDECIDED,
        but({**deny("*"), "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-own/r-1/ou-1/*"}}}),
    ),
    "a denial outside a network that may be the cluster's": (
        UNDECIDED,
        but(deny("*", NotIpAddress={"aws:SourceIp": "203.0.113.0/24"})),
    ),
    "a denial of all except global services in other regions": (
        CRITICAL,
        but(
            {
                "Effect": "Deny",
                "NotAction": ["iam:*", "sts:*"],
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
            }
        ),
    ),
    "a denial of leaving the organization": (CRITICAL, but(deny("organizations:LeaveOrganization"))),
    "a denial for other roles than administrators": (GRANTED_NOTHING, but(deny("*", ArnNotLike=ADMINISTRATORS))),
    "a denial for administrators": (CRITICAL, but(deny("*", ArnLike=ADMINISTRATORS))),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize(("found", "limits"), LIMITS.values(), ids=LIMITS)
def test_an_administrator_under_organization_policies(found: str, limits: Limits) -> None:
    assert worst([ALL], limits=limits) == found


REMOVE = "iam:DeleteRolePermissionsBoundary"
BOUNDARIES: dict[str, tuple[str, list[Json], list[Json]]] = {
    "the boundary allows all": (CRITICAL, [ALL], [ALL]),
    "the boundary allows nothing that is granted": (GRANTED_NOTHING, [allow("s3:*")], [READ]),
    "the boundary allowed it until 2020": (
        GRANTED_NOTHING,
        [ALL],
        [allow("*", DateLessThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"})],
    ),
    "the boundary allows one bucket": (HIGH, [ALL], [allow("s3:GetObject", "arn:aws:s3:::x/*")]),
    "the boundary may be removed, but that is not granted": (HIGH, [allow("s3:*")], [allow(["s3:*", REMOVE])]),
    "the boundary may be removed, but a policy denies it": (HIGH, [ALL, deny(REMOVE)], [allow(["s3:*", REMOVE])]),
    "the boundary of this role may be removed": (CRITICAL, [ALL], [allow(REMOVE, ROLE)]),
    "the boundary's own document may be changed": (CRITICAL, [ALL], [allow("iam:CreatePolicyVersion", BOUNDARY)]),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize(("found", "granted", "boundary"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_a_role_within_a_boundary(found: str, granted: list[Json], boundary: list[Json]) -> None:
    assert worst(granted, boundary) == found


@pytest.mark.mistake("rank-lowered")
def test_an_organization_policy_can_keep_a_role_from_removing_its_boundary() -> None:
    boundary = [allow(["s3:*", REMOVE])]
    assert worst([ALL], boundary, limits=but(deny("iam:*"))) == HIGH
    assert worst([ALL], boundary, limits=but(deny("iam:*", f"arn:aws:iam::{ACCOUNT}:user/*"))) == CRITICAL
