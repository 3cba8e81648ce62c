"""The severity of AWS policies in rare forms. Each id gives the reason for its answer."""

from __future__ import annotations

import pytest

from aws_ranks import ACCOUNT, CRITICAL, GRANTED_NOTHING, HIGH, ORGANIZATION, ROLE, Json, allow, deny, worst
from cloudguard.model.iam_catalog import Access
from cloudguard_aws.iam_catalog.catalog import published

ANY_ROLE = "arn:aws:iam::*:role/*"
PULL_ONLY = ("GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer", "BatchImportUpstreamImage")
"""AmazonEC2ContainerRegistryPullOnly."""
RANKS: dict[str, tuple[str, list[Json]]] = {
    "all actions except those of organizations": (
        CRITICAL,
        [{"Effect": "Allow", "NotAction": ["organizations:*", "account:*"], "Resource": "*"}],
    ),
    "all resources except one": (
        CRITICAL,
        [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}],
    ),
    "a condition on encryption that every request meets": (
        CRITICAL,
        [allow("iam:PutRolePolicy", ROLE, Bool={"aws:SecureTransport": "true"})],
    ),
    "a one-character wildcard in an action": (CRITICAL, [allow("iam:?utRolePolicy", "arn:aws:iam::*:role/no*")]),
    "a region where IAM receives no requests": (
        GRANTED_NOTHING,
        [allow("iam:PutRolePolicy", StringEquals={"aws:RequestedRegion": "eu-west-1"})],
    ),
    "resources of the account's own organization": (
        CRITICAL,
        [allow("*", StringEquals={"aws:ResourceOrgID": ORGANIZATION})],
    ),
    "resources of another organization": (HIGH, [allow("*", StringEquals={"aws:ResourceOrgID": "o-other"})]),
    "resources of the account's own organization, by path": (
        CRITICAL,
        [{**allow("*"), "Condition": {"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": f"{ORGANIZATION}/*"}}}],
    ),
    "a denial for credentials from version 1 of the metadata service": (
        CRITICAL,
        [allow("*"), deny("*", NumericLessThan={"ec2:RoleDelivery": "2.0"})],
    ),
    "any instance of the account as the source": (
        CRITICAL,
        [allow("*", ArnLike={"ec2:SourceInstanceARN": f"arn:aws:ec2:*:{ACCOUNT}:instance/*"})],
    ),
    "a calling service that the caller chooses": (
        CRITICAL,
        [allow("*", StringEquals={"aws:CalledViaFirst": "cloudformation.amazonaws.com"})],
    ),
    "attaching an administrator's policy": (
        CRITICAL,
        [allow("iam:AttachRolePolicy", ArnLike={"iam:PolicyARN": "arn:aws:iam::aws:policy/Admin*"})],
    ),
    "attaching a read-only policy": (
        HIGH,
        [allow("iam:AttachRolePolicy", ArnEquals={"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"})],
    ),
    "an instance type that the caller chooses": (
        CRITICAL,
        [allow("iam:PassRole"), allow("ec2:RunInstances", StringLike={"ec2:InstanceType": "t3.*"})],
    ),
    "passing roles to a service without permission to start it": (
        HIGH,
        [allow("iam:PassRole", StringEquals={"iam:PassedToService": "glue.amazonaws.com"}), allow("ec2:RunInstances")],
    ),
    "passing roles to jobs of Batch": (
        CRITICAL,
        [allow(["iam:PassRole", "batch:RegisterJobDefinition", "batch:SubmitJob"])],
    ),
    "a node pulls images with the documented permissions": (
        "PASS LOW",
        [allow([f"ecr:{name}" for name in PULL_ONLY])],
    ),
    "a node pulls images and pushes them": (HIGH, [allow([f"ecr:{name}" for name in (*PULL_ONLY, "PutImage")])]),
    "a condition on MFA, which a role never has": (
        GRANTED_NOTHING,
        [allow("*", Bool={"aws:MultiFactorAuthPresent": "true"})],
    ),
    "a denial for users, which a role is not": (
        CRITICAL,
        [allow("*"), deny("*", StringLike={"aws:PrincipalArn": "arn:aws:iam::*:user/*"})],
    ),
    "a grant on the user name's path, which a role lacks": (
        GRANTED_NOTHING,
        [allow("s3:*", "arn:aws:s3:::home/${aws:username}/*")],
    ),
    "a denial on the user name's path, which a role lacks": (
        HIGH,
        [allow("s3:*", "arn:aws:s3:::home/*"), deny("s3:*", "arn:aws:s3:::home/${aws:username}*")],
    ),
    "a grant by a variable's default value": (HIGH, [allow("s3:*", "arn:aws:s3:::home/${aws:username, 'all'}/*")]),
    "a denial by a variable's default value": (
        GRANTED_NOTHING,
        [allow("s3:*", "arn:aws:s3:::home/*"), deny("s3:*", "arn:aws:s3:::${aws:username, 'home'}/*")],
    ),
    "a grant on the path of the session's own id": (HIGH, [allow("s3:*", "arn:aws:s3:::home/${aws:userid}/*")]),
    "a denial on the path of the session's own id": (
        "UNKNOWN LOW",
        [allow("s3:*", "arn:aws:s3:::home/*"), deny("s3:*", "arn:aws:s3:::home/${aws:userid}*")],
    ),
    "a denial on everything except the path of the session's own id": (
        HIGH,
        [
            allow("s3:*"),
            {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::home/${aws:userid}/*"},
        ],
    ),
    "a private source address, which no request has": (
        GRANTED_NOTHING,
        [allow("*", IpAddress={"aws:SourceIp": "10.0.0.0/8"})],
    ),
    "a denial for all public source addresses": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", NotIpAddress={"aws:SourceIp": ["10.0.0.0/8", "172.16.0.0/12"]})],
    ),
    "a bucket named by the role's tag": (HIGH, [allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}/*")]),
    "a bucket named by a tag that the role lacks": (
        GRANTED_NOTHING,
        [allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/unit}/*")],
    ),
    "the role has the tag": (CRITICAL, [allow("*", StringEquals={"aws:PrincipalTag/team": "core"})]),
    "the role has another tag": (GRANTED_NOTHING, [allow("*", StringEquals={"aws:PrincipalTag/team": "ops"})]),
    "a denial for roles without another tag": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", StringNotEquals={"aws:PrincipalTag/team": "ops"})],
    ),
    "a denial for sessions without MFA": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", Bool={"aws:MultiFactorAuthPresent": "false"})],
    ),
    "a denial except for describing, which shows user data": (
        HIGH,
        [allow("*"), {"Effect": "Deny", "NotAction": "ec2:Describe*", "Resource": "*"}],
    ),
    "a denial except for describing in other regions": (
        CRITICAL,
        [
            allow("*"),
            {
                "Effect": "Deny",
                "NotAction": "ec2:Describe*",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
            },
        ],
    ),
    "a source address anywhere on the internet": (
        CRITICAL,
        [allow("*", IpAddress={"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]})],
    ),
    "a source network that may be the cluster's own": (
        "UNKNOWN",
        [allow("*", IpAddress={"aws:SourceIp": "203.0.113.0/24"})],
    ),
    "a user agent, which the caller chooses": (CRITICAL, [allow("*", StringLike={"aws:UserAgent": "*kops*"})]),
    "a denial from 2030": (
        CRITICAL,
        [allow("*"), deny("*", DateGreaterThan={"aws:CurrentTime": "2030-01-01T00:00:00Z"})],
    ),
    "a denial from 2020": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", DateGreaterThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"})],
    ),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize(("found", "granted"), RANKS.values(), ids=RANKS)
def test_a_policy_has_the_expected_severity(found: str, granted: list[Json]) -> None:
    assert worst(granted) == found


DESCRIBE = allow("ec2:DescribeInstances")
BOUNDARIES: dict[str, tuple[str, list[Json]]] = {
    "a resource pattern matches the boundary": (
        CRITICAL,
        [DESCRIBE, allow("iam:CreatePolicyVersion", "arn:aws:iam::*:policy/b*")],
    ),
    "an action pattern includes the edit of the boundary": (CRITICAL, [DESCRIBE, allow("iam:Create*")]),
    "the role may replace its boundary": (
        CRITICAL,
        [DESCRIBE, allow("iam:PutRolePermissionsBoundary", ANY_ROLE)],
    ),
    "the role may remove its boundary": (CRITICAL, [DESCRIBE, allow("iam:Delete*", ANY_ROLE)]),
    "NotAction includes the removal of the boundary": (
        CRITICAL,
        [{"Effect": "Allow", "NotAction": ["s3:*"], "Resource": "*"}],
    ),
    "the role may change only other boundaries": (
        HIGH,
        [DESCRIBE, allow("iam:CreatePolicyVersion", "arn:aws:iam::*:policy/other*")],
    ),
    "the role may remove only another role's boundary": (
        HIGH,
        [DESCRIBE, allow("iam:DeleteRolePermissionsBoundary", "arn:aws:iam::*:role/other")],
    ),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize(("found", "boundary"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_a_boundary_that_its_role_may_change_does_not_limit_it(found: str, boundary: list[Json]) -> None:
    assert worst([allow("*")], boundary) == found


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("version", [None, "2008-10-17"])
@pytest.mark.parametrize("variable", ["${aws:username}", "${aws:PrincipalAccount}", "${*}"])
def test_a_document_of_the_older_version_has_no_policy_variables(version: str | None, variable: str) -> None:
    granted = [allow("s3:*", f"arn:aws:s3:::home-{ACCOUNT}/*"), deny("s3:*", f"arn:aws:s3:::home-{variable}/*")]
    assert worst(granted, version=version) == HIGH


@pytest.mark.mistake("secret-read-as-list")
@pytest.mark.parametrize(
    "action",
    [
        "cloudfront:GetDistribution",
        "cognito-idp:DescribeIdentityProvider",
        "datapipeline:GetPipelineDefinition",
        "glue:GetJobRun",
        "greengrass:GetFunctionDefinitionVersion",
        "ivs:GetStreamKey",
        "quicksight:GetDashboardEmbedUrl",
        "scheduler:GetSchedule",
        "ses:GetArchiveMessage",
    ],
)
def test_a_read_that_returns_secrets_is_data_access(action: str) -> None:
    assert published().access(action) is Access.DATA


@pytest.mark.parametrize(
    "action", ["eks:DescribeCluster", "secretsmanager:ListSecrets", "kms:DescribeKey", "iam:GetRole"]
)
def test_a_read_of_settings_is_list_access(action: str) -> None:
    assert published().access(action) is Access.LIST
