"""Interfaces outside the cluster that carry a security group which some rule lets in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cloudguard.model.load_balancers import Balancer
from cloudguard.model.network import Interface
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard_aws.network.rules import Item, inner, tags_of

_PASSIVE: Final = {"vpc_endpoint", "gateway_load_balancer_endpoint", "nat_gateway"}
"""Interface types that open no connection of their own: AWS PrivateLink guide, "the service can't initiate"."""
_TRUNK: Final = "vpcresources.k8s.aws/trunk-eni-id"
"""On the interface of a pod with security groups of its own: aws/amazon-vpc-resource-controller-k8s."""


@dataclass(frozen=True, slots=True)
class Insiders:
    """What the cluster's own interfaces are known by."""

    cluster: str
    hosts: Collection[str]
    interfaces: Collection[str]
    balancers: Collection[str]
    """Descriptions of the balancers' interfaces."""

    def has(self, item: Item) -> bool:
        """Whether an interface is a host's, a pod's, a balancer's or the managed control plane's."""
        attachment = inner(item, "Attachment")
        tags = tags_of({"Tags": item.get("TagSet", ())})
        if item["NetworkInterfaceId"] in self.interfaces or attachment.get("InstanceId") in self.hosts:
            return True
        if tags.get(_TRUNK) in self.interfaces or tags.get("cluster.k8s.amazonaws.com/name") == self.cluster:
            return True
        description, requester = str(item.get("Description", "")), str(item.get("RequesterId", ""))
        by_service = bool(item.get("RequesterManaged")) or requester.startswith("amazon-")
        if description in self.balancers and by_service:
            return True
        elsewhere = attachment.get("InstanceOwnerId") not in {None, item.get("OwnerId")}
        return description == f"Amazon EKS {self.cluster}" and (
            by_service or elsewhere or requester.endswith(":AmazonEKS")
        )


def balancer_descriptions(balancers: Iterable[Balancer]) -> frozenset[str]:
    """Return the descriptions that a balancer's interfaces carry: "ELB app/name/id", "ELB name" for a classic one."""
    return frozenset(f"ELB {one.id.partition('>')[0].rpartition(':loadbalancer/')[2]}" for one in balancers)


def strangers(items: Iterable[Item], insiders: Insiders, call: str) -> Iterator[Interface]:
    """Yield those of ``items`` that are not the cluster's and can open connections."""
    for item in items:
        if item.get("InterfaceType") not in _PASSIVE and not insiders.has(item):
            yield _interface(item, call)


def _interface(item: Item, call: str) -> Interface:
    groups = tuple(sorted(group["GroupId"] for group in item.get("Groups", ())))
    private = [one["PrivateIpAddress"] for one in item.get("PrivateIpAddresses", ())]
    sixes = [one["Ipv6Address"] for one in item.get("Ipv6Addresses", ())]
    ranges = [one["Ipv4Prefix"] for one in item.get("Ipv4Prefixes", ())]
    ranges += [one["Ipv6Prefix"] for one in item.get("Ipv6Prefixes", ())]
    return Interface(
        id=item["NetworkInterfaceId"],
        subnet=item.get("SubnetId", ""),
        addresses=tuple(map(AddressSet.parse, (*private, *sixes, *ranges))),
        source=Source(call, item["NetworkInterfaceId"]),
        public=tuple(map(AddressSet.parse, _public(item))),
        filters=groups,
        groups=groups,
        owner=_owner(item),
    )


def _public(item: Item) -> Iterator[str]:
    for one in item.get("PrivateIpAddresses", ()):
        if address := inner(one, "Association").get("PublicIp"):
            yield address


def _owner(item: Item) -> str:
    """Return whose an interface is: its instance, else what its maker wrote on it."""
    instance = inner(item, "Attachment").get("InstanceId")
    if instance:
        return f"instance {instance}"
    said = item.get("Description") or item.get("RequesterId") or item.get("InterfaceType") or "interface"
    return f"{said} ({item['NetworkInterfaceId']})"
