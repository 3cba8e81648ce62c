"""Requests that can only concern the cluster's own resources: by its tags, its name, its keys and its buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.provider.need_tables import Values, filled

TAGS: Final = (
    ("kubernetes.io/cluster/<cluster>", "*"),
    ("KubernetesCluster", "<cluster>"),
    ("sigs.k8s.io/cluster-api-provider-aws/cluster/<cluster>", "*"),
    ("cluster.k8s.amazonaws.com/name", "<cluster>"),
    ("elbv2.k8s.aws/cluster", "<cluster>"),
    ("ebs.csi.aws.com/cluster-name", "<cluster>"),
    ("k8s.io/cluster-autoscaler/<cluster>", "*"),
    ("eks:cluster-name", "<cluster>"),
    ("eks:eks-cluster-name", "<cluster>"),
    ("aws:eks:cluster-name", "<cluster>"),
    ("alpha.eksctl.io/cluster-name", "<cluster>"),
)
"""Tags that installers and controllers set on the cluster's resources.

kubernetes/cloud-provider-aws pkg/providers/v1/tags.go, kubernetes/kops upup/pkg/fi/cloudup/awsup/aws_cloud.go,
kubernetes-sigs/cluster-api-provider-aws api/v1beta2/tags.go, kubernetes-sigs/aws-load-balancer-controller
pkg/deploy/tracking/provider.go, kubernetes/autoscaler cluster-autoscaler/cloudprovider/aws/README.md,
kubernetes-sigs/aws-ebs-csi-driver pkg/cloud/cloud.go, eksctl-io/eksctl pkg/apis/eksctl.io/v1alpha5/types.go,
https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html"""
TAG_KEYS: Final = (
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
    "autoscaling:ResourceTag/",
    "elasticloadbalancing:ResourceTag/",
    "iam:ResourceTag/",
    "aws:RequestTag/",
)
"""Prefixes of condition keys for tags that a resource has, or gets when it is created (service authorization
reference)."""
NAMES: Final = (
    ("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*.<cluster>"),
    ("autoscaling", "autoScalingGroup:*:autoScalingGroupName/<pool>"),
    ("eks", "cluster/<cluster>"),
    ("eks", "access-entry/<cluster>/*"),
    ("eks", "addon/<cluster>/*"),
    ("eks", "fargateprofile/<cluster>/*"),
    ("eks", "identityproviderconfig/<cluster>/*"),
    ("eks", "nodegroup/<cluster>/*"),
    ("eks", "podidentityassociation/<cluster>/*"),
    ("logs", "log-group:/aws/eks/<cluster>/*"),
    ("logs", "log-group:/aws/containerinsights/<cluster>/*"),
    ("sqs", "<cluster>"),
    ("sqs", "<dashed>-*"),
)
"""Last segments of ARNs in the cluster's account, by service.

kops names groups "nodes-….<cluster>". EKS's formats are from the service authorization reference. EKS and Container
Insights write to these log groups. Karpenter's documentation gives its queue the cluster's name. kops does the same,
with dashes for dots (pkg/model/awsmodel/context.go)."""
IDS: Final = ("arn:<partition>:ec2:*:*:instance/<host>", "arn:<partition>:ec2:*:*:volume/<disk>")
"""Instances and volumes. An id is unique, so a policy may leave the account open."""
STORES: Final = ("arn:<partition>:s3:::<state>/<cluster>/*", "arn:<partition>:s3:::<backups>/<cluster>/*")
"""Paths where kops stores a cluster's state and etcd's backups (https://kops.sigs.k8s.io/state/)."""


def cluster_resources(values: Values) -> Iterator[Statement]:
    """Yield statements that match only requests on the cluster's own resources."""
    for prefix in TAG_KEYS:
        for tag, tag_value in TAGS:
            for name, value in zip(filled((tag,), values), filled((tag_value,), values), strict=True):
                condition = Condition("StringLike", f"{prefix}{name}", (value,))
                service = prefix.partition(":")[0]
                actions = ("*",) if service == "aws" else (f"{service}:*",)
                yield Statement(f"{prefix}{name}", Effect.ALLOW, actions, resources=("*",), conditions=(condition,))
    for service in sorted({service for service, _ in NAMES}):
        names = (f"arn:<partition>:{service}:*:<account>:{last}" for owner, last in NAMES if owner == service)
        resources = tuple(filled(names, values))
        yield Statement(f"names: {service}", Effect.ALLOW, (f"{service}:*",), resources=resources)
    stores = tuple(dict.fromkeys(filled(STORES, values)))
    keys = tuple(filled(("<key>",), values))
    ids = tuple(filled(IDS, values))
    if ids:
        yield Statement("ids", Effect.ALLOW, ("ec2:*",), resources=ids)
    if keys:
        yield Statement("keys", Effect.ALLOW, ("kms:*",), resources=keys)
    if stores:
        yield Statement("stores", Effect.ALLOW, ("s3:*",), resources=stores)
