"""Needs on resources that nothing shows: of EKS capabilities, and of the node termination handler."""

from __future__ import annotations

import pytest

from aws_ranks import CRITICAL, HIGH, ROLE, Json, allow, policy, severity_of
from builders import SOURCE
from cloudguard.model.identity import SERVICE_ACCOUNT, Identities, Identity, PolicyKind, ServiceAccountIdentity

REPOSITORY = "arn:aws:codecommit:eu-west-1:111122223333:apps"
PULL = allow(["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize(
    ("kind", "granted", "found"),
    [
        ("kro", allow("ec2:TerminateInstances"), HIGH),
        ("argocd", PULL, "PASS"),
        ("argocd", allow("codecommit:GitPull", REPOSITORY), "UNKNOWN"),
        ("argocd", allow("secretsmanager:GetSecretValue"), "UNKNOWN"),
        ("argocd", allow("secretsmanager:PutSecretValue"), HIGH),
        ("argocd", allow("ec2:TerminateInstances"), HIGH),
        ("argocd", allow("iam:*"), CRITICAL),
        ("ack", allow("s3:PutObject"), "UNKNOWN"),
        ("ack", allow("*"), CRITICAL),
    ],
)
def test_the_role_of_a_capability_is_compared_with_its_documented_need(kind: str, granted: Json, found: str) -> None:
    document = policy("p", PolicyKind.GRANT, [granted], "2012-10-17")
    role = Identity(ROLE, "capability", (SERVICE_ACCOUNT,), ("p",), SOURCE)
    users = ServiceAccountIdentity(ROLE, "capability", (f"capability:{kind}/main",), "", SOURCE)
    assert severity_of(Identities((role,), (document,), service_accounts=(users,))).removesuffix(" LOW") == found


QUEUE, TAGGED = "arn:aws:sqs:eu-west-1:111122223333:term", {"aws:ResourceTag/kubernetes.io/cluster/prod": "owned"}
COMPLETE, RECEIVE = "autoscaling:CompleteLifecycleAction", "sqs:ReceiveMessage"


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize(
    ("granted", "found"),
    [
        (allow("autoscaling:DescribeTags"), "PASS"),
        (allow(COMPLETE, StringEquals=TAGGED), "PASS"),
        (allow(COMPLETE), "FAIL MEDIUM"),
        (allow(RECEIVE, QUEUE), "UNKNOWN"),
        (allow("sqs:SendMessage", QUEUE), HIGH),
    ],
)
def test_the_node_termination_handler_needs_the_cluster_s_groups_and_one_queue(granted: Json, found: str) -> None:
    document = policy("p", PolicyKind.GRANT, [granted], "2012-10-17")
    role = Identity(ROLE, "nth", (SERVICE_ACCOUNT,), ("p",), SOURCE)
    pods = ServiceAccountIdentity(ROLE, "nth", ("kube-system:aws-node-termination-handler",), "", SOURCE)
    assert severity_of(Identities((role,), (document,), service_accounts=(pods,))).removesuffix(" LOW") == found
