"""An EKS cluster's own description: endpoint, encryption of Secrets, roles, node groups.

Defaults (a public endpoint for everyone) are those of awsdocs/amazon-eks-user-guide, clusters/cluster-endpoint.adoc.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudguard.model.cluster import SecretsEncryption
from cloudguard.model.network import Endpoint
from cloudguard.model.source import Facet

from cloudguard_aws.api import Api, Item
from cloudguard_aws.calls import (
    DESCRIBE_CLUSTER,
    DESCRIBE_FARGATE_PROFILE,
    DESCRIBE_NODEGROUP,
    LIST_FARGATE_PROFILES,
    LIST_NODEGROUPS,
)

MANAGED_BY = "Amazon EKS"
EVERYONE = "0.0.0.0/0"
Holder = tuple[str, tuple[str, ...]]
"""A role's ARN, and what holds it: "cluster", "node", "pods"."""


@dataclass(frozen=True, slots=True)
class Managed:
    """What EKS says of a cluster beyond its hosts. ``fargate``: whether pods run without instances."""

    endpoint: Endpoint
    secrets: SecretsEncryption
    version: str
    holders: tuple[Holder, ...]
    scaling_groups: tuple[str, ...]
    fargate: bool


def read_managed(api: Api, cluster: Item) -> Managed:
    """Return what EKS says of the cluster, its node groups and its Fargate profiles."""
    name, source = cluster["name"], api.source(DESCRIBE_CLUSTER, cluster["name"])
    groups, profiles = api.gather(lambda: _groups(api, name), lambda: _profiles(api, name))
    holders: list[Holder] = [(cluster["roleArn"], ("cluster",))] if cluster.get("roleArn") else []
    auto = cluster.get("computeConfig", {}).get("nodeRoleArn", "")
    holders += [(auto, ("node",))] if auto else []
    holders += [(group["nodeRole"], ("node",)) for group in groups if group.get("nodeRole")]
    holders += [(one["podExecutionRoleArn"], ("pods",)) for one in profiles if one.get("podExecutionRoleArn")]
    return Managed(
        endpoint=endpoint(cluster, api),
        secrets=SecretsEncryption(_secrets_key(cluster), source),
        version=str(cluster.get("version", "")),
        holders=tuple(dict.fromkeys(holders)),
        scaling_groups=tuple(_scaling_groups(groups)),
        fargate=bool(profiles),
    )


def endpoint(cluster: Item, api: Api) -> Endpoint:
    """Return the API's endpoint; no range said for a public one means everyone."""
    config = cluster.get("resourcesVpcConfig") or {}
    public = bool(config.get("endpointPublicAccess", True))
    own = [config["clusterSecurityGroupId"]] if config.get("clusterSecurityGroupId") else []
    groups = tuple(dict.fromkeys([*own, *config.get("securityGroupIds", ())]))
    return Endpoint(
        id=cluster.get("arn") or cluster["name"],
        service="tcp/443",
        public=public,
        public_ranges=tuple(config.get("publicAccessCidrs") or (EVERYONE,)) if public else (),
        private=bool(config.get("endpointPrivateAccess", False)),
        network=config.get("vpcId", ""),
        segments=tuple(config.get("subnetIds", ())),
        filters=groups,
        labels=groups,
        source=api.source(DESCRIBE_CLUSTER, cluster["name"]),
        address=cluster.get("endpoint", ""),
    )


def _secrets_key(cluster: Item) -> str:
    for one in cluster.get("encryptionConfig") or ():
        if "secrets" in one.get("resources", ()):
            return str(one.get("provider", {}).get("keyArn", ""))
    return ""


def _groups(api: Api, cluster: str) -> list[Item]:
    hides = (Facet.POOLS, Facet.IDENTITIES)
    names = api.read(LIST_NODEGROUPS, hides=hides, resource=cluster, clusterName=cluster)
    thunks = [
        lambda name=name: api.read(
            DESCRIBE_NODEGROUP,
            hides=hides,
            resource=str(name),
            clusterName=cluster,
            nodegroupName=name,
        )
        for name in names
    ]
    return [group for found in api.gather(*thunks) for group in found]


def _profiles(api: Api, cluster: str) -> list[Item]:
    hides = (Facet.HOSTS, Facet.IDENTITIES)
    names = api.read(LIST_FARGATE_PROFILES, hides=hides, resource=cluster, clusterName=cluster)
    thunks = [
        lambda name=name: api.read(
            DESCRIBE_FARGATE_PROFILE,
            hides=hides,
            resource=str(name),
            clusterName=cluster,
            fargateProfileName=name,
        )
        for name in names
    ]
    return [profile for found in api.gather(*thunks) for profile in found]


def _scaling_groups(groups: list[Item]) -> Iterator[str]:
    for group in groups:
        for one in (group.get("resources") or {}).get("autoScalingGroups") or ():
            yield one["name"]
