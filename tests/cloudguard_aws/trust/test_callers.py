"""The callers that may assume a role, for each trust policy."""

from __future__ import annotations

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
    HOME,
    ORGANIZATION,
    OTHER,
    OUTSIDER,
    OWN,
    PODS,
    ROLE,
    ROOT,
    SISTER,
    TERRAFORM,
    Found,
    Json,
    callers_of,
    let_in,
    sub,
    trust,
    web,
    worst,
)
from cloudguard_aws.trust.principals import HomeAccount

ANY_ARN = "arn:aws:iam::*:role/deployer"
FUNCTION = "arn:aws:lambda:eu-west-1:{}:function:deploy"
IDENTITIES: list[tuple[Json, Found]] = [
    (trust("*"), (ANYONE, False)),
    (trust({"AWS": "*"}, ArnLike={"aws:PrincipalArn": ANY_ARN}), (ANYONE, False)),
    (trust("*", StringLike={"aws:PrincipalAccount": "????????????"}), (ANYONE, False)),
    (trust("*", StringLike={"aws:PrincipalAccount": "2109*"}), (ANYONE, False)),
    (trust("*", ArnLike={"aws:PrincipalArn": "arn:aws:*:*:*:*"}), (ANYONE, False)),
    (trust("*", StringLike={"aws:PrincipalOrgID": "o-*"}), (ANYONE, False)),
    (trust("*", StringEqualsIfExists={"aws:PrincipalOrgID": ORGANIZATION}), (ANYONE, False)),
    (
        {**trust("*"), "Condition": {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/*"}}},
        (ANYONE, False),
    ),
    (trust("*", Null={"aws:PrincipalOrgID": "false"}), (ANYONE, False)),
    (trust("*", StringEquals={"aws:PrincipalTag/team": "ops"}), (ANYONE, False)),
    (trust("*", Bool={"aws:MultiFactorAuthPresent": "true"}), (ANYONE, False)),
    (trust("*", StringEquals={"sts:RoleSessionName": "ci"}), (ANYONE, False)),
    (trust("*", StringEquals={"aws:RequestedRegion": "eu-west-1"}), (ANYONE, False)),
    (trust("*", IpAddress={"aws:SourceIp": "0.0.0.0/1"}), (ANYONE, False)),
    (trust("*", StringNotEquals={"aws:PrincipalAccount": OTHER}), (ANYONE, False)),
    (trust("*", StringEquals={"sts:ExternalId": "7f3a91"}), (ANYONE, True)),
    (trust("*", "sts:AssumeRoleWithWebIdentity"), (ANYONE, False)),
    (trust("*", IpAddress={"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/48"]}), (OUTSIDER, True)),
    (trust("*", StringEquals={"aws:SourceVpce": "vpce-0123"}), (OUTSIDER, True)),
    (trust("*", StringLike={"aws:userid": "AROAEXAMPLEID1234567:*"}), (OUTSIDER, True)),
    (trust("*", StringEquals={"aws:PrincipalAccount": OTHER}), (OUTSIDER, False)),
    (trust("*", ArnEquals={"aws:PrincipalArn": ROLE}), (OUTSIDER, True)),
    (trust("*", StringEquals={"aws:PrincipalOrgID": FOREIGN}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}), (OUTSIDER, False)),
    (trust({"AWS": OTHER}), (OUTSIDER, False)),
    (trust({"AWS": ROLE}), (OUTSIDER, False)),
    (trust({"AWS": f"arn:aws:sts::{OTHER}:assumed-role/ci/main"}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}, StringLike={"sts:ExternalId": "?*"}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}, StringLike={"sts:ExternalId": "k8s-*"}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}, StringEqualsIfExists={"sts:ExternalId": "k8s"}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}, StringNotEquals={"sts:ExternalId": "k8s"}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}, Null={"sts:ExternalId": "false"}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}, Bool={"aws:MultiFactorAuthPresent": "true"}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}, StringEquals={"sts:ExternalId": "k8s"}), (OUTSIDER, True)),
    (trust({"AWS": ROOT}, StringEqualsIgnoreCase={"sts:ExternalId": "k8S"}), (OUTSIDER, True)),
    (trust({"AWS": ROOT}, ArnLike={"aws:PrincipalArn": ROLE}), (OUTSIDER, True)),
    (trust({"AWS": ROOT}, StringEquals={"aws:PrincipalOrgID": ORGANIZATION}), (OWN, False)),
    (trust({"AWS": SISTER}), (OWN, False)),
    (trust("*", StringEquals={"aws:PrincipalOrgID": ORGANIZATION}), (OWN, False)),
    (trust("*", StringEquals={"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}), (OWN, False)),
    (trust("*", StringLike={"aws:PrincipalOrgPaths": f"{ORGANIZATION}/r-ab12/*"}), (OWN, False)),
    (
        {**trust("*"), "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/r-1/*"}}},
        (OWN, False),
    ),
    (trust("*", ArnLike={"ec2:SourceInstanceARN": "arn:aws:ec2:*:*:instance/*"}), (ANYONE, False)),
    (trust("*", ArnLike={"ec2:SourceInstanceARN": f"arn:aws:ec2:*:{OTHER}:instance/*"}), (OUTSIDER, False)),
    (trust({"AWS": ROOT}, ArnEquals={"lambda:SourceFunctionArn": FUNCTION.format(OTHER)}), (OUTSIDER, True)),
    (trust({"AWS": ROOT}, ArnEqualsIfExists={"lambda:SourceFunctionArn": FUNCTION.format(OTHER)}), (OUTSIDER, False)),
    (trust("*", ArnEquals={"lambda:SourceFunctionArn": FUNCTION.format(ACCOUNT)}), None),
    (trust({"Service": "ec2.amazonaws.com"}, ArnLike={"ec2:SourceInstanceARN": "arn:aws:ec2:*:*:*"}), None),
    (trust({"AWS": ROOT}, StringLike={"sts:RoleSessionName": "${aws:username}"}), (OUTSIDER, False)),
    (trust("*", StringEquals={"sts:SourceIdentity": "${aws:Username}"}), (ANYONE, False)),
    (trust("*", StringEquals={"aws:PrincipalAccount": ACCOUNT}), None),
    (trust("*", ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}), None),
    (trust("*", IpAddress={"aws:SourceIp": "10.0.0.0/8"}), None),
    (trust("*", DateLessThan={"aws:CurrentTime": "2026-11-28T00:00:00Z"}), None),
    (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:role/break-glass"}), None),
    (trust({"AWS": ACCOUNT}), None),
    (trust({"AWS": "AIDAQQQQQQQQQQQQQQQQQ"}), None),
    (trust({"AWS": OTHER}, "sts:TagSession"), None),
    (trust({"AWS": OTHER}, "sts:AssumeRoleWithWebIdentity"), None),
    (trust({"AWS": OTHER}, StringEquals={"aws:PrincipalAccount": ACCOUNT}), None),
    (trust({"Service": "ec2.amazonaws.com"}), None),
    (trust({"Service": "pods.eks.amazonaws.com"}, "sts:*"), None),
    (trust({"Service": "sns.amazonaws.com"}, StringEquals={"aws:SourceAccount": OTHER}), (OUTSIDER, False)),
    (trust({"Service": "sns.amazonaws.com"}, StringEquals={"aws:SourceAccount": ACCOUNT}), None),
    (trust({"Service": "rolesanywhere.amazonaws.com"}), (OWN, False)),
    (
        trust(
            {"Service": "rolesanywhere.amazonaws.com"},
            ArnEquals={"aws:SourceArn": f"arn:aws:rolesanywhere:eu-west-1:{ACCOUNT}:trust-anchor/a"},
        ),
        None,
    ),
]
FEDERATED: list[tuple[Json, Found]] = [
    (web(GITHUB, StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"}), (ANYONE, False)),
    (sub(GITHUB, "repo:*"), (ANYONE, False)),
    (sub(GITHUB, "repo:*/prod*"), (ANYONE, False)),
    (sub(GITHUB, "repo:acme*"), (ANYONE, False)),
    (sub(GITHUB, "*:acme/infra:*"), (ANYONE, False)),
    (sub(GITHUB, "environment:prod", "StringEquals"), (ANYONE, False)),
    (sub(GITHUB, "repo:acme/*", "StringLikeIfExists"), (OUTSIDER, True)),
    (web(GITHUB, **{"ForAllValues:StringLike": {f"{GITHUB}:subject": "repo:acme/*"}}), (ANYONE, False)),
    (sub(GITHUB, "repo:acme/*"), (OUTSIDER, True)),
    (sub(GITHUB, "repo:acme/infra:ref:refs/heads/main", "StringEquals"), (OUTSIDER, True)),
    (web(GITHUB, StringEquals={f"{GITHUB}:repository_owner_id": "1234"}), (OUTSIDER, True)),
    (sub(GITHUB, "repo:acme/infra:environment:prod", "StringEqualsIgnoreCase"), (OUTSIDER, True)),
    (sub(GITHUB, "repo:acme/*", "StringEquals"), None),
    (sub(GITLAB, "project_path:*/infra:*"), (ANYONE, False)),
    (sub(GITLAB, "project_path:acme/*:ref_type:branch:ref:main"), (OUTSIDER, True)),
    (sub(TERRAFORM, "organization:*:project:p:*"), (ANYONE, False)),
    (sub(TERRAFORM, "organization:acme:project:*"), (OUTSIDER, True)),
    (web(GOOGLE, StringEquals={f"{GOOGLE}:aud": "6667.apps.googleusercontent.com"}), (ANYONE, False)),
    (web(GOOGLE, StringEquals={f"{GOOGLE}:aud": "123456789012345678901"}), (OUTSIDER, True)),
    (web(GOOGLE, StringEquals={f"{GOOGLE}:sub": "12345"}), (OUTSIDER, True)),
    (web(COGNITO), (ANYONE, False)),
    (web(COGNITO, StringEquals={f"{COGNITO}:aud": "eu-west-1:1234"}), (OUTSIDER, False)),
    (
        web(
            COGNITO,
            StringEquals={f"{COGNITO}:aud": "eu-west-1:1234"},
            **{"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}},
        ),
        (OUTSIDER, True),
    ),
    (web(CLUSTER), (PODS, False)),
    (sub(CLUSTER, "system:serviceaccount:*"), (PODS, False)),
    (sub(CLUSTER, "system:serviceaccount:kube-system:*", "StringNotLike"), (PODS, False)),
    (sub(CLUSTER, "system:serviceaccount:dns:*"), (PODS, True)),
    (sub(CLUSTER, "system:serviceaccount:dns:external", "StringEquals"), None),
    (sub(CLUSTER, "system:serviceaccount:dns:external", "StringEqualsIgnoreCase"), None),
    (sub(CLUSTER, "system:serviceaccount:argocd:argocd-*", "StringEquals"), None),
    (web(CLUSTER, StringEquals={f"{ELSEWHERE}:sub": "system:serviceaccount:a:b"}), None),
    (sub(ELSEWHERE, "system:serviceaccount:*"), (OUTSIDER, False)),
    (sub(ELSEWHERE, "system:serviceaccount:a:b", "StringEquals"), (OUTSIDER, True)),
    (web("login.example.com", StringEquals={"login.example.com:aud": "app"}), (OUTSIDER, False)),
    (trust({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/Idp"}, "sts:AssumeRoleWithSAML"), (OUTSIDER, False)),
    (
        trust(
            {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/Idp"},
            "sts:AssumeRoleWithSAML",
            StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml", "SAML:sub": "bob"},
        ),
        (OUTSIDER, True),
    ),
]


@pytest.mark.mistake("stranger-trusted")
@pytest.mark.parametrize(("statement", "found"), [*IDENTITIES, *FEDERATED], ids=str)
def test_the_widest_caller_of_a_trust_policy(statement: Json, found: Found) -> None:
    assert worst(statement) == found


def test_a_denial_removes_only_the_callers_that_it_matches() -> None:
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
    service = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    perimeter = trust("*", "*", "Deny", **outside, **service)
    assert worst(trust("*"), perimeter) == (OWN, False)
    assert worst(trust({"AWS": ROOT}), trust({"AWS": ROOT}, effect="Deny")) is None
    assert worst(trust({"AWS": ROOT}), trust({"AWS": ROLE}, effect="Deny")) == (OUTSIDER, False)
    assert worst(trust("*"), trust("*", "sts:TagSession", "Deny")) == (ANYONE, False)
    named = trust("*", "*", "Deny", StringNotLike={"sts:RoleSessionName": "${aws:username}"})
    assert worst(trust({"AWS": ROOT}), named) == (OUTSIDER, False), "whoever is a user chooses that name"
    denied_but = {"Effect": "Deny", "NotPrincipal": {"AWS": [ROOT, ROLE]}, "Action": "*"}
    assert [who for _, _, who in callers_of(trust("*"), denied_but)] == [f"account {OTHER}"]
    allowed_but = {"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}
    assert worst(allowed_but) == (ANYONE, False)


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        (trust("*", StringEquals={"acme:thing": "x"}), "anyone in any account"),
        (trust("*", StringEquals={"aws:PrincipalTag/team": "${aws:username}"}), "anyone in any account"),
        (trust({"AWS": "what is this"}), "anyone in any account"),
    ],
)
def test_a_statement_that_is_not_understood_is_undecided(statement: Json, cause: str) -> None:
    assert callers_of(statement)[0][2] == f"?{cause}"


def test_an_unknown_organization_may_be_the_account_s_own() -> None:
    unknown = HomeAccount(ACCOUNT, now=HOME.now)
    (found,) = callers_of(trust("*", StringEquals={"aws:PrincipalOrgID": FOREIGN}), home=unknown)
    assert found == (OWN, False, f"another account of organization {FOREIGN}, which may be its own")
    none = HomeAccount(ACCOUNT, organization="", now=HOME.now)
    assert worst(trust("*", StringEquals={"aws:PrincipalOrgID": FOREIGN}), home=none) == (OUTSIDER, False)


def test_without_a_known_account_the_role_s_account_counts_as_its_own() -> None:
    assert worst(trust({"AWS": ACCOUNT}), home=HomeAccount("")) is None
    assert worst(trust({"AWS": OTHER}), home=HomeAccount("")) == (OUTSIDER, False)


@pytest.mark.parametrize(
    ("statement", "outsider"),
    [
        (trust({"AWS": ROOT}), OTHER),
        (trust({"AWS": ROOT}), ROOT),
        (trust({"AWS": ROLE}), ROLE),
        (trust("*", IpAddress={"aws:SourceIp": "203.0.113.0/24"}), "203.0.113.0/24"),
        (trust("*", StringEquals={"aws:SourceVpce": "vpce-0123"}), "vpce-0123"),
        (trust("*", StringEquals={"aws:SourceVpc": "vpc-0123"}), "vpc-0123"),
        (trust({"Service": "rolesanywhere.amazonaws.com"}), "rolesanywhere.amazonaws.com"),
        (trust("*", StringEquals={"aws:PrincipalOrgID": FOREIGN}), FOREIGN),
        (sub(GITHUB, "repo:acme/infra:*"), f"{GITHUB}:repo:acme/*"),
        (sub(ELSEWHERE, "system:serviceaccount:a:b"), f"{ELSEWHERE}:system:serviceaccount:a:b"),
        (
            trust({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/Idp"}, "sts:AssumeRoleWithSAML"),
            f"arn:aws:iam::{ACCOUNT}:saml-provider/Idp",
        ),
    ],
    ids=str,
)
def test_a_declared_outsider_is_no_finding(statement: Json, outsider: str) -> None:
    assert callers_of(statement) != []
    assert callers_of(statement, declared=(outsider,)) == []
    assert callers_of(statement, declared=("444455556666", "not understood")) == callers_of(statement)


@pytest.mark.parametrize("statement", [item for item, found in [*IDENTITIES, *FEDERATED] if found == (OUTSIDER, False)])
def test_declaring_the_name_from_the_finding_removes_the_finding(statement: Json) -> None:
    (admission,) = let_in(statement)
    names = (admission.caller.declared_as,) if admission.caller.declared_as else ()
    assert (let_in(statement, declared=names) == ()) == bool(names)


def test_a_declared_repository_does_not_cover_others_of_its_owner() -> None:
    assert callers_of(sub(GITHUB, "repo:acme/*"), declared=(f"{GITHUB}:repo:acme/infra:*",)) != []
