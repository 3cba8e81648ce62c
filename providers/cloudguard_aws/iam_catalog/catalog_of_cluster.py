"""The IAM catalog of AWS for one cluster: actions, needs and escalation paths. This module makes no API call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.iam_catalog import EscalationPath, IamCatalog
from cloudguard.model.identity import Effect, Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.iam_catalog.cluster_resources import TAG_KEYS, cluster_resources
from cloudguard_aws.iam_catalog.needs import PLACES, TABLES
from cloudguard_aws.iam_catalog.policy_writer import PolicyDocuments
from cloudguard_aws.iam_catalog.read_actions import read_actions
from cloudguard_aws.iam_catalog.request_context import context_of, known_context, ordinary_context, session_tags
from cloudguard_aws.identity.need_values import values_of
from cloudguard_aws.trust.callers import TrustPrincipals
from cloudguard_aws.trust.principals import HomeAccount

TAG_ACTIONS: Final = (
    "ec2:CreateTags",
    "autoscaling:CreateOrUpdateTags",
    "elasticloadbalancing:AddTags",
    "tag:TagResources",
)
PROVIDER_MANDATED: Final[tuple[tuple[str, ...], ...]] = (
    ("cluster", "AmazonEKSClusterPolicy"),
    ("cluster", "AmazonEKSServicePolicy"),
    ("cluster", "AmazonEKSComputePolicy"),
    ("cluster", "AmazonEKSBlockStoragePolicy"),
    ("cluster", "AmazonEKSLoadBalancingPolicy"),
    ("cluster", "AmazonEKSNetworkingPolicy"),
    ("cluster", "AmazonEKSLocalOutpostClusterPolicy"),
    ("node", "AmazonEKSWorkerNodePolicy"),
    ("node", "AmazonEKSWorkerNodeMinimalPolicy"),
    ("node", "AmazonEKS_CNI_Policy", "vpc-cni"),
    ("pods", "AmazonEKSFargatePodExecutionRolePolicy"),
)
"""Managed policies that EKS requires, by holder. A policy with a need's id is required only of identities with that
need.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html, …/create-node-role.html,
…/auto-cluster-iam-role.html, …/pod-execution-role.html, …/eks-outposts-local-cluster-create.html"""

BOUNDARY_ACTIONS: Final = (
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PutRolePermissionsBoundary",
)
"""Actions that can remove or widen a role's permissions boundary, on the role or on the boundary policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"""
HARMLESS: Final[tuple[tuple[tuple[str, ...], *tuple[str, ...]], ...]] = (
    (
        (
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:SetDefaultPolicyVersion",
            "iam:TagPolicy",
            "iam:UntagPolicy",
        ),
        "arn:<partition>:iam::aws:policy/*",
    ),
    (
        (
            "iam:AttachRolePolicy",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:UpdateAssumeRolePolicy",
        ),
        "arn:<partition>:iam::*:role/aws-service-role/*",
        "arn:<partition>:iam::*:role/aws-reserved/*",
    ),
    (
        ("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath"),
        "arn:<partition>:ssm:*::parameter/aws/*",
    ),
)
"""Requests on resources that only AWS can change, and on parameters that AWS publishes to everyone.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-service-linked-role.html,
https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html,
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html"""


def ready() -> None:
    """Read the files that ``iam_catalog`` needs. The caller runs this while API calls are under way."""
    published()
    read_actions()
    _ = TABLES.written, TABLES.escalation_paths


def iam_catalog(snapshot: Snapshot) -> IamCatalog:
    """Return the IAM catalog for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    values = values_of(snapshot)
    (partition, *_) = values["partition"]
    return IamCatalog(
        catalog=published(partition),
        writer=PolicyDocuments(),
        needs=TABLES.needs(values, PLACES),
        escalation_paths=tuple(_of_partition(path, partition) for path in TABLES.escalation_paths),
        known_context=partial(context_of, known_context(snapshot), session_tags(snapshot)),
        ordinary_context=ordinary_context(snapshot, partition),
        boundary_actions=BOUNDARY_ACTIONS,
        harmless=tuple(_harmless(partition)),
        cluster_resources=tuple(cluster_resources(values)),
        provider_mandated=_provider_mandated(partition) if cluster.managed else (),
        tag_keys=tuple(key.lower() for key in TAG_KEYS if key != "aws:RequestTag/"),
        tag_actions=TAG_ACTIONS,
        principals=TrustPrincipals(_home_account(snapshot, partition)),
        preferred_segments=("arn", partition, "", cluster.regions[0] if cluster.regions else "", cluster.account),
    )


def _of_partition(path: EscalationPath, partition: str) -> EscalationPath:
    """Return a path whose pass-role conditions name only services of the partition (".cn": of China)."""
    if partition == "aws-cn" or not path.passrole_conditions:
        return path
    conditions = tuple(
        replace(condition, values=tuple(value for value in condition.values if not value.endswith(".cn")))
        for condition in path.passrole_conditions
    )
    return replace(path, passrole_conditions=conditions)


def _harmless(partition: str) -> Iterator[Statement]:
    for actions, *resources in HARMLESS:
        names = tuple(name.replace("<partition>", partition) for name in resources)
        yield Statement(f"harmless: {names[0]}", Effect.ALLOW, actions, resources=names)


def _home_account(snapshot: Snapshot, partition: str) -> HomeAccount:
    """Return the account whose roles are judged."""
    identities = snapshot.identities
    return HomeAccount(
        account=snapshot.cluster.account,
        partition=partition,
        organization=identities.organization,
        members=frozenset(identities.organization_accounts),
        providers=frozenset(provider.id for provider in identities.providers),
        instances=frozenset(host.id for host in snapshot.cluster.hosts),
        now=snapshot.started,
    )


def _provider_mandated(partition: str) -> tuple[tuple[str, str, str], ...]:
    arn = f"arn:{partition}:iam::aws:policy/"
    return tuple((holder, arn + name, next(iter(need), "")) for holder, name, *need in PROVIDER_MANDATED)
