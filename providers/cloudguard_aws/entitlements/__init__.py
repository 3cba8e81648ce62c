"""What is known of AWS permissions: the catalog, what Kubernetes needs, what gives power. No account is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudguard.model.entitlement import Entitlements
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard_aws.entitlements.catalog import published
from cloudguard_aws.entitlements.components import components, values_of
from cloudguard_aws.entitlements.escalations import escalations
from cloudguard_aws.entitlements.principals import TrustPrincipals
from cloudguard_aws.entitlements.writing import PolicyDocuments

RESOURCE_TAG_KEYS: Final = (
    "aws:resourcetag/",
    "ec2:resourcetag/",
    "autoscaling:resourcetag/",
    "elasticloadbalancing:resourcetag/",
)
"""Condition keys that the tags of the resource decide (service authorization reference of each service)."""
_TAG_KEYS: Final = ("aws:ResourceTag/", "aws:RequestTag/", *RESOURCE_TAG_KEYS[1:])
TAG_ACTIONS: Final = (
    "ec2:CreateTags",
    "autoscaling:CreateOrUpdateTags",
    "elasticloadbalancing:AddTags",
    "tag:TagResources",
)
IMPOSED: Final = (
    ("cluster", "AmazonEKSClusterPolicy"),
    ("cluster", "AmazonEKSServicePolicy"),
    ("cluster", "AmazonEKSComputePolicy"),
    ("cluster", "AmazonEKSBlockStoragePolicy"),
    ("cluster", "AmazonEKSLoadBalancingPolicy"),
    ("cluster", "AmazonEKSNetworkingPolicy"),
    ("node", "AmazonEKSWorkerNodePolicy"),
    ("node", "AmazonEKSWorkerNodeMinimalPolicy"),
    ("pods", "AmazonEKSFargatePodExecutionRolePolicy"),
)
"""Managed policies that EKS asks for, by holder.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html, …/create-node-role.html,
…/auto-cluster-iam-role.html, …/pod-execution-role.html
"""


def entitlements(snapshot: Snapshot) -> Entitlements:
    """Return what is known, for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    (partition, *_) = values_of(snapshot)["partition"]
    return Entitlements(
        catalog=published(),
        documents=PolicyDocuments(),
        components=components(snapshot),
        escalations=escalations(),
        variables={"aws:principalaccount": cluster.account} if cluster.account else {},
        own=tuple(_own(cluster.name, cluster.account, partition)),
        imposed=tuple((holder, f"arn:{partition}:iam::aws:policy/{name}") for holder, name in IMPOSED),
        tag_keys=RESOURCE_TAG_KEYS,
        tag_actions=TAG_ACTIONS,
        principals=TrustPrincipals(),
        home=("arn", partition, "", cluster.regions[0] if cluster.regions else "", cluster.account),
    )


def _own(cluster: str, account: str, partition: str) -> Iterator[Statement]:
    """Yield statements that match what can only concern the cluster: its tags, on what is or is made, and its names.

    The tags are those that the installers set (kubernetes/cloud-provider-aws pkg/providers/v1/tags.go, kops, Cluster
    API, EKS).
    """
    tags = (
        (f"kubernetes.io/cluster/{cluster}", "*"),
        (f"sigs.k8s.io/cluster-api-provider-aws/cluster/{cluster}", "*"),
        ("KubernetesCluster", cluster),
        ("cluster.k8s.amazonaws.com/name", cluster),
        ("ebs.csi.aws.com/cluster-name", cluster),
        ("eks:cluster-name", cluster),
        ("eks:eks-cluster-name", cluster),
        ("aws:eks:cluster-name", cluster),
    )
    for prefix in _TAG_KEYS:
        for name, value in tags:
            condition = Condition("StringLike", f"{prefix}{name}", (value,))
            yield Statement(f"{prefix}{name}", Effect.ALLOW, ("*",), resources=("*",), conditions=(condition,))
    names = (
        f"arn:{partition}:eks:*:{account}:cluster/{cluster}",
        f"arn:{partition}:eks:*:{account}:nodegroup/{cluster}/*",
        f"arn:{partition}:eks:*:{account}:addon/{cluster}/*",
        f"arn:{partition}:logs:*:{account}:log-group:/aws/eks/{cluster}/*",
    )
    yield Statement("names", Effect.ALLOW, ("eks:*", "logs:*"), resources=names)
