"""The IAM catalog of AWS for one cluster: actions, needs and escalation paths. It asks no account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.iam_catalog.cluster_resources import TAG_KEYS, cluster_resources
from cloudguard_aws.iam_catalog.needs import TABLES, values_of
from cloudguard_aws.iam_catalog.policy_writer import PolicyDocuments
from cloudguard_aws.iam_catalog.principals import TrustPrincipals

TAG_ACTIONS: Final = (
    "ec2:CreateTags",
    "autoscaling:CreateOrUpdateTags",
    "elasticloadbalancing:AddTags",
    "tag:TagResources",
)
PROVIDER_MANDATED: Final = (
    ("cluster", "AmazonEKSClusterPolicy"),
    ("cluster", "AmazonEKSServicePolicy"),
    ("cluster", "AmazonEKSComputePolicy"),
    ("cluster", "AmazonEKSBlockStoragePolicy"),
    ("cluster", "AmazonEKSLoadBalancingPolicy"),
    ("cluster", "AmazonEKSNetworkingPolicy"),
    ("cluster", "AmazonEKSLocalOutpostClusterPolicy"),
    ("node", "AmazonEKSWorkerNodePolicy"),
    ("node", "AmazonEKSWorkerNodeMinimalPolicy"),
    ("pods", "AmazonEKSFargatePodExecutionRolePolicy"),
)
"""Managed policies that EKS requires, by holder.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html, …/create-node-role.html,
…/auto-cluster-iam-role.html, …/pod-execution-role.html, …/eks-outposts-local-cluster-create.html
"""


def ready() -> None:
    """Read the files that ``iam_catalog`` needs, so that it can be done while API calls are under way."""
    published()
    _ = TABLES.written, TABLES.escalation_paths


def iam_catalog(snapshot: Snapshot) -> IamCatalog:
    """Return the IAM catalog for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    values = values_of(snapshot)
    (partition, *_) = values["partition"]
    return IamCatalog(
        catalog=published(partition),
        writer=PolicyDocuments(),
        needs=TABLES.needs(values),
        escalation_paths=TABLES.escalation_paths,
        variables=_variables(cluster),
        cluster_resources=tuple(cluster_resources(values)),
        provider_mandated=_provider_mandated(partition) if cluster.managed else (),
        tag_keys=tuple(key.lower() for key in TAG_KEYS if key != "aws:RequestTag/"),
        tag_actions=TAG_ACTIONS,
        principals=TrustPrincipals(),
        home=("arn", partition, "", cluster.regions[0] if cluster.regions else "", cluster.account),
    )


def _variables(cluster: Cluster) -> Mapping[str, str]:
    """Return the context keys that have the same value in every request of the cluster's identities.

    The region is not one of them: a role may be used in any. Sessions that EKS itself starts have the cluster's name as
    a principal tag
    (https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html).
    """
    known = {"aws:principalaccount": cluster.account}
    if cluster.managed:
        known["aws:principaltag/eks:eks-cluster-name"] = cluster.name
    return {name: value for name, value in known.items() if value}


def _provider_mandated(partition: str) -> tuple[tuple[str, str], ...]:
    return tuple((holder, f"arn:{partition}:iam::aws:policy/{name}") for holder, name in PROVIDER_MANDATED)
