"""Every call the adapter makes, with the permission it takes; the read-only policy is generated from these."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """A read-only operation: ``items`` is the JMESPath of a page's items, ``permissions`` the IAM actions it takes."""

    service: str
    operation: str
    items: str
    permissions: tuple[str, ...]

    @property
    def name(self) -> str:
        """The call as reports name it: "ec2:DescribeInstances"."""
        return f"{self.service}:{self.operation}"

    @property
    def method(self) -> str:
        """The client's method: "describe_instances"."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.operation).lower()


# Finding the cluster, its hosts and pools.
GET_CALLER_IDENTITY = Call("sts", "GetCallerIdentity", "@", ("sts:GetCallerIdentity",))
DESCRIBE_REGIONS = Call("ec2", "DescribeRegions", "Regions[]", ("ec2:DescribeRegions",))
DESCRIBE_INSTANCES = Call("ec2", "DescribeInstances", "Reservations[].Instances[]", ("ec2:DescribeInstances",))
DESCRIBE_AUTO_SCALING_GROUPS = Call(
    "autoscaling",
    "DescribeAutoScalingGroups",
    "AutoScalingGroups[]",
    ("autoscaling:DescribeAutoScalingGroups",),
)
DESCRIBE_LAUNCH_CONFIGURATIONS = Call(
    "autoscaling",
    "DescribeLaunchConfigurations",
    "LaunchConfigurations[]",
    ("autoscaling:DescribeLaunchConfigurations",),
)
DESCRIBE_LAUNCH_TEMPLATE_VERSIONS = Call(
    "ec2",
    "DescribeLaunchTemplateVersions",
    "LaunchTemplateVersions[]",
    ("ec2:DescribeLaunchTemplateVersions",),
)
DESCRIBE_CLUSTER = Call("eks", "DescribeCluster", "cluster", ("eks:DescribeCluster",))
LIST_CLUSTERS = Call("eks", "ListClusters", "clusters[]", ("eks:ListClusters",))
LIST_NODEGROUPS = Call("eks", "ListNodegroups", "nodegroups[]", ("eks:ListNodegroups",))
DESCRIBE_NODEGROUP = Call("eks", "DescribeNodegroup", "nodegroup", ("eks:DescribeNodegroup",))
LIST_FARGATE_PROFILES = Call("eks", "ListFargateProfiles", "fargateProfileNames[]", ("eks:ListFargateProfiles",))
DESCRIBE_FARGATE_PROFILE = Call("eks", "DescribeFargateProfile", "fargateProfile", ("eks:DescribeFargateProfile",))

# The network around it (network helper appends here).

CALLS: tuple[Call, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Call))
"""All of them."""
