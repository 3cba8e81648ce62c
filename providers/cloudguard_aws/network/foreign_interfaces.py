"""Interfaces outside the cluster in a security group which some rule lets in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from cloudguard.model.load_balancers import Balancer
from cloudguard.model.network import Interface
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, flag, part, required, text
from cloudguard_aws.access import calls
from cloudguard_aws.cluster.interfaces import interface
from cloudguard_aws.cluster.tags import tags_of

_PASSIVE: Final = {"vpc_endpoint", "gateway_load_balancer_endpoint", "nat_gateway"}
"""Interface types that open no connection of their own: AWS PrivateLink guide, "the service can't initiate"."""
_TRUNK: Final = "vpcresources.k8s.aws/trunk-eni-id"
"""On the interface of a pod with security groups of its own: aws/amazon-vpc-resource-controller-k8s."""


@dataclass(frozen=True, slots=True)
class ClusterInterfaces:
    """What the cluster's own interfaces are known by; ``balancers``: descriptions of the balancers' interfaces."""

    cluster: str
    hosts: Collection[str]
    interfaces: Collection[str]
    balancers: Collection[str]

    def include(self, item: Item) -> bool:
        """Whether an interface is a host's, a pod's, a balancer's or the managed control plane's."""
        attachment, tags = part(item, "Attachment"), tags_of(item, "TagSet")
        if required(item, "NetworkInterfaceId") in self.interfaces or text(attachment, "InstanceId") in self.hosts:
            return True
        if tags.get(_TRUNK) in self.interfaces or tags.get("cluster.k8s.amazonaws.com/name") == self.cluster:
            return True
        description, requester = text(item, "Description"), text(item, "RequesterId")
        by_service = flag(item, "RequesterManaged") or requester.startswith("amazon-")
        if description in self.balancers and by_service:
            return True
        elsewhere = text(attachment, "InstanceOwnerId") not in {"", text(item, "OwnerId")}
        return description == f"Amazon EKS {self.cluster}" and (
            by_service or elsewhere or requester.endswith(":AmazonEKS")
        )


def balancer_descriptions(balancers: Iterable[Balancer]) -> frozenset[str]:
    """Return the descriptions that a balancer's interfaces carry: "ELB app/name/id", "ELB name" for a classic one."""
    return frozenset(f"ELB {one.id.partition('>')[0].rpartition(':loadbalancer/')[2]}" for one in balancers)


def foreign_interface(item: Item, own: ClusterInterfaces) -> Interface | None:
    """Return an interface that is not the cluster's and can open connections; None for any other."""
    if text(item, "InterfaceType") in _PASSIVE or own.include(item):
        return None
    name, instance = required(item, "NetworkInterfaceId"), text(part(item, "Attachment"), "InstanceId")
    written = text(item, "Description") or text(item, "RequesterId") or text(item, "InterfaceType") or "interface"
    owner = f"instance {instance}" if instance else f"{written} ({name})"
    return interface(item, Source(calls.DESCRIBE_NETWORK_INTERFACES.name, name), owner=owner)
