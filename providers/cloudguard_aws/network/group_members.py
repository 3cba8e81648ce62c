"""Members of security groups that rules let in: the cluster's own interfaces, and foreign interfaces that may send."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard.provider.answers import Item, child, children, flag, required, text
from cloudguard.provider.network.parts_in_use import interfaces_of
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.interfaces import DETACHED, interface
from cloudguard_aws.cluster.tags import tags_of
from cloudguard_aws.network.pointers import is_tunnel
from cloudguard_aws.network.registrations import Registrations

_MEMBERS: Final = (FactKind.MEMBERS,)
OwnMembers = Mapping[str, Collection[str]]
"""Dict of security group id → ids of the cluster's own interfaces in that group."""
_PASSIVE: Final = {"vpc_endpoint", "gateway_load_balancer_endpoint", "nat_gateway", "natGateway", "efs"}
"""Interface types of services that never open a connection. AWS PrivateLink guide: "the service can't initiate". EFS
user guide, "Using VPC security groups": a mount target only answers, on port 2049."""
_DESCRIBED_AS_PASSIVE: Final = (
    "VPC Endpoint Interface vpce-",
    "Interface for NAT Gateway nat-",
    "EFS mount target for fs-",
)
"""Beginnings of the descriptions that the same services write on interfaces without an interface type of their own."""
_PLAIN: Final = {"", "interface"}
_ACTIVE: Final = {"lambda", "trunk", "branch", "efa", "efa-only"}
"""Interface types behind which customers run their own code, which may open connections."""
_OF_CLIENTS: Final = "ClientVPN Endpoint resource cvpn-endpoint-"
"""Beginning of the description of a Client VPN interface. VPN clients send with the addresses of these interfaces:
https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/how-it-works.html"""
_TASK: Final = "arn:aws"
"""Beginning of the description of an ECS task's interface: the ARN of its attachment (ECS developer guide, awsvpc)."""
_TRUNK: Final = "vpcresources.k8s.aws/trunk-eni-id"
"""Tag on the interface of a pod with its own security groups; the value is the id of the node's trunk interface:
aws/amazon-vpc-resource-controller-k8s."""
_BRANCH: Final = "branch"
"""The type of such an interface. EC2 sets it."""

OF_CLUSTER: Final = "cluster.k8s.amazonaws.com/name"
"""Tag of the VPC CNI on the interfaces that it adds to nodes, with the cluster's name: aws/amazon-vpc-cni-k8s
pkg/awsutils/awsutils.go."""


def group_members_of(hosts: Iterable[Host]) -> dict[str, set[str]]:
    """Return a dict of security group id → ids of the interfaces of ``hosts`` in that group."""
    members = dict[str, set[str]]()
    for own in interfaces_of(hosts):
        for group in own.groups:
            members.setdefault(group, set()).add(own.id)
    return members


def read_members(
    api: Api, groups: Collection[str], own_members: OwnMembers, networks: Collection[str]
) -> list[Item] | None:
    """Return the interfaces that are in any of ``groups``, or None if they could not be read.

    The function lists interfaces by group and by VPC. Some servers that stand in for AWS match a list of groups only if
    all groups of the interface are in that list. The function records a Gap if one of the cluster's ``own_members``
    is missing.
    """
    call = calls.DESCRIBE_NETWORK_INTERFACES
    if not groups:
        return []
    listed, every = api.parallel(
        partial(api.matching_or_none, call, "group-id", groups, hides=_MEMBERS),
        partial(api.matching_or_none, call, "vpc-id", networks, hides=_MEMBERS),
    )
    if listed is None or every is None:
        return None
    read = api.mapped(call, (*listed, *every), _with_groups, hides=_MEMBERS)
    known = {name: item for name, named, item in read if not named.isdisjoint(groups)}
    missing = sorted({name for group in groups for name in own_members.get(group, ())} - known.keys())
    if missing:
        names = ", ".join(sorted(groups))
        message = f"{missing[0]} is in one of these groups, but missing in the list of their interfaces: {names}"
        api.missed(call, missing[0], message, _MEMBERS, Reason.FAILED)
    return [*known.values()]


def _with_groups(item: Item) -> tuple[str, frozenset[str], Item]:
    groups = frozenset(text(group, "GroupId") for group in children(item, "Groups"))
    return required(item, "NetworkInterfaceId"), groups, item


@dataclass(frozen=True, slots=True)
class ClusterInterfaces:
    """The facts that identify the cluster's own interfaces.

    ``balancers``: descriptions of the interfaces of all balancers that were read. A balancer connects only to its
    targets. Balancers that send to the cluster are judged by their listeners, so their interfaces are not external
    members.
    """

    cluster: str
    hosts: Collection[str]
    interfaces: Collection[str]
    balancers: Collection[str]

    def include(self, item: Item) -> bool:
        """Whether an interface belongs to a host, a pod, the managed control plane, or a balancer that was read.

        Anyone may write tags, so a tag makes only a branch of a trunk interface the cluster's.
        """
        instance, tags = text(child(item, "Attachment"), "InstanceId"), tags_of(item, "TagSet")
        if required(item, "NetworkInterfaceId") in self.interfaces or instance in self.hosts:
            return True
        of_pod = tags.get(_TRUNK) in self.interfaces or tags.get(OF_CLUSTER) == self.cluster
        if of_pod and text(item, "InterfaceType") == _BRANCH:
            return True
        return (text(item, "Description") in self.balancers and _by_service(item)) or self.is_endpoint(item)

    def is_endpoint(self, item: Item) -> bool:
        """Whether an interface belongs to the cluster's managed control plane (EKS)."""
        elsewhere = text(child(item, "Attachment"), "InstanceOwnerId") not in {"", text(item, "OwnerId")}
        by_service = _by_service(item) or elsewhere or text(item, "RequesterId").endswith(":AmazonEKS")
        return text(item, "Description") == f"Amazon EKS {self.cluster}" and by_service


def balancer_descriptions(read: Registrations) -> frozenset[str]:
    """Return the descriptions of balancer interfaces: "ELB app/name/id", or "ELB name" for a classic balancer."""
    balancers = (*read.balancers, *(old.balancer for old in read.classic))
    return frozenset(f"ELB {balancer.id.rpartition(':loadbalancer/')[2]}" for balancer in balancers)


def foreign_interface(item: Item, own_interfaces: ClusterInterfaces) -> Interface | None:
    """Return an interface that is not the cluster's and may open connections, or None for any other interface."""
    if text(item, "Status") == DETACHED or _is_passive(item) or own_interfaces.include(item) or is_tunnel(item):
        return None
    name, instance = required(item, "NetworkInterfaceId"), text(child(item, "Attachment"), "InstanceId")
    written = text(item, "Description") or text(item, "RequesterId") or text(item, "InterfaceType") or "interface"
    owner = f"instance {instance}" if instance else f"{written} ({name})"
    sends = text(item, "InterfaceType") in _ACTIVE or text(item, "Description").startswith((_TASK, _OF_CLIENTS))
    uncertain = (
        "" if instance or sends or not _by_service(item) else f"it is not known whether {written} opens connections"
    )
    return interface(item, Source(calls.DESCRIBE_NETWORK_INTERFACES.name, name), owner=owner, uncertain=uncertain)


def _by_service(item: Item) -> bool:
    """Whether an AWS service made the interface. Only the service can write the description of such an interface."""
    return flag(item, "RequesterManaged") or text(item, "RequesterId").startswith("amazon-")


def _is_passive(item: Item) -> bool:
    kind, described = text(item, "InterfaceType"), text(item, "Description").startswith(_DESCRIBED_AS_PASSIVE)
    return kind in _PASSIVE or (kind in _PLAIN and described and _by_service(item))
