"""The severity of AWS policies in rare forms. Each id gives the reason for its answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import builders
from builders import CONTROL_PLANE, NODE, SOURCE, host
from cloudguard.model.iam_catalog import Access
from cloudguard.model.identity import Identities, Identity, PolicyDocument, PolicyKind
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog
from cloudguard_aws.identity.policy_documents import statements
from identities import SHUT
from judged import rows_of

ACCOUNT, ORGANIZATION = "111122223333", "o-own"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/node"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bound"
ANY_ROLE, ANY_POLICY = "arn:aws:iam::*:role/*", "arn:aws:iam::*:policy/*"
Json = dict[str, Any]


def allow(actions: str | list[str], resource: str = "*", **condition: object) -> Json:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition}


def deny(actions: str | list[str], resource: str = "*", **condition: object) -> Json:
    return {**allow(actions, resource, **condition), "Effect": "Deny"}


def policy(name: str, kind: PolicyKind, listed: list[Json], version: str | None) -> PolicyDocument:
    text = json.dumps({"Statement": listed} | ({"Version": version} if version else {}))
    return PolicyDocument(name, name.rpartition("/")[2], kind, "user", text, statements(text), SOURCE)


def worst(granted: list[Json], boundary: list[Json] | None = None, version: str | None = "2012-10-17") -> str:
    """Return the verdict, and the severity of the worst finding of a node's role with these policies."""
    policies = [policy("p", PolicyKind.GRANT, granted, version)]
    policies += [policy(BOUNDARY, PolicyKind.BOUNDARY, boundary, version)] if boundary else []
    role = Identity(ROLE, "node", ("node",), tuple(one.id for one in policies), SOURCE, tags=(("team", "core"),))
    made = builders.snapshot(
        [
            replace(host("n", NODE, identity=ROLE), metadata=SHUT),
            replace(host("cp", CONTROL_PLANE), metadata=SHUT),
        ],
        identities=Identities((role,), tuple(policies), organization=ORGANIZATION),
        provider="aws",
        account=ACCOUNT,
        region="eu-west-1",
    )
    made = replace(made, started="2026-05-05T12:00:00Z")
    row = rows_of(made, None, iam_catalog(made))["cloud-api-access"]
    return f"{row.verdict.name} {max(one.severity for one in row.findings).name}" if row.findings else row.verdict.name


CRITICAL, HIGH, GRANTED_NOTHING = "FAIL CRITICAL", "FAIL HIGH", "PASS LOW"
PULL_ONLY = ("GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer", "BatchImportUpstreamImage")
"""AmazonEC2ContainerRegistryPullOnly."""
RANKS: dict[str, tuple[str, list[Json]]] = {
    "all actions but those of organizations": (
        CRITICAL,
        [{"Effect": "Allow", "NotAction": ["organizations:*", "account:*"], "Resource": "*"}],
    ),
    "all resources but one": (
        CRITICAL,
        [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}],
    ),
    "every request is encrypted": (CRITICAL, [allow("iam:PutRolePolicy", ROLE, Bool={"aws:SecureTransport": "true"})]),
    "a pattern of one character": (CRITICAL, [allow("iam:?utRolePolicy", "arn:aws:iam::*:role/no*")]),
    "IAM answers in us-east-1 only": (
        GRANTED_NOTHING,
        [allow("iam:PutRolePolicy", StringEquals={"aws:RequestedRegion": "eu-west-1"})],
    ),
    "its own account's organization": (CRITICAL, [allow("*", StringEquals={"aws:ResourceOrgID": ORGANIZATION})]),
    "another organization's resources": (HIGH, [allow("*", StringEquals={"aws:ResourceOrgID": "o-other"})]),
    "its own account's organization, by paths": (
        CRITICAL,
        [{**allow("*"), "Condition": {"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": f"{ORGANIZATION}/*"}}}],
    ),
    "a host gets its credentials from version 2 of the metadata service": (
        CRITICAL,
        [allow("*"), deny("*", NumericLessThan={"ec2:RoleDelivery": "2.0"})],
    ),
    "a host of the account": (
        CRITICAL,
        [allow("*", ArnLike={"ec2:SourceInstanceARN": f"arn:aws:ec2:*:{ACCOUNT}:instance/*"})],
    ),
    "whoever asks chooses the service that asks first": (
        CRITICAL,
        [allow("*", StringEquals={"aws:CalledViaFirst": "cloudformation.amazonaws.com"})],
    ),
    "the policy that may be attached is an administrator's": (
        CRITICAL,
        [allow("iam:AttachRolePolicy", ArnLike={"iam:PolicyARN": "arn:aws:iam::aws:policy/Admin*"})],
    ),
    "the policy that may be attached only reads": (
        HIGH,
        [allow("iam:AttachRolePolicy", ArnEquals={"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"})],
    ),
    "whoever starts a host chooses its type": (
        CRITICAL,
        [allow("iam:PassRole"), allow("ec2:RunInstances", StringLike={"ec2:InstanceType": "t3.*"})],
    ),
    "roles may be handed to a service that no other permission starts": (
        HIGH,
        [allow("iam:PassRole", StringEquals={"iam:PassedToService": "glue.amazonaws.com"}), allow("ec2:RunInstances")],
    ),
    "whoever defines a job of Batch chooses its role": (
        CRITICAL,
        [allow(["iam:PassRole", "batch:RegisterJobDefinition", "batch:SubmitJob"])],
    ),
    "a node pulls images, by what AWS documents for that": (
        "PASS LOW",
        [allow([f"ecr:{name}" for name in PULL_ONLY])],
    ),
    "a node pulls images and pushes them": (HIGH, [allow([f"ecr:{name}" for name in (*PULL_ONLY, "PutImage")])]),
    "a role never has a device for MFA": (
        GRANTED_NOTHING,
        [allow("*", Bool={"aws:MultiFactorAuthPresent": "true"})],
    ),
    "a role is no user": (CRITICAL, [allow("*"), deny("*", StringLike={"aws:PrincipalArn": "arn:aws:iam::*:user/*"})]),
    "nothing is like the name of a user, which roles have not": (
        GRANTED_NOTHING,
        [allow("s3:*", "arn:aws:s3:::home/${aws:username}/*")],
    ),
    "no user's name is denied to roles": (
        HIGH,
        [allow("s3:*", "arn:aws:s3:::home/*"), deny("s3:*", "arn:aws:s3:::home/${aws:username}*")],
    ),
    "a variable without value has its default": (HIGH, [allow("s3:*", "arn:aws:s3:::home/${aws:username, 'all'}/*")]),
    "the default is what is denied": (
        GRANTED_NOTHING,
        [allow("s3:*", "arn:aws:s3:::home/*"), deny("s3:*", "arn:aws:s3:::${aws:username, 'home'}/*")],
    ),
    "a session's id is the role's, with its name": (HIGH, [allow("s3:*", "arn:aws:s3:::home/${aws:userid}/*")]),
    "a session's own objects are denied to it, and others are not": (
        "UNKNOWN LOW",
        [allow("s3:*", "arn:aws:s3:::home/*"), deny("s3:*", "arn:aws:s3:::home/${aws:userid}*")],
    ),
    "all but a session's own objects are denied to it": (
        HIGH,
        [
            allow("s3:*"),
            {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::home/${aws:userid}/*"},
        ],
    ),
    "a private address is never a request's": (GRANTED_NOTHING, [allow("*", IpAddress={"aws:SourceIp": "10.0.0.0/8"})]),
    "no request has a private address, so all are denied": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", NotIpAddress={"aws:SourceIp": ["10.0.0.0/8", "172.16.0.0/12"]})],
    ),
    "the role's tag tells the bucket": (HIGH, [allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}/*")]),
    "a tag that the role has not tells no bucket": (
        GRANTED_NOTHING,
        [allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/unit}/*")],
    ),
    "the role has the tag": (CRITICAL, [allow("*", StringEquals={"aws:PrincipalTag/team": "core"})]),
    "the role has another tag": (GRANTED_NOTHING, [allow("*", StringEquals={"aws:PrincipalTag/team": "ops"})]),
    "all but roles with another tag are denied": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", StringNotEquals={"aws:PrincipalTag/team": "ops"})],
    ),
    "a host's session is not confirmed by MFA, and says so": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", Bool={"aws:MultiFactorAuthPresent": "false"})],
    ),
    "all but describing is denied, and that shows user data": (
        HIGH,
        [allow("*"), {"Effect": "Deny", "NotAction": "ec2:Describe*", "Resource": "*"}],
    ),
    "all but describing is denied elsewhere": (
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
    "whoever leaves by the internet has an address there": (
        CRITICAL,
        [allow("*", IpAddress={"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]})],
    ),
    "a network that may be its own": ("UNKNOWN", [allow("*", IpAddress={"aws:SourceIp": "203.0.113.0/24"})]),
    "whoever asks chooses the name of the program": (CRITICAL, [allow("*", StringLike={"aws:UserAgent": "*kops*"})]),
    "the denial begins in 2030": (
        CRITICAL,
        [allow("*"), deny("*", DateGreaterThan={"aws:CurrentTime": "2030-01-01T00:00:00Z"})],
    ),
    "the denial began in 2020": (
        GRANTED_NOTHING,
        [allow("*"), deny("*", DateGreaterThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"})],
    ),
}


@pytest.mark.parametrize(("found", "granted"), RANKS.values(), ids=RANKS)
def test_a_policy_has_the_expected_severity(found: str, granted: list[Json]) -> None:
    assert worst(granted) == found


DESCRIBE = allow("ec2:DescribeInstances")
BOUNDARIES: dict[str, tuple[str, list[Json]]] = {
    "a pattern reaches the boundary": (
        CRITICAL,
        [DESCRIBE, allow("iam:CreatePolicyVersion", "arn:aws:iam::*:policy/b*")],
    ),
    "a pattern of actions holds the one that edits it": (CRITICAL, [DESCRIBE, allow("iam:Create*")]),
    "it may put another boundary in its place": (
        CRITICAL,
        [DESCRIBE, allow("iam:PutRolePermissionsBoundary", ANY_ROLE)],
    ),
    "it may take its boundary off": (CRITICAL, [DESCRIBE, allow("iam:Delete*", ANY_ROLE)]),
    "what is not excluded takes the boundary off": (
        CRITICAL,
        [{"Effect": "Allow", "NotAction": ["s3:*"], "Resource": "*"}],
    ),
    "it may change other boundaries only": (
        HIGH,
        [DESCRIBE, allow("iam:CreatePolicyVersion", "arn:aws:iam::*:policy/other*")],
    ),
    "it may take off the boundary of another role only": (
        HIGH,
        [DESCRIBE, allow("iam:DeleteRolePermissionsBoundary", "arn:aws:iam::*:role/other")],
    ),
}


@pytest.mark.parametrize(("found", "boundary"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_a_boundary_that_its_role_may_change_does_not_limit_it(found: str, boundary: list[Json]) -> None:
    assert worst([allow("*")], boundary) == found


@pytest.mark.parametrize("version", [None, "2008-10-17"])
@pytest.mark.parametrize("variable", ["${aws:username}", "${aws:PrincipalAccount}", "${*}"])
def test_a_document_of_the_older_version_has_no_policy_variables(version: str | None, variable: str) -> None:
    granted = [allow("s3:*", f"arn:aws:s3:::home-{ACCOUNT}/*"), deny("s3:*", f"arn:aws:s3:::home-{variable}/*")]
    assert worst(granted, version=version) == HIGH


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
