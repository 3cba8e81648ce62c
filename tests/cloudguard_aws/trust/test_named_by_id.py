"""Trust policies that name an instance, a VPC or a subject in rare forms. Each id gives the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aws_trust import (
    ACCOUNT,
    ANYONE,
    CLUSTER,
    GITHUB,
    HOME,
    OTHER,
    OUTSIDER,
    PODS,
    ROOT,
    Found,
    Json,
    callers_of,
    sub,
    trust,
    web,
    worst,
)

INSTANCE, ANY = "i-0123456789abcdef0", {"AWS": "*"}
SUBJECT, SERVICE_ACCOUNT = f"{CLUSTER}:sub", "system:serviceaccount:"
EVERY_INSTANCE, THE_INSTANCE = "arn:aws:ec2:*:*:instance/i-0*", f"arn:aws:ec2:*:*:instance/{INSTANCE}"


def instance(*patterns: str, principal: object = ANY, operator: str = "ArnLike") -> Json:
    return {**trust(principal), "Condition": {operator: {"ec2:SourceInstanceARN": list(patterns)}}}


def pods(*conditions: Json, effect: str = "Allow") -> Json:
    return {
        **web(CLUSTER),
        "Effect": effect,
        "Condition": {key: item for each in conditions for key, item in each.items()},
    }


ROWS: dict[str, tuple[Found, list[Json]]] = {
    "an instance's id in any account": ((OUTSIDER, True), [instance(THE_INSTANCE)]),
    "an instance's id alone": ((OUTSIDER, True), [instance(f"*/{INSTANCE}", operator="StringLike")]),
    "an instance's id, and another account": ((OUTSIDER, True), [instance(THE_INSTANCE, principal={"AWS": ROOT})]),
    "an instance's id beside all instances of the own account": (
        (OUTSIDER, True),
        [instance(THE_INSTANCE, f"arn:aws:ec2:*:{ACCOUNT}:instance/*")],
    ),
    "a denial for all other instances": (
        (OUTSIDER, True),
        [trust(ANY), {**instance(THE_INSTANCE, operator="ArnNotLike"), "Effect": "Deny"}],
    ),
    "the start of many instances' ids": ((ANYONE, False), [instance(EVERY_INSTANCE)]),
    "an instance's id with an open digit": ((ANYONE, False), [instance(f"{THE_INSTANCE[:-1]}?")]),
    "an instance's id beside the start of many": ((ANYONE, False), [instance(THE_INSTANCE, EVERY_INSTANCE)]),
    "a literal star in an instance's ARN": (None, [instance(THE_INSTANCE, operator="StringEquals")]),
    "a function's name in any account": (
        (ANYONE, False),
        [trust(ANY, ArnLike={"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:deploy"})],
    ),
    "a VPC's id in any account": (
        (OUTSIDER, True),
        [trust(ANY, ArnLike={"aws:SourceVpcArn": "arn:aws:ec2:*:*:vpc/vpc-0123"})],
    ),
    "all VPCs": ((ANYONE, False), [trust(ANY, ArnLike={"aws:SourceVpcArn": "arn:aws:ec2:*:*:vpc/*"})]),
    "the pattern of one VPC": ((OUTSIDER, True), [trust(ANY, StringLike={"aws:SourceVpc": "vpc-0123"})]),
    "the pattern of all VPCs": ((ANYONE, False), [trust(ANY, StringLike={"aws:SourceVpc": "vpc-*"})]),
    "an address inside a VPC": (
        (ANYONE, False),
        [trust(ANY, StringEquals={"aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.5"})],
    ),
    "the ARN of sessions, which no request has": (
        None,
        [trust(ANY, StringLike={"aws:PrincipalArn": f"arn:aws:sts::{OTHER}:assumed-role/ci/*"})],
    ),
    "an application at Facebook, which everyone may use": (
        (ANYONE, False),
        [
            {
                **trust({"Federated": "graph.facebook.com"}, "sts:AssumeRoleWithWebIdentity"),
                "Condition": {"StringEquals": {"graph.facebook.com:app_id": "1234"}},
            }
        ],
    ),
    "a repository in capitals, with an operator that ignores case": (
        (OUTSIDER, True),
        [sub(GITHUB, "REPO:ACME/INFRA:ref:refs/heads/main", "StringEqualsIgnoreCase")],
    ),
    "a repository in capitals, which no token has": (
        None,
        [sub(GITHUB, "REPO:acme/infra:ref:refs/heads/main", "StringEquals")],
    ),
    "a service account's name in any namespace": ((PODS, True), [sub(CLUSTER, f"{SERVICE_ACCOUNT}*:external-dns")]),
    "the start of service accounts' names": ((PODS, True), [sub(CLUSTER, f"{SERVICE_ACCOUNT}kube-system:aws-*")]),
    "a service account's name with an open letter": ((PODS, True), [sub(CLUSTER, f"{SERVICE_ACCOUNT}dns:externa?")]),
    "the prefix of all service accounts with an open letter": (
        (PODS, False),
        [sub(CLUSTER, "system:serviceaccoun?:*")],
    ),
    "one service account and one namespace": (
        (PODS, True),
        [sub(CLUSTER, f"{SERVICE_ACCOUNT}a:b"), sub(CLUSTER, f"{SERVICE_ACCOUNT}c:*")],
    ),
    "all service accounts except two": (
        (PODS, False),
        [pods({"StringNotEquals": {SUBJECT: [f"{SERVICE_ACCOUNT}a:b", f"{SERVICE_ACCOUNT}c:d"]}})],
    ),
    "only the audience": ((PODS, False), [pods({"StringEquals": {f"{CLUSTER}:aud": "sts.amazonaws.com"}})]),
    "a denial for one namespace": (
        (PODS, False),
        [pods(), pods({"StringLike": {SUBJECT: f"{SERVICE_ACCOUNT}kube-system:*"}}, effect="Deny")],
    ),
    "a denial for all other service accounts": (
        None,
        [pods(), pods({"StringNotEquals": {SUBJECT: f"{SERVICE_ACCOUNT}a:b"}}, effect="Deny")],
    ),
    "a wide and a narrow condition": (
        None,
        [pods({"StringLike": {SUBJECT: f"{SERVICE_ACCOUNT}*"}}, {"StringEquals": {SUBJECT: f"{SERVICE_ACCOUNT}a:b"}})],
    ),
    "the pattern of one service account": (None, [sub(CLUSTER, f"{SERVICE_ACCOUNT}a:b")]),
    "ForAllValues with a claim that every token has": (
        None,
        [pods({"ForAllValues:StringEquals": {SUBJECT: f"{SERVICE_ACCOUNT}a:b"}})],
    ),
    "a subject that must be absent, which no token has": (None, [pods({"Null": {SUBJECT: "true"}})]),
}


@pytest.mark.mistake("stranger-trusted")
@pytest.mark.parametrize(("found", "statements"), ROWS.values(), ids=ROWS)
def test_the_widest_caller_of_a_trust_policy(found: Found, statements: list[Json]) -> None:
    assert worst(*statements) == found


@pytest.mark.mistake("stranger-trusted")
def test_an_instance_of_the_cluster_is_no_outsider() -> None:
    home = replace(HOME, instances=frozenset({INSTANCE}))
    assert callers_of(instance(THE_INSTANCE), home=home) == []
    assert [who for _, _, who in callers_of(instance(THE_INSTANCE))] == [f"the instance {INSTANCE}"]


def test_a_declared_vpc_is_no_outsider_by_its_id_or_arn() -> None:
    by_arn = trust(ANY, ArnLike={"aws:SourceVpcArn": "arn:aws:ec2:*:*:vpc/vpc-0123"})
    by_id = trust(ANY, StringEquals={"aws:SourceVpc": "vpc-0123"})
    assert callers_of(by_arn, by_id, declared=("vpc-0123",)) == []
    assert [who for _, _, who in callers_of(by_arn)] == ["anyone who calls from vpc-0123"]
