"""An EKS cluster: its endpoint, encryption of Secrets, roles, node groups and Fargate profiles.

The defaults (a public endpoint, open to everyone) are from awsdocs/amazon-eks-user-guide,
clusters/cluster-endpoint.adoc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from cloudguard.model.keys import SecretsEncryption
from cloudguard.model.network import Endpoint
from cloudguard.model.source import FactKind, Source
from cloudguard.model.text_forms import NO_ADDRESSES, Ranges
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import AnswerError, Item, child, children, flag, required, text, text_map, texts
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import Call
from cloudguard_aws.access.owners import OWNERS

MANAGED_BY = "Amazon EKS"
EVERYONE = "0.0.0.0/0"
Holder = tuple[str, tuple[str, ...]]
"""A role's ARN, and the kinds of holders that use the role: "cluster", "node", "pods"."""
A = TypeVar("A")


@dataclass(frozen=True, eq=False, slots=True)
class EksCluster:
    """An EKS cluster as DescribeCluster answers it. ``issuer``: its identity provider without the scheme ("" for none).

    ``roles``: the cluster's own role, and the role of the nodes that EKS makes itself (Auto Mode). ``remote``:
    addresses of hybrid nodes and their pods, outside of AWS (EKS API reference, RemoteNetworkConfigResponse).
    """

    name: str
    arn: str
    version: str
    vpc: str
    security_group: str
    issuer: str
    roles: tuple[Holder, ...]
    endpoint: Endpoint
    secrets: SecretsEncryption
    remote: Ranges


@dataclass(frozen=True, slots=True)
class NodeGroups:
    """A cluster's node groups and Fargate profiles: the holders of their roles, and the names of their scaling groups.

    ``fargate``: whether the cluster has Fargate profiles, so that pods may run without instances.
    """

    holders: tuple[Holder, ...]
    scaling_groups: tuple[str, ...]
    fargate: bool


def eks_cluster(item: Item) -> EksCluster:
    """Return a cluster from a DescribeCluster answer."""
    name, config = required(item, "name"), child(item, "resourcesVpcConfig")
    source, role = Source(calls.DESCRIBE_CLUSTER.name, name), text(item, "roleArn")
    nodes = text(child(item, "computeConfig"), "nodeRoleArn")
    return EksCluster(
        name=name,
        arn=text(item, "arn"),
        version=text(item, "version"),
        vpc=text(config, "vpcId"),
        security_group=text(config, "clusterSecurityGroupId"),
        issuer=text(child(item, "identity", "oidc"), "issuer").removeprefix("https://"),
        roles=(*([(role, ("cluster",))] if role else ()), *([(nodes, ("node",))] if nodes else ())),
        endpoint=_endpoint(item, config, source),
        secrets=SecretsEncryption(_secrets_key(item), source),
        remote=AddressSet.of(_remote_ranges(child(item, "remoteNetworkConfig"))),
    )


def _endpoint(item: Item, config: Item, source: Source) -> Endpoint:
    """Return the API server's endpoint. A public endpoint without ranges is open to everyone.

    Raises AnswerError if it has neither side, because EKS makes no such cluster (EKS API reference,
    VpcConfigRequest).
    """
    public, private = flag(config, "endpointPublicAccess", default=True), flag(config, "endpointPrivateAccess")
    if not public and not private:
        message = "the endpoint has neither public nor private access"
        raise AnswerError(message)
    group = text(config, "clusterSecurityGroupId")
    groups = tuple(dict.fromkeys([*([group] if group else ()), *texts(config, "securityGroupIds")]))
    return Endpoint(
        id=text(item, "arn") or required(item, "name"),
        service=ServiceSet.parse("tcp/443"),
        public=public,
        public_ranges=AddressSet.of(texts(config, "publicAccessCidrs") or (EVERYONE,)) if public else NO_ADDRESSES,
        private=private,
        network=text(config, "vpcId"),
        subnets=tuple(texts(config, "subnetIds")),
        filters=groups,
        groups=groups,
        source=source,
        address=text(item, "endpoint"),
        written_by=OWNERS.of(Thing.ENDPOINT, text(item, "name"), text_map(item, "tags")),
    )


def _remote_ranges(config: Item) -> Iterator[str]:
    for key in ("remoteNodeNetworks", "remotePodNetworks"):
        for item in children(config, key):
            yield from texts(item, "cidrs")


def _secrets_key(item: Item) -> str:
    for config in children(item, "encryptionConfig"):
        if "secrets" in texts(config, "resources"):
            return text(child(config, "provider"), "keyArn")
    return ""


def read_node_groups(api: Api, cluster: str) -> NodeGroups:
    """Read a cluster's node groups and Fargate profiles."""
    profile_role = partial(text, key="podExecutionRoleArn")
    groups, (profiles, profiles_exist) = api.parallel(
        partial(_described, api, cluster, (FactKind.POOLS, FactKind.IDENTITIES), _NODE_GROUPS, _node_group),
        partial(_described, api, cluster, (FactKind.HOSTS, FactKind.IDENTITIES), _PROFILES, profile_role),
    )
    holders = [(role, ("node",)) for role, _ in groups[0] if role]
    holders += [(role, ("pods",)) for role in profiles if role]
    scaling_groups = tuple(name for _, names in groups[0] for name in names)
    return NodeGroups(tuple(dict.fromkeys(holders)), scaling_groups, profiles_exist)


_NODE_GROUPS = (calls.LIST_NODEGROUPS, calls.DESCRIBE_NODEGROUP, "nodegroupName")
_PROFILES = (calls.LIST_FARGATE_PROFILES, calls.DESCRIBE_FARGATE_PROFILE, "fargateProfileName")


def _node_group(item: Item) -> tuple[str, tuple[str, ...]]:
    groups = children(child(item, "resources"), "autoScalingGroups")
    return text(item, "nodeRole"), tuple(required(group, "name") for group in groups)


def _described(
    api: Api, cluster: str, hides: tuple[FactKind, ...], how: tuple[Call, Call, str], make: Callable[[Item], A]
) -> tuple[list[A], bool]:
    """List names, and describe each. Return the results of ``make``, and whether any name was listed.

    ``how``: the call that lists, the call that describes, and the parameter that takes a name.
    """
    listing, describing, key = how
    listed = api.read(listing, hides=hides, about=cluster, clusterName=cluster)
    names = api.mapped(listing, listed, lambda item: required(item, "name"), hides=hides)
    thunks = (
        partial(api.read, describing, hides=hides, about=name, **{"clusterName": cluster, key: name}) for name in names
    )
    described = [item for items in api.gather(*thunks) for item in items]
    return list(api.mapped(describing, described, make, hides=hides)), bool(listed)
