"""The known context of all requests of a role, from the account's facts and the date of the snapshot."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from aws_roles import snapshot
from cloudguard.authorization.excess import Comparer, Excess
from cloudguard.model.identity import SERVICE_ACCOUNT, Identities, Identity, PolicyDocument, PolicyKind
from cloudguard.model.network import NextHop, Route
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import ALL4
from cloudguard.permission_sets.condition_keys import FREE
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog
from cloudguard_aws.iam_catalog.request_context import known_context
from cloudguard_aws.identity.policy_documents import statements

SOURCE = Source("test")
ACCOUNT, STARTED = "111122223333", "2026-05-05T12:00:00Z"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/kube/node"
Json = dict[str, Any]


def grant(**condition: Json) -> Json:
    return {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}


def deny(**condition: Json) -> tuple[Json, Json]:
    return {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, grant(**condition) | {"Effect": "Deny"}


def excess(*items: Json, roles: tuple[str, ...] = ("node",), organization: str | None = "o-own") -> Excess:
    text = json.dumps({"Version": "2012-10-17", "Statement": items})
    policy = PolicyDocument("p", "p", PolicyKind.GRANT, "inline", text, statements(text), SOURCE)
    identity = Identity(ROLE, "node", roles, ("p",), SOURCE, unique_id="AROAOWN", tags=(("Team", "core"),))
    identities = Identities((identity,), (policy,), organization=organization)
    facts = replace(snapshot(identities), started=STARTED)
    return Comparer(facts.cluster, identities, iam_catalog(facts)).of(identity)


ALWAYS: tuple[Json, ...] = (
    {"ArnEquals": {"aws:PrincipalArn": ROLE}},
    {"ArnLike": {"AWS:PrincipalARN": "arn:aws:iam::*:role/kube/*"}},
    {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}},
    {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-own"}},
    {"StringEquals": {"aws:PrincipalTag/team": "core"}},
    {"StringLike": {"aws:userid": "AROAOWN:*"}},
    {"StringNotEquals": {"aws:PrincipalTag/other": "x"}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    {"Null": {"aws:TokenIssueTime": "false"}},
    {"Null": {"aws:username": "true"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"DateLessThan": {"aws:TokenIssueTime": "2099-01-01T00:00:00Z"}},
    {"NumericGreaterThan": {"aws:EpochTime": "1700000000"}},
    {"StringNotEquals": {"aws:SourceAccount": "999999999999"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    {"StringNotEquals": {"aws:SourceVpc": "vpc-elsewhere"}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
)
NEVER: tuple[Json, ...] = (
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/kube/*"}},
    {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"StringEquals": {"aws:PrincipalType": ["User", "Account"]}},
    {"StringNotEquals": {"aws:PrincipalOrgID": "o-own"}},
    {"StringEquals": {"aws:PrincipalTag/Team": "edge"}},
    {"Null": {"aws:PrincipalTag/other": "false"}},
    {"StringLike": {"aws:userid": ["AROAOTHER:*", "AIDA*"]}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    {"DateLessThan": {"aws:TokenIssueTime": "2026-05-05T11:59:59Z"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01"}},
    {"NumericLessThan": {"aws:EpochTime": "1600000000"}},
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"StringLike": {"aws:username": "*"}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.7.1", "fd00::/8"]}},
)
UNKNOWN: tuple[Json, ...] = (
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}},
    {"IpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"}},
    {"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    {"StringEquals": {"aws:userid": "AROAOWN:i-0123"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-own/r-1/*"}},
)


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("condition", ALWAYS, ids=json.dumps)
def test_a_condition_that_every_request_meets_has_no_effect(condition: Json) -> None:
    assert excess(grant(**condition)).certain
    assert not excess(*deny(**condition)).total


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("condition", NEVER, ids=json.dumps)
def test_a_condition_that_no_request_meets_grants_and_denies_nothing(condition: Json) -> None:
    assert not excess(grant(**condition)).total
    assert excess(*deny(**condition)).certain


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("condition", UNKNOWN, ids=json.dumps)
def test_a_condition_on_an_unknown_value_is_undecided(condition: Json) -> None:
    for found in (excess(grant(**condition)), excess(*deny(**condition))):
        assert not found.certain
        assert found.total
        assert found.assumptions


@pytest.mark.parametrize(
    ("hop", "known"), [(NextHop.OUTBOUND, True), (NextHop.PEER, False), (NextHop.HUB, False), (NextHop.VPN, True)]
)
def test_requests_pass_endpoints_of_other_vpcs_only_if_a_route_leads_there(hop: NextHop, *, known: bool) -> None:
    facts = snapshot(Identities())
    subnet = replace(facts.topology.subnets[0], routes=(Route(ALL4, hop, "x", SOURCE),))
    context = known_context(replace(facts, topology=replace(facts.topology, subnets=(subnet,))))
    assert (context["aws:sourcevpc"] is not FREE) is known


def test_sessions_of_pods_may_have_tags_that_the_role_lacks() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "billing"}}
    assert not excess(grant(**condition)).total
    assert excess(grant(**condition), roles=(SERVICE_ACCOUNT,)).certain


def test_an_unread_organization_is_unknown() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-own"}}
    assert not excess(grant(**condition), organization="").total
    undecided = excess(grant(**condition), organization=None)
    assert undecided.total
    assert not undecided.certain


@pytest.mark.parametrize(("region", "granted"), [("us-east-1", True), ("eu-west-1", False)])
def test_requests_to_global_services_carry_one_region(region: str, granted: bool) -> None:  # noqa: FBT001 - a parameter
    everything = {"Effect": "Allow", "Action": ["iam:CreateUser", "sqs:CreateQueue"], "Resource": "*"}
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": region}}
    requests = excess(everything, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": elsewhere}).certain
    names = {*requests.space.table.names(requests.actions)}
    assert names == {"sqs:CreateQueue"} | ({"iam:CreateUser"} if granted else set())


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/*"),
        ("iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"),
        ("iam:PutRolePolicy", "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"),
        ("ssm:GetParameter", "arn:aws:ssm:*::parameter/aws/service/eks/*"),
    ],
)
def test_public_resources_of_aws_are_no_excess(action: str, resource: str) -> None:
    assert not excess({"Effect": "Allow", "Action": action, "Resource": resource}).total
    assert excess({"Effect": "Allow", "Action": action, "Resource": "*"}).certain
