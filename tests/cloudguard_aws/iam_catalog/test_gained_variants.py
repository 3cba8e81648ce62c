"""Roles of the account that a node's role may assume or pass to a service, by trust policies in rare forms.

Each id gives the reason for its answer. The other role is an administrator. The need to assume it is declared, so that
only what the other role may do decides.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

import builders
from aws_ranks import ACCOUNT, ORGANIZATION, ROLE, Json, allow, policy
from builders import CONTROL_PLANE, NODE, SOURCE, host
from cloudguard.model.identity import Identities, Identity, PolicyDocument, PolicyKind
from cloudguard.needs.declarations import Declarations, DeclaredPermission
from cloudguard.results.report import RowResult
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog
from cloudguard_aws.identity.policy_documents import statements
from identities import SHUT
from judged import rows_of

pytestmark = pytest.mark.mistake("identity-left-out")
OPS = f"arn:aws:iam::{ACCOUNT}:role/ops"
ROOT: Json = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
FAIL, UNKNOWN, PASS = "FAIL", "UNKNOWN", "PASS"
DECLARED = Declarations(permissions=(DeclaredPermission("node", ("sts:AssumeRole",), (OPS,), "backups"),))


def trusts(principal: Json | str, effect: str = "Allow", **condition: object) -> Json:
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}


def trust_policy(role: str, listed: list[Json]) -> PolicyDocument:
    text = str(Json(Version="2012-10-17", Statement=listed)).replace("'", '"')
    return replace(policy(f"{role}#trust", PolicyKind.TRUST, [], "2012-10-17"), statements=statements(text, trust=True))


def judged(own: list[Json], trusted: list[Json], declared: Declarations | None = None) -> RowResult:
    """Return the row if the node's role has the policy ``own``, and the administrator's role the trust policy."""
    grant, power = (
        policy(name, PolicyKind.GRANT, listed, "2012-10-17") for name, listed in (("own", own), ("all", [allow("*")]))
    )
    trust = trust_policy(OPS, trusted)
    node = Identity(ROLE, "node", ("node",), (grant.id,), SOURCE, unique_id="AROANODE", tags=(("team", "core"),))
    ops = Identity(OPS, "ops", (), (power.id, trust.id), SOURCE, tags=())
    identities = Identities((node,), (grant, power, trust), others=(ops,), organization=ORGANIZATION)
    made = builders.snapshot(
        [
            replace(host("n", NODE, identity=ROLE), metadata=SHUT),
            replace(host("cp", CONTROL_PLANE), metadata=SHUT),
        ],
        identities=identities,
        provider="aws",
        account=ACCOUNT,
        region="eu-west-1",
    )
    made = replace(made, started="2026-05-05T12:00:00Z")
    return rows_of(made, declared, iam_catalog(made))["cloud-api-access"]


TRUSTS: dict[str, tuple[str, list[Json]]] = {
    "the account": (FAIL, [trusts(ROOT)]),
    "the account by its number": (FAIL, [trusts({"AWS": ACCOUNT})]),
    "the role itself": (FAIL, [trusts({"AWS": ROLE})]),
    "another role": (PASS, [trusts({"AWS": f"{ROLE}-2"})]),
    "another account": (PASS, [trusts({"AWS": "arn:aws:iam::222222222222:root"})]),
    "nobody but a service": (PASS, [trusts({"Service": "ec2.amazonaws.com"})]),
    "everyone of the organization": (FAIL, [trusts("*", StringEquals={"aws:PrincipalOrgID": ORGANIZATION})]),
    "everyone of another organization": (PASS, [trusts("*", StringEquals={"aws:PrincipalOrgID": "o-other"})]),
    "roles whose ARN has a pattern": (
        FAIL,
        [trusts(ROOT, ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/no*"})],
    ),
    "roles whose ARN has another pattern": (
        PASS,
        [trusts(ROOT, ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/ci-*"})],
    ),
    "roles with a tag that the role has": (FAIL, [trusts(ROOT, StringEquals={"aws:PrincipalTag/team": "core"})]),
    "roles with a tag that the role lacks": (PASS, [trusts(ROOT, StringEquals={"aws:PrincipalTag/team": "web"})]),
    "sessions with MFA, which a role's never have": (
        PASS,
        [trusts(ROOT, Bool={"aws:MultiFactorAuthPresent": "true"})],
    ),
    "sessions of a name that the caller chooses": (
        FAIL,
        [trusts(ROOT, StringLike={"sts:RoleSessionName": "backup-*"})],
    ),
    "sessions for an hour": (FAIL, [trusts(ROOT, NumericLessThanEquals={"sts:DurationSeconds": "3600"})]),
    "an external id, which the role may know": (UNKNOWN, [trusts(ROOT, StringEquals={"sts:ExternalId": "s3cret"})]),
    "an office's addresses, which a way out may have": (
        UNKNOWN,
        [trusts(ROOT, IpAddress={"aws:SourceIp": "198.51.100.0/24"})],
    ),
    "private addresses, which no request has": (PASS, [trusts(ROOT, IpAddress={"aws:SourceIp": "10.0.0.0/8"})]),
    "a key that is not known": (UNKNOWN, [trusts(ROOT, StringEquals={"aws:MoonPhase": "full"})]),
    "an operator that is not known": (UNKNOWN, [trusts(ROOT, MoodEquals={"aws:PrincipalArn": ROLE})]),
    "the account until last year": (PASS, [trusts(ROOT, DateLessThan={"aws:CurrentTime": "2025-01-01T00:00:00Z"})]),
    "the account, but not this role": (PASS, [trusts(ROOT), trusts({"AWS": ROLE}, "Deny")]),
    "the account, but not roles by a pattern": (
        PASS,
        [trusts(ROOT), trusts("*", "Deny", ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/node"})],
    ),
    "the account, but not from elsewhere": (
        UNKNOWN,
        [trusts(ROOT), trusts("*", "Deny", NotIpAddress={"aws:SourceIp": "198.51.100.0/24"})],
    ),
    "one session of the role": (UNKNOWN, [trusts({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/node/i-0123"})]),
}


@pytest.mark.parametrize("name", TRUSTS)
def test_a_trust_policy_decides_whether_the_declared_assumption_gives_more(name: str) -> None:
    verdict, trusted = TRUSTS[name]
    row = judged([allow("sts:AssumeRole", OPS)], trusted, DECLARED)
    assert row.verdict == verdict, (row.why, row.unknown)
    if verdict != PASS:
        assert "can gain the permissions of ops" in row.why


LAMBDA: Json = {"Service": "lambda.amazonaws.com"}
CREATE = allow(["lambda:CreateFunction", "lambda:InvokeFunction"])
PASSES: dict[str, tuple[bool, list[Json], list[Json]]] = {
    "to a function": (True, [allow("iam:PassRole", OPS), CREATE], [trusts(LAMBDA)]),
    "to a function, by a condition on the service": (
        True,
        [allow("iam:PassRole", OPS, StringEquals={"iam:PassedToService": "lambda.amazonaws.com"}), CREATE],
        [trusts(LAMBDA)],
    ),
    "to a function, by a pattern for the role": (
        True,
        [allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/op*"), CREATE],
        [trusts(LAMBDA)],
    ),
    "to an instance": (
        True,
        [allow("iam:PassRole", OPS), allow("ec2:RunInstances")],
        [trusts({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]})],
    ),
    "to a function of its own account": (
        True,
        [allow("iam:PassRole", OPS), CREATE],
        [trusts(LAMBDA, StringEquals={"aws:SourceAccount": ACCOUNT})],
    ),
    "to a function of another account": (
        False,
        [allow("iam:PassRole", OPS), CREATE],
        [trusts(LAMBDA, StringEquals={"aws:SourceAccount": "222222222222"})],
    ),
    "to a service that the role does not trust": (
        False,
        [allow("iam:PassRole", OPS), CREATE],
        [trusts({"Service": "ec2.amazonaws.com"})],
    ),
    "to a service that it may not start": (False, [allow("iam:PassRole", OPS)], [trusts(LAMBDA)]),
    "to another service, by a condition": (
        False,
        [allow("iam:PassRole", OPS, StringEquals={"iam:PassedToService": "glue.amazonaws.com"}), CREATE],
        [trusts(LAMBDA)],
    ),
    "another role": (False, [allow("iam:PassRole", f"{OPS}-2"), CREATE], [trusts(LAMBDA)]),
}


@pytest.mark.parametrize("name", PASSES)
def test_a_powerful_role_that_a_node_passes_to_a_service_is_gained(name: str) -> None:
    gained, own, trusted = PASSES[name]
    row = judged(own, trusted)
    found = [finding for finding in row.findings if finding.check == "cloud-api-access/escalation" and finding.counts]
    assert bool(found) is gained, [finding.message for finding in row.findings]
    if gained:
        assert found[0].severity.name == "CRITICAL"
        assert "can gain the permissions of ops" in found[0].message
        assert f"iam:PassRole on {OPS}" in found[0].witness.summary


USES: dict[str, tuple[str, ...]] = {
    "airflow-env.amazonaws.com": ("airflow:CreateEnvironment",),
    "codebuild.amazonaws.com": ("codebuild:UpdateProject", "codebuild:StartBuild"),
    "codepipeline.amazonaws.com": ("codepipeline:UpdatePipeline",),
    "ec2.amazonaws.com": ("ec2:RequestSpotFleet",),
    "ecs-tasks.amazonaws.com": ("ecs:RegisterTaskDefinition", "ecs:UpdateService"),
    "elasticmapreduce.amazonaws.com": ("elasticmapreduce:RunJobFlow",),
    "emr-serverless.amazonaws.com": ("emr-serverless:StartJobRun",),
    "events.amazonaws.com": ("events:PutRule", "events:PutTargets"),
    "glue.amazonaws.com": ("glue:CreateSession", "glue:RunStatement"),
    "kinesisanalytics.amazonaws.com": ("kinesisanalytics:CreateApplication", "kinesisanalytics:StartApplication"),
    "pods.eks.amazonaws.com": ("eks:UpdatePodIdentityAssociation",),
    "rolesanywhere.amazonaws.com": ("rolesanywhere:CreateTrustAnchor", "rolesanywhere:CreateProfile"),
    "scheduler.amazonaws.com": ("scheduler:UpdateSchedule",),
}


@pytest.mark.parametrize("service", USES)
def test_a_powerful_role_is_gained_by_any_service_that_uses_it(service: str) -> None:
    own = [allow("iam:PassRole", OPS), allow([*USES[service]])]
    gained = [
        finding.severity.name
        for trusted in (service, "trusted.example.com")
        for finding in judged(own, [trusts({"Service": trusted})]).findings
        if finding.check == "cloud-api-access/escalation" and "permissions of ops" in finding.message
    ]
    assert gained == ["CRITICAL"]
