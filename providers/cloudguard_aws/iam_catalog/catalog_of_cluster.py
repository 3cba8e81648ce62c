"""What is known of AWS permissions: the catalog, what Kubernetes needs, what gives power. No account is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.iam_catalog.cluster_resources import TAG_KEYS, own
from cloudguard_aws.iam_catalog.needs import TABLES, values_of
from cloudguard_aws.iam_catalog.policy_writer import PolicyDocuments
from cloudguard_aws.iam_catalog.principals import TrustPrincipals

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
    ("cluster", "AmazonEKSLocalOutpostClusterPolicy"),
    ("node", "AmazonEKSWorkerNodePolicy"),
    ("node", "AmazonEKSWorkerNodeMinimalPolicy"),
    ("pods", "AmazonEKSFargatePodExecutionRolePolicy"),
)
"""Managed policies that EKS asks for, by holder.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html, …/create-node-role.html,
…/auto-cluster-iam-role.html, …/pod-execution-role.html, …/eks-outposts-local-cluster-create.html
"""


def ready() -> None:
    """Read the files that ``iam_catalog`` takes: while an account answers there is time for it."""
    published()
    _ = TABLES.written, TABLES.escalation_paths


def iam_catalog(snapshot: Snapshot) -> IamCatalog:
    """Return what is known, for the cluster of ``snapshot``."""
    cluster = snapshot.cluster
    values = values_of(snapshot)
    (partition, *_) = values["partition"]
    return IamCatalog(
        catalog=published(partition),
        writer=PolicyDocuments(),
        needs=TABLES.needs(values),
        escalation_paths=TABLES.escalation_paths,
        variables=_variables(cluster),
        cluster_resources=tuple(own(values)),
        provider_mandated=_imposed(partition) if cluster.managed else (),
        tag_keys=tuple(key.lower() for key in TAG_KEYS if key != "aws:RequestTag/"),
        tag_actions=TAG_ACTIONS,
        principals=TrustPrincipals(),
        home=("arn", partition, "", cluster.regions[0] if cluster.regions else "", cluster.account),
    )


def _variables(cluster: Cluster) -> Mapping[str, str]:
    """Return the values that are the same in every request of the cluster's identities.

    The region is none of them: a role may be used in any. Sessions that EKS starts itself carry the cluster's name
    (https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html).
    """
    known = {"aws:principalaccount": cluster.account}
    if cluster.managed:
        known["aws:principaltag/eks:eks-cluster-name"] = cluster.name
    return {name: value for name, value in known.items() if value}


def _imposed(partition: str) -> tuple[tuple[str, str], ...]:
    return tuple((holder, f"arn:{partition}:iam::aws:policy/{name}") for holder, name in IMPOSED)
