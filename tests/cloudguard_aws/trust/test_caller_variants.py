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
    sub,
    told,
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
    "an account's number in a role's name names no account": (
        (ANYONE, False),
        [everyone({"StringLike": {"aws:PrincipalArn": f"*{ACCOUNT}*"}})],
    ),
    "two digits left open are a hundred accounts": (
        (ANYONE, False),
        [everyone({"StringLike": {"aws:PrincipalAccount": "1234567890??"}})],
    ),
    "ForAllValues holds where the key is absent": (
        (ANYONE, False),
        [everyone({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}})],
    ),
    "roots of organizations share their short ids": (
        (ANYONE, False),
        [everyone({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/r-ab12/*"}})],
    ),
    "what is only denied where a key is present is not denied to those without it": (
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
    "a denial whose conditions hold together spares who meets one of them": (
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
    "a denial of all who are not the account's own leaves nobody else": (
        None,
        [everyone(), everyone({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, effect="Deny")],
    ),
    "a denial of all but the account's root leaves nobody else": (
        None,
        [everyone(), all_but({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Deny")],
    ),
    "an organization's id in capitals is the same id where case is ignored": (
        (OWN, False),
        [everyone({"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": ORGANIZATION.upper()}})],
    ),
    "StringEquals takes a star as it is written, and no external id has one": (
        None,
        [trust({"AWS": ROOT}, StringEquals={"sts:ExternalId": "*"})],
    ),
    "StringEquals takes a star as it is written, and no path of an organization has one": (
        None,
        [everyone({"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/*"}})],
    ),
    "one pattern of several that all meet is enough": (
        (OUTSIDER, False),
        [trust({"AWS": ROOT}, StringLike={"sts:ExternalId": ["k8s-7f3a91", "*"]})],
    ),
    "StringEquals takes a star as it is written, and no role's name ends with one": (
        None,
        [everyone({"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}})],
    ),
    "StringEquals takes a star as it is written, and no account's number is one": (
        None,
        [everyone({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/deployer"}})],
    ),
    "ArnEquals takes a star as a wildcard": (
        (OUTSIDER, False),
        [everyone({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}})],
    ),
    "a denial of all requests without the external id leaves those with it": (
        (OUTSIDER, True),
        [trust({"AWS": ROOT}), trust({"AWS": ROOT}, effect="Deny", StringNotEquals={"sts:ExternalId": "k8s-7f3a91"})],
    ),
    "a denial of requests without any external id asks for none in particular": (
        (OUTSIDER, False),
        [trust({"AWS": ROOT}), trust({"AWS": ROOT}, effect="Deny", Null={"sts:ExternalId": "true"})],
    ),
    "a denial of everyone outside a network leaves whoever is in it": (
        (OUTSIDER, True),
        [everyone(), everyone({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "sts:*", "Deny")],
    ),
    "anyone has a network outside one range": (
        (ANYONE, False),
        [everyone({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
    ),
    "everyone but its own account": (
        (ANYONE, False),
        [all_but({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Allow")],
    ),
    "all actions but one": (
        (ANYONE, False),
        [{"Effect": "Allow", "Principal": "*", "NotAction": "sts:GetSessionToken"}],
    ),
    "the names of context keys have no case": (
        (OWN, False),
        [everyone({"StringEquals": {"AWS:PRINCIPALORGID": ORGANIZATION}})],
    ),
    "the role is of its own account in every request for it": (
        (ANYONE, False),
        [everyone({"StringEquals": {"aws:ResourceAccount": ACCOUNT}})],
    ),
    "one value of a list that all meet is enough": (
        (ANYONE, False),
        [everyone({"StringLike": {"aws:PrincipalAccount": [ACCOUNT, "*"]}})],
    ),
    "tokens of before 2020 have expired": (
        None,
        [everyone({"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}})],
    ),
    "the window closed years ago": (None, [everyone({"DateLessThan": {"aws:EpochTime": "1600000000"}})]),
    "a private range is in everybody's network": (
        (ANYONE, False),
        [everyone({"IpAddress": {"aws:VpcSourceIp": "10.1.2.0/24"}})],
    ),
    "halves of the internet are all of it": (
        (ANYONE, False),
        [everyone({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}})],
    ),
    "whoever does not come through an endpoint has no network": (
        (ANYONE, False),
        [everyone({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}})],
    ),
    "everyone calls by way of CloudFormation": (
        (ANYONE, False),
        [everyone({"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}})],
    ),
    "only services name a source account": (None, [everyone({"StringEquals": {"aws:SourceAccount": ACCOUNT}})]),
    "requests of accounts have no source account, and so meet IfExists": (
        (ANYONE, False),
        [everyone({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}})],
    ),
    "a service calls for the account that is named": (
        (OUTSIDER, False),
        [everyone({"StringEquals": {"aws:SourceAccount": OTHER}})],
    ),
    "a service calls for a foreign organization": (
        (OUTSIDER, False),
        [trust({"Service": "sns.amazonaws.com"}, StringEquals={"aws:SourceOrgID": FOREIGN})],
    ),
    "a service calls for its own organization": (
        None,
        [trust({"Service": "sns.amazonaws.com"}, StringEquals={"aws:SourceOrgID": ORGANIZATION})],
    ),
    "an account of its own organization is no stranger": (
        (OWN, False),
        [trust({"AWS": f"arn:aws:iam::{SISTER}:user/div/bob"})],
    ),
    "AWS: * is everyone, with a token too": ((ANYONE, False), [everyone(action=WEB)]),
    "everyone has a token of a workflow": (
        (ANYONE, False),
        [everyone({"StringLike": {f"{GITHUB}:sub": "repo:*:ref:refs/heads/main"}}, WEB)],
    ),
    "among everyone are pods of the cluster": (
        (PODS, True),
        [everyone({"StringLike": {f"{CLUSTER}:sub": "system:serviceaccount:dns:*"}}, WEB)],
    ),
    "among everyone are users of the account's SAML providers": ((OUTSIDER, False), [everyone(action=SAML)]),
    "any owner has a repository called infra": ((ANYONE, False), [sub(GITHUB, "repo:?cme/infra:*")]),
    "any repository has an environment called production": ((ANYONE, False), [sub(GITHUB, "*:environment:production")]),
    "one subject of two is anybody's": (
        (ANYONE, False),
        [web(GITHUB, StringLike={f"{GITHUB}:sub": ["repo:acme/infra:*", "repo:*/infra:*"]})],
    ),
    "all that are not of one owner are strangers": ((ANYONE, False), [sub(GITHUB, "repo:acme/*", "StringNotLike")]),
    "any workflow has an environment called production": (
        (ANYONE, False),
        [web(GITHUB, StringEquals={f"{GITHUB}:environment": "production"})],
    ),
    "any repository has a branch called main": (
        (ANYONE, False),
        [web(GITHUB, StringEquals={f"{GITHUB}:ref": "refs/heads/main"})],
    ),
    "a person starts a workflow": ((OUTSIDER, True), [web(GITHUB, StringEquals={f"{GITHUB}:actor": "octocat"})]),
    "a bot starts workflows in everybody's repositories": (
        (ANYONE, False),
        [web(GITHUB, StringEquals={f"{GITHUB}:actor": "dependabot[bot]"})],
    ),
    "an organization of Google Cloud": (
        (OUTSIDER, True),
        [web(GOOGLE, StringEquals={f"{GOOGLE}:google/organization_number": "123456"})],
    ),
    "any organization has a pipeline called deploy": (
        (ANYONE, False),
        [sub(BUILDKITE, "organization:*:pipeline:deploy:*")],
    ),
    "one organization's pipelines": ((OUTSIDER, True), [sub(BUILDKITE, "organization:acme:pipeline:deploy:*")]),
    "a claim of another issuer is absent, which a negated operator takes": (
        (ANYONE, False),
        [web(GITHUB, StringNotLike={f"{GITLAB}:sub": "project_path:acme/*"})],
    ),
    "a denial of one owner's names spares all others": (
        (ANYONE, False),
        [web(GITHUB), {**sub(GITHUB, "repo:evil/*"), "Effect": "Deny", "Principal": "*"}],
    ),
    "a denial of all but one owner's leaves that one": (
        (OUTSIDER, True),
        [web(GITHUB), {**sub(GITHUB, "repo:acme/*", "StringNotLike"), "Effect": "Deny", "Principal": "*"}],
    ),
    "anybody makes an identity pool, and signs in to it": (
        (ANYONE, False),
        [{**web(COGNITO), "Condition": {"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}}}],
    ),
    "every service account of every namespace": ((PODS, False), [sub(CLUSTER, "system:serviceaccount:*:*")]),
    "a condition on another cluster's subject is none on this one's": (
        (PODS, False),
        [web(CLUSTER, StringEqualsIfExists={f"{ELSEWHERE}:sub": "system:serviceaccount:dns:external"})],
    ),
    "a subject that must only be there is anybody's": ((PODS, False), [web(CLUSTER, Null={f"{CLUSTER}:sub": "false"})]),
    "what the SAML provider says of all its users tells none apart": (
        (OUTSIDER, False),
        [trust({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/Idp"}, "sts:*", StringLike={"SAML:sub": "*"})],
    ),
}


@pytest.mark.parametrize(("found", "statements"), ROWS.values(), ids=ROWS)
def test_the_widest_caller_of_a_trust_policy(found: Found, statements: list[Json]) -> None:
    assert worst(*statements) == found


def test_a_computed_external_id_keeps_nobody_out_with_certainty() -> None:
    (found,) = told(trust({"AWS": ROOT}, StringEquals={"sts:ExternalId": "${aws:PrincipalAccount}"}))
    assert found[2] == f"?account {OTHER}"
