"""Trust policies in rare forms. Each id gives the reason for its answer."""

from __future__ import annotations

from typing import Any

import pytest

from aws_trust import (
    ACCOUNT,
    ANYONE,
    CLUSTER,
    COGNITO,
    ELSEWHERE,
    FOREIGN,
    GITHUB,
    GITLAB,
    GOOGLE,
    ORGANIZATION,
    OTHER,
    OUTSIDER,
    OWN,
    PODS,
    ROOT,
    SISTER,
    Found,
    Json,
    callers_of,
    sub,
    trust,
    web,
    worst,
)

BUILDKITE = "agent.buildkite.com"
WEB, SAML = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"


def everyone(condition: dict[str, Any] | None = None, action: str = "sts:AssumeRole", effect: str = "Allow") -> Json:
    """Return a statement for everyone. Operators with a colon cannot be keyword arguments."""
    return {**trust({"AWS": "*"}, action, effect), "Condition": condition or {}}


def all_but(principal: object, effect: str) -> Json:
    return {"Effect": effect, "NotPrincipal": principal, "Action": "sts:*"}


ROWS: dict[str, tuple[Found, list[Json]]] = {
    "an account number inside a role's name does not name the account": (
        (ANYONE, False),
        [everyone({"StringLike": {"aws:PrincipalArn": f"*{ACCOUNT}*"}})],
    ),
    "a pattern that leaves two digits of the account open": (
        (ANYONE, False),
        [everyone({"StringLike": {"aws:PrincipalAccount": "1234567890??"}})],
    ),
    "ForAllValues is true if the key is absent": (
        (ANYONE, False),
        [everyone({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}})],
    ),
    "root ids are not unique to an organization": (
        (ANYONE, False),
        [everyone({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/r-ab12/*"}})],
    ),
    "a denial only if a key is present does not apply without the key": (
        (ANYONE, False),
        [
            everyone(),
            everyone(
                {
                    "StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION},
                    "Null": {"aws:PrincipalOrgID": "false"},
                },
                effect="Deny",
            ),
        ],
    ),
    "a denial with two conditions needs both": (
        (ANYONE, False),
        [
            everyone(),
            everyone(
                {
                    "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
                    "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deployer"},
                },
                effect="Deny",
            ),
        ],
    ),
    "a denial for all other accounts": (
        None,
        [everyone(), everyone({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, effect="Deny")],
    ),
    "a denial for everyone except the account's root": (
        None,
        [everyone(), all_but({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Deny")],
    ),
    "an organization id in capitals with an operator that ignores case": (
        (OWN, False),
        [everyone({"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": ORGANIZATION.upper()}})],
    ),
    "StringEquals with a literal star as external id": (
        None,
        [trust({"AWS": ROOT}, StringEquals={"sts:ExternalId": "*"})],
    ),
    "StringEquals with a literal star in an organization path": (
        None,
        [everyone({"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/*"}})],
    ),
    "one of several patterns matches everyone": (
        (OUTSIDER, False),
        [trust({"AWS": ROOT}, StringLike={"sts:ExternalId": ["k8s-7f3a91", "*"]})],
    ),
    "StringEquals with a literal star as role name": (
        None,
        [everyone({"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}})],
    ),
    "StringEquals with a literal star as account number": (
        None,
        [everyone({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/deployer"}})],
    ),
    "ArnEquals with a star as wildcard": (
        (OUTSIDER, False),
        [everyone({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}})],
    ),
    "a denial for requests without the right external id": (
        (OUTSIDER, True),
        [trust({"AWS": ROOT}), trust({"AWS": ROOT}, effect="Deny", StringNotEquals={"sts:ExternalId": "k8s-7f3a91"})],
    ),
    "a denial for requests without any external id": (
        (OUTSIDER, False),
        [trust({"AWS": ROOT}), trust({"AWS": ROOT}, effect="Deny", Null={"sts:ExternalId": "true"})],
    ),
    "a denial for everyone outside a network": (
        (OUTSIDER, True),
        [everyone(), everyone({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "sts:*", "Deny")],
    ),
    "a source outside one range": (
        (ANYONE, False),
        [everyone({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
    ),
    "NotPrincipal with the own account": (
        (ANYONE, False),
        [all_but({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Allow")],
    ),
    "NotAction with one action": (
        (ANYONE, False),
        [{"Effect": "Allow", "Principal": "*", "NotAction": "sts:GetSessionToken"}],
    ),
    "a context key in capitals": (
        (OWN, False),
        [everyone({"StringEquals": {"AWS:PRINCIPALORGID": ORGANIZATION}})],
    ),
    "a condition on the resource's account that every request meets": (
        (ANYONE, False),
        [everyone({"StringEquals": {"aws:ResourceAccount": ACCOUNT}})],
    ),
    "one of several values matches everyone": (
        (ANYONE, False),
        [everyone({"StringLike": {"aws:PrincipalAccount": [ACCOUNT, "*"]}})],
    ),
    "tokens issued before 2020, which have expired": (
        None,
        [everyone({"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}})],
    ),
    "a time window that ended years ago": (None, [everyone({"DateLessThan": {"aws:EpochTime": "1600000000"}})]),
    "a private VPC source range, which anyone can have": (
        (ANYONE, False),
        [everyone({"IpAddress": {"aws:VpcSourceIp": "10.1.2.0/24"}})],
    ),
    "both halves of the internet": (
        (ANYONE, False),
        [everyone({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}})],
    ),
    "IfExists on the source VPC, which is absent without an endpoint": (
        (ANYONE, False),
        [everyone({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}})],
    ),
    "calls through CloudFormation, which anyone can make": (
        (ANYONE, False),
        [everyone({"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}})],
    ),
    "the own account as source account, which only services send": (
        None,
        [everyone({"StringEquals": {"aws:SourceAccount": ACCOUNT}})],
    ),
    "IfExists on the source account, which accounts do not send": (
        (ANYONE, False),
        [everyone({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}})],
    ),
    "a service on behalf of the named account": (
        (OUTSIDER, False),
        [everyone({"StringEquals": {"aws:SourceAccount": OTHER}})],
    ),
    "a service on behalf of a foreign organization": (
        (OUTSIDER, False),
        [trust({"Service": "sns.amazonaws.com"}, StringEquals={"aws:SourceOrgID": FOREIGN})],
    ),
    "a service on behalf of the own organization": (
        None,
        [trust({"Service": "sns.amazonaws.com"}, StringEquals={"aws:SourceOrgID": ORGANIZATION})],
    ),
    "an account of the own organization": (
        (OWN, False),
        [trust({"AWS": f"arn:aws:iam::{SISTER}:user/div/bob"})],
    ),
    "everyone, with a web identity token": ((ANYONE, False), [everyone(action=WEB)]),
    "everyone, with a workflow's token of any repository": (
        (ANYONE, False),
        [everyone({"StringLike": {f"{GITHUB}:sub": "repo:*:ref:refs/heads/main"}}, WEB)],
    ),
    "everyone, with a token of the cluster's pods": (
        (PODS, True),
        [everyone({"StringLike": {f"{CLUSTER}:sub": "system:serviceaccount:dns:*"}}, WEB)],
    ),
    "everyone, with a login of the account's SAML providers": ((OUTSIDER, False), [everyone(action=SAML)]),
    "any owner's repository called infra": ((ANYONE, False), [sub(GITHUB, "repo:?cme/infra:*")]),
    "any repository's environment called production": ((ANYONE, False), [sub(GITHUB, "*:environment:production")]),
    "one of two subjects matches anyone": (
        (ANYONE, False),
        [web(GITHUB, StringLike={f"{GITHUB}:sub": ["repo:acme/infra:*", "repo:*/infra:*"]})],
    ),
    "all repositories except one owner's": ((ANYONE, False), [sub(GITHUB, "repo:acme/*", "StringNotLike")]),
    "the environment production without a repository": (
        (ANYONE, False),
        [web(GITHUB, StringEquals={f"{GITHUB}:environment": "production"})],
    ),
    "the branch main without a repository": (
        (ANYONE, False),
        [web(GITHUB, StringEquals={f"{GITHUB}:ref": "refs/heads/main"})],
    ),
    "workflows started by one person": ((OUTSIDER, True), [web(GITHUB, StringEquals={f"{GITHUB}:actor": "octocat"})]),
    "workflows started by a bot in any repository": (
        (ANYONE, False),
        [web(GITHUB, StringEquals={f"{GITHUB}:actor": "dependabot[bot]"})],
    ),
    "one organization of Google Cloud": (
        (OUTSIDER, True),
        [web(GOOGLE, StringEquals={f"{GOOGLE}:google/organization_number": "123456"})],
    ),
    "any organization's pipeline called deploy": (
        (ANYONE, False),
        [sub(BUILDKITE, "organization:*:pipeline:deploy:*")],
    ),
    "one organization's pipelines": ((OUTSIDER, True), [sub(BUILDKITE, "organization:acme:pipeline:deploy:*")]),
    "a negated operator on another issuer's claim, which is absent": (
        (ANYONE, False),
        [web(GITHUB, StringNotLike={f"{GITLAB}:sub": "project_path:acme/*"})],
    ),
    "a denial for one owner's repositories": (
        (ANYONE, False),
        [web(GITHUB), {**sub(GITHUB, "repo:evil/*"), "Effect": "Deny", "Principal": "*"}],
    ),
    "a denial for all repositories except one owner's": (
        (OUTSIDER, True),
        [web(GITHUB), {**sub(GITHUB, "repo:acme/*", "StringNotLike"), "Effect": "Deny", "Principal": "*"}],
    ),
    "any identity pool of Cognito, which anyone can make": (
        (ANYONE, False),
        [{**web(COGNITO), "Condition": {"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}}}],
    ),
    "every service account of every namespace": ((PODS, False), [sub(CLUSTER, "system:serviceaccount:*:*")]),
    "IfExists on another cluster's subject, which is absent": (
        (PODS, False),
        [web(CLUSTER, StringEqualsIfExists={f"{ELSEWHERE}:sub": "system:serviceaccount:dns:external"})],
    ),
    "any subject, which must only be present": ((PODS, False), [web(CLUSTER, Null={f"{CLUSTER}:sub": "false"})]),
    "any subject of the account's SAML provider": (
        (OUTSIDER, False),
        [trust({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/Idp"}, "sts:*", StringLike={"SAML:sub": "*"})],
    ),
}


@pytest.mark.mistake("stranger-trusted")
@pytest.mark.parametrize(("found", "statements"), ROWS.values(), ids=ROWS)
def test_the_widest_caller_of_a_trust_policy(found: Found, statements: list[Json]) -> None:
    assert worst(*statements) == found


@pytest.mark.mistake("stranger-trusted")
def test_a_computed_external_id_keeps_nobody_out_with_certainty() -> None:
    (found,) = callers_of(trust({"AWS": ROOT}, StringEquals={"sts:ExternalId": "${aws:PrincipalAccount}"}))
    assert found[2] == f"?account {OTHER}"
