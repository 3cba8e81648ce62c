"""Load balancers of some VPCs as the API answers them, and the targets that are registered with each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, part, parts, port, required, text, texts
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api

HIDES: Final = (FactKind.BALANCERS,)
APPLICATION, NETWORK = "application", "network"
_ADDRESSES: Final = ("IpAddress", "PrivateIPv4Address", "IPv6Address")


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """An application or network balancer. Its ``kind`` decides, not its ARN."""

    arn: str
    name: str
    kind: str
    network: str
    internet_facing: bool
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    addresses: AddressSet
    dual_stack: bool


@dataclass(frozen=True, slots=True)
class RegisteredTarget:
    """A registered target: an instance id, an address or a balancer's ARN, and its port."""

    id: str
    port: int
    health: str


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group, whose targets may be instances, addresses or balancers (``kind``), and its balancers' ARNs."""

    arn: str
    kind: str
    protocol: str
    port: int
    balancers: tuple[str, ...]
    targets: tuple[RegisteredTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassicListener:
    """A listener of a classic balancer: protocol and port outside and inside."""

    outside: tuple[str, int]
    inside: tuple[str, int]


@dataclass(frozen=True, slots=True)
class ClassicBalancer:
    """A classic balancer: a proxy, whose targets are instances."""

    name: str
    network: str
    internet_facing: bool
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    instances: tuple[str, ...]
    listeners: tuple[ClassicListener, ...]


@dataclass(frozen=True, slots=True)
class Registrations:
    """The balancers of some VPCs, and their target groups by ARN."""

    balancers: tuple[LoadBalancer, ...]
    classic: tuple[ClassicBalancer, ...]
    groups: Mapping[str, TargetGroup]

    def groups_of(self, arn: str) -> tuple[TargetGroup, ...]:
        """Return the target groups behind a balancer, whichever listener or rule leads to them."""
        return tuple(group for group in self.groups.values() if arn in group.balancers)


def read_registrations(api: Api, network_ids: Collection[str]) -> Registrations:
    """Read the balancers of VPCs and what is registered with them. The API has no filter by VPC."""
    listed, groups, old = api.gather(
        partial(api.read, calls.DESCRIBE_LOAD_BALANCERS, hides=HIDES),
        partial(api.read, calls.DESCRIBE_TARGET_GROUPS, hides=HIDES),
        partial(api.read, calls.CLASSIC_DESCRIBE_LOAD_BALANCERS, hides=HIDES),
    )
    modern = api.mapped(calls.DESCRIBE_LOAD_BALANCERS, listed, load_balancer, hides=HIDES)
    own = tuple(one for one in modern if one.network in network_ids and one.kind in {APPLICATION, NETWORK})
    arns = {one.arn for one in own}
    known = api.mapped(calls.DESCRIBE_TARGET_GROUPS, groups, target_group, hides=HIDES)
    kept = [one for one in known if arns.intersection(one.balancers) and one.kind != "lambda"]
    with_targets = api.gather(*(partial(_with_targets, api, one) for one in kept))
    classic = api.mapped(calls.CLASSIC_DESCRIBE_LOAD_BALANCERS, old, classic_balancer, hides=HIDES)
    return Registrations(
        own, tuple(one for one in classic if one.network in network_ids), {one.arn: one for one in with_targets}
    )


def load_balancer(item: Item) -> LoadBalancer:
    """Return a balancer as the API answers it."""
    zones = parts(item, "AvailabilityZones")
    listed = [one for zone in zones for one in parts(zone, "LoadBalancerAddresses")]
    return LoadBalancer(
        arn=required(item, "LoadBalancerArn"),
        name=required(item, "LoadBalancerName"),
        kind=text(item, "Type"),
        network=text(item, "VpcId"),
        internet_facing=text(item, "Scheme") == "internet-facing",
        groups=tuple(texts(item, "SecurityGroups")),
        subnets=tuple(sorted(filter(None, (text(zone, "SubnetId") for zone in zones)))),
        addresses=AddressSet.of(filter(None, (text(one, key) for one in listed for key in _ADDRESSES))),
        dual_stack=text(item, "IpAddressType").startswith("dualstack"),
    )


def target_group(item: Item) -> TargetGroup:
    """Return a target group as the API answers it, without its targets."""
    return TargetGroup(
        arn=required(item, "TargetGroupArn"),
        kind=text(item, "TargetType"),
        protocol=text(item, "Protocol") or "TCP",
        port=port(item, "Port", 0),
        balancers=tuple(texts(item, "LoadBalancerArns")),
    )


def _with_targets(api: Api, group: TargetGroup) -> TargetGroup:
    call = calls.DESCRIBE_TARGET_HEALTH
    listed = api.read(call, hides=HIDES, about=group.arn, TargetGroupArn=group.arn)
    return replace(group, targets=api.mapped(call, listed, lambda one: registered_target(one, group.port), hides=HIDES))


def registered_target(item: Item, default: int) -> RegisteredTarget:
    """Return a target as the API answers it; ``default``: its group's port."""
    target = part(item, "Target")
    return RegisteredTarget(
        required(target, "Id"), port(target, "Port", default), text(part(item, "TargetHealth"), "State")
    )


def classic_balancer(item: Item) -> ClassicBalancer:
    """Return a classic balancer as the API answers it."""
    return ClassicBalancer(
        name=required(item, "LoadBalancerName"),
        network=text(item, "VPCId"),
        internet_facing=text(item, "Scheme") == "internet-facing",
        groups=tuple(texts(item, "SecurityGroups")),
        subnets=tuple(sorted(texts(item, "Subnets"))),
        instances=tuple(required(one, "InstanceId") for one in parts(item, "Instances")),
        listeners=tuple(_classic_listener(part(one, "Listener")) for one in parts(item, "ListenerDescriptions")),
    )


def _classic_listener(item: Item) -> ClassicListener:
    protocol = required(item, "Protocol").upper()
    return ClassicListener(
        (protocol, port(item, "LoadBalancerPort")),
        (text(item, "InstanceProtocol").upper() or protocol, port(item, "InstancePort")),
    )


def api_targets(api: Api, network_ids: Collection[str], ports: Collection[int]) -> dict[str, str]:
    """Return which balancer sends to one of ``ports`` of a target, in words by instance id or address."""
    return {
        target: f"target of {balancer} on port {port}"
        for balancer, target, port in _targets(read_registrations(api, network_ids))
        if port in ports
    }


def _targets(read: Registrations) -> Iterator[tuple[str, str, int]]:
    for balancer in read.balancers:
        for group in read.groups_of(balancer.arn):
            yield from ((balancer.arn, one.id, one.port) for one in group.targets)
    for classic in read.classic:
        for instance in classic.instances:
            yield from ((classic.name, instance, one.inside[1]) for one in classic.listeners)
