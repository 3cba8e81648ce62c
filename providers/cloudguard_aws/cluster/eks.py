"""An EKS cluster's own description: endpoint, encryption of Secrets, roles, node groups.

Defaults (a public endpoint for everyone) are those of awsdocs/amazon-eks-user-guide, clusters/cluster-endpoint.adoc.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from cloudguard.model.cluster import SecretsEncryption
from cloudguard.model.network import Endpoint
from cloudguard.model.source import FactKind
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import (
    DESCRIBE_CLUSTER,
    DESCRIBE_FARGATE_PROFILE,
    DESCRIBE_NODEGROUP,
    LIST_FARGATE_PROFILES,
    LIST_NODEGROUPS,
    Call,
)
from cloudguard_aws.network.rules import Item, inner, parts, texts

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
    auto = str(inner(cluster, "computeConfig").get("nodeRoleArn") or "")
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
    config = inner(cluster, "resourcesVpcConfig")
    public = bool(config.get("endpointPublicAccess", True))
    own = [str(config["clusterSecurityGroupId"])] if config.get("clusterSecurityGroupId") else []
    groups = tuple(dict.fromkeys([*own, *texts(config, "securityGroupIds")]))
    return Endpoint(
        id=cluster.get("arn") or cluster["name"],
        service=ServiceSet.parse("tcp/443"),
        public=public,
        public_ranges=AddressSet.of(texts(config, "publicAccessCidrs") or (EVERYONE,)) if public else NO_ADDRESSES,
        private=bool(config.get("endpointPrivateAccess", False)),
        network=str(config.get("vpcId") or ""),
        subnets=tuple(texts(config, "subnetIds")),
        filters=groups,
        groups=groups,
        source=api.source(DESCRIBE_CLUSTER, cluster["name"]),
        address=str(cluster.get("endpoint") or ""),
    )


def _secrets_key(cluster: Item) -> str:
    for one in parts(cluster, "encryptionConfig"):
        if "secrets" in texts(one, "resources"):
            return str(inner(one, "provider").get("keyArn", ""))
    return ""


def _groups(api: Api, cluster: str) -> list[Item]:
    hides = (FactKind.POOLS, FactKind.IDENTITIES)
    return _each(api, cluster, hides, (LIST_NODEGROUPS, DESCRIBE_NODEGROUP, "nodegroupName"))


def _profiles(api: Api, cluster: str) -> list[Item]:
    hides = (FactKind.HOSTS, FactKind.IDENTITIES)
    return _each(api, cluster, hides, (LIST_FARGATE_PROFILES, DESCRIBE_FARGATE_PROFILE, "fargateProfileName"))


def _each(api: Api, cluster: str, hides: tuple[FactKind, ...], how: tuple[Call, Call, str]) -> list[Item]:
    """List names, and describe each; ``how``: the two calls, and the parameter that takes a name."""
    listing, describing, key = how
    names = [str(one["name"]) for one in api.read(listing, hides=hides, about=cluster, clusterName=cluster)]
    thunks = [
        partial(api.read, describing, hides=hides, about=name, **{"clusterName": cluster, key: name}) for name in names
    ]
    return [item for found in api.gather(*thunks) for item in found]


def _scaling_groups(groups: list[Item]) -> Iterator[str]:
    for group in groups:
        for one in parts(inner(group, "resources"), "autoScalingGroups"):
            yield one["name"]
