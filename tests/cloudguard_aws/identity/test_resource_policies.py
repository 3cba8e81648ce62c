"""Permissions that the policies of the cluster's buckets and queues give to its roles."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from aws_hosts import api_of
from builders import snapshot
from cloudguard.model.cluster import Strength
from cloudguard.model.identity import (
    Effect,
    Identities,
    Identity,
    IdentityProvider,
    PolicyDocument,
    PolicyKind,
    Statement,
)
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard_aws.access.api import Api
from cloudguard_aws.identity.resource_policies import with_policies_of_resources
from moto_fixtures.aws.builder import ACCOUNT, Account
from refused_calls import Guard, Reusing

ROLE = f"arn:aws:iam::{ACCOUNT}:role/masters.prod"
SOURCE = Source("iam:GetRole", ROLE)
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:prod"


def cluster(*resources: str) -> Snapshot:
    """Return a cluster whose role's policies name ``resources``."""
    statement = Statement("#1", Effect.ALLOW, ("*",), resources=resources)
    policy = PolicyDocument("p", "p", PolicyKind.GRANT, "user", "", (statement,), SOURCE)
    facts = snapshot([], identities=Identities((Identity(ROLE, "masters.prod", ("node",), ("p",), SOURCE),), (policy,)))
    return replace(facts, cluster=replace(facts.cluster, name="prod", account=ACCOUNT))


def granting(*actions: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": actions, "Resource": "arn:aws:s3:::state/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def granted(facts: Snapshot) -> dict[str, tuple[str, ...]]:
    policies = (policy for policy in facts.identities.policies if policy.kind is PolicyKind.RESOURCE)
    return {policy.name: policy.statements[0].actions for policy in policies}


@pytest.mark.mistake("grant-left-out")
def test_policies_of_buckets_and_queues_in_needs_are_read(inner_account: Account) -> None:
    a = inner_account
    a.call("s3", "create_bucket", Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    a.call("s3", "put_bucket_policy", Bucket="state", Policy=granting("s3:*"))
    facts = cluster("arn:aws:s3:::state/prod/*", QUEUE)
    api = api_of(a)
    assert granted(with_policies_of_resources(api, facts)) == {"policy of state": ("s3:*",)}
    url = a.call("sqs", "create_queue", QueueName="prod")["QueueUrl"]
    a.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": granting("sqs:*")})
    found = with_policies_of_resources(api_of(a), facts)
    assert granted(found) == {"policy of state": ("s3:*",), f"policy of {QUEUE}": ("sqs:*",)}
    (identity,) = found.identities.identities
    assert identity.policies == ("p", f"state#{ROLE}", f"{QUEUE}#{ROLE}")
    assert found.gaps == ()
    unread = found.identities.unread_grants
    assert f"were not read, except those of state and {QUEUE} and etcd's keys; grants on KMS keys" in unread


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(
    ("named", "asks"), [("prod", True), ("prod-nth", True), ("prod-*", False), ("production", False), ("jobs", False)]
)
def test_the_queues_of_karpenter_and_of_the_termination_handler_are_read(
    inner_account: Account, named: str, *, asks: bool
) -> None:
    asked: list[str] = []
    with_policies_of_resources(api_of(inner_account, asked), cluster(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{named}"))
    assert asked == ["sqs:GetQueueAttributes"] * asks


def test_a_resource_outside_the_needs_is_not_read_and_the_report_says_so(inner_account: Account) -> None:
    asked: list[str] = []
    facts = with_policies_of_resources(api_of(inner_account, asked), cluster("arn:aws:s3:::payroll/*"))
    assert asked == []
    assert facts.identities.unread_grants.endswith("etcd's keys; grants on KMS keys were not read")
    providers = (IdentityProvider("issuer", Strength.STRONG, SOURCE),)
    federated = replace(facts, identities=replace(facts.identities, providers=providers))
    unread = with_policies_of_resources(api_of(inner_account), federated).identities.unread_grants
    assert unread.endswith("it is not known whether roles of other accounts trust the cluster's identity provider")


def test_a_bucket_without_a_policy_grants_nothing(inner_account: Account) -> None:
    a = inner_account
    a.call("s3", "create_bucket", Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    facts = with_policies_of_resources(api_of(a), cluster("arn:aws:s3:::state/prod/*", "arn:aws:s3:::gone/prod/*"))
    assert (granted(facts), facts.gaps) == ({}, ())


def test_a_refused_or_unparsable_resource_policy_is_a_gap(inner_account: Account) -> None:
    a = inner_account
    a.call("s3", "create_bucket", Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    a.call("s3", "put_bucket_policy", Bucket="state", Policy=json.dumps({"Statement": {"Effect": "Perhaps"}}))
    odd = with_policies_of_resources(api_of(a), cluster("arn:aws:s3:::state/prod/*"))
    session = Reusing()
    Guard(session).denied = ("s3", "GetBucketPolicy")
    refused = with_policies_of_resources(Api(session, "eu-west-1"), cluster("arn:aws:s3:::state/prod/*"))
    gaps = [[(gap.call, gap.resource, gap.reason, gap.hides) for gap in each.gaps] for each in (odd, refused)]
    assert gaps == [
        [("s3:GetBucketPolicy", "state", reason, (FactKind.IDENTITIES,))] for reason in (Reason.FAILED, Reason.DENIED)
    ]
    assert refused.gaps[0].permission == "s3:GetBucketPolicy"
