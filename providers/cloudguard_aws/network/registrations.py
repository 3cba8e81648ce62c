"""Load balancers of a region as the API answers them, and the targets that are registered with each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.load_balancers import Balancer
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, child, children, port, required, text, texts
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api

HIDES: Final = (FactKind.BALANCERS,)
APPLICATION, NETWORK, _GATEWAY = "alb", "nlb", "gateway"
_KINDS: Final = {"application": APPLICATION, "network": NETWORK, "": "load balancer"}
"""Kinds of balancers by their type in the API. A type that is not here is a kind of its own."""
BY_INSTANCE, BY_BALANCER, BY_FUNCTION = "instance", "alb", "lambda"
_SCHEMES: Final = {"internet-facing": True, "internal": False}
_ENFORCED: Final = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
_IPV6_ONLY: Final = "dualstack-without-public-ipv4"
"""Clients on the internet connect by IPv6 alone:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html ("IP address
type")."""
_OUTSIDE: Final = "all"
"""The zone of a target outside its target group's VPC (elasticloadbalancing API reference, TargetDescription)."""
_ADDRESSES: Final = ("IpAddress", "PrivateIPv4Address", "IPv6Address")


@dataclass(frozen=True, slots=True)
class RegisteredTarget:
    """A registered target: an instance id, an address or a balancer's ARN, and its port.

    ``outside``: the target's address is outside the target group's own VPC.
    """

    id: str
    port: int
    health: str
    outside: bool = False


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group. ``kind``: whether its targets are instances, addresses, balancers or functions.

    ``balancers``: ARNs of the balancers that use it.
    """

    arn: str
    kind: str
    protocol: str
    port: int
    balancers: tuple[str, ...]
    network: str = ""
    targets: tuple[RegisteredTarget, ...] = ()

    def beyond(self, ranges: AddressSet) -> TargetGroup:
        """Return the group without the targets whose addresses are in ``ranges``, the ranges of the group's own VPC."""
        targets = (target for target in self.targets if target.outside or not _inside(target.id, ranges))
        return replace(self, targets=tuple(targets))


@dataclass(frozen=True, slots=True)
class ClassicListener:
    """A listener of a classic balancer: protocol and port for clients (``outside``) and for instances (``inside``)."""

    outside: tuple[str, int]
    inside: tuple[str, int]


@dataclass(frozen=True, slots=True)
class ClassicBalancer:
    """A classic balancer, which is a proxy: its facts without listeners, and its instances and listeners."""

    balancer: Balancer
    instances: tuple[str, ...]
    listeners: tuple[ClassicListener, ...]


@dataclass(frozen=True, slots=True)
class Registrations:
    """The balancers of a region, and a dict of target group ARN → target group.

    ``balancers``: application and network balancers and those of an unknown kind, without their listeners.
    Target groups that can't have a target in the VPCs that were asked for are left out of ``groups``. ``answered``: the
    ARNs of all target groups, None if they could not be read. ``bare``: ARNs of the balancers that none of them names.
    ``unfiltered``: ARNs of the balancers whose security groups don't filter clients of their PrivateLink endpoints.
    """

    balancers: tuple[Balancer, ...]
    classic: tuple[ClassicBalancer, ...]
    groups: Mapping[str, TargetGroup]
    answered: frozenset[str] | None = None
    bare: tuple[str, ...] = ()
    unfiltered: frozenset[str] = frozenset()

    def groups_of(self, arn: str) -> tuple[TargetGroup, ...]:
        """Return the target groups behind a balancer, through any of its listeners or rules."""
        return tuple(group for group in self.groups.values() if arn in group.balancers)


def read_registrations(api: Api, network_ids: Collection[str]) -> Registrations:
    """Read all balancers, and the targets that may be in the VPCs ``network_ids`` (empty: in any VPC).

    A balancer of another VPC can send to addresses of these VPCs through a peering or a transit gateway.
    """
    listed, groups, old = api.gather(
        partial(api.read_or_none, calls.DESCRIBE_LOAD_BALANCERS, hides=HIDES),
        partial(api.read_or_none, calls.DESCRIBE_TARGET_GROUPS, hides=HIDES),
        partial(api.read, calls.CLASSIC_DESCRIBE_LOAD_BALANCERS, hides=HIDES),
    )
    call = calls.DESCRIBE_LOAD_BALANCERS
    modern = api.mapped(call, listed or (), load_balancer, hides=HIDES)
    open_to_endpoints = api.mapped(call, listed or (), unfiltered, hides=HIDES)
    # a gateway balancer sends to appliances, by a tunnel
    every = tuple(balancer for balancer in modern if balancer.kind != _GATEWAY)
    arns = {balancer.id for balancer in every}
    known = api.mapped(calls.DESCRIBE_TARGET_GROUPS, groups or (), target_group, hides=HIDES)
    named = {arn for group in known for arn in group.balancers}
    concerning = [group for group in known if _may_concern(group, network_ids)]
    unread = {arn for group in concerning for arn in group.balancers} - {balancer.id for balancer in modern}
    for arn in sorted(unread) if listed is not None else ():
        api.missed(call, arn, "a target group names this balancer, but it was not returned", HIDES)
    used = [group for group in concerning if arns.intersection(group.balancers)]
    with_targets = api.gather(*(partial(_with_targets, api, group) for group in used))
    classic = api.mapped(calls.CLASSIC_DESCRIBE_LOAD_BALANCERS, old or (), classic_balancer, hides=HIDES)
    return Registrations(
        every,
        classic,
        groups={target.arn: target for target in with_targets},
        answered=None if groups is None or len(known) < len(groups) else frozenset(group.arn for group in known),
        bare=tuple(sorted(arns - named)),
        unfiltered=frozenset(open_to_endpoints),
    )


def record_missing_groups(api: Api, read: Registrations, listener: str, forwarded_to: Iterable[str]) -> None:
    """Record a Gap for each target group that a listener forwards to and that no answer contains."""
    for arn in sorted(set(forwarded_to) - read.answered) if read.answered is not None else ():
        message = f"{listener} forwards to this target group, but it was not returned"
        api.missed(calls.DESCRIBE_TARGET_GROUPS, arn, message, HIDES)


def _may_concern(group: TargetGroup, network_ids: Collection[str]) -> bool:
    """Whether a target of a group may be an interface of the VPCs. Instances register only in their own VPC."""
    is_own = group.network in {"", *network_ids} or not network_ids
    return group.kind != BY_FUNCTION and (is_own or group.kind != BY_INSTANCE)


def load_balancer(item: Item) -> Balancer:
    """Return a balancer as the API answers it, without its listeners. The type decides on its kind, not the ARN."""
    arn, zones, groups = required(item, "LoadBalancerArn"), children(item, "AvailabilityZones"), _groups(item)
    listed = [address for zone in zones for address in children(zone, "LoadBalancerAddresses")]
    kind, address_type = text(item, "Type"), text(item, "IpAddressType")
    return Balancer(
        id=arn,
        name=required(item, "LoadBalancerName"),
        kind=_KINDS.get(kind, kind),
        internet_facing=_SCHEMES.get(text(item, "Scheme")),
        network=text(item, "VpcId"),
        subnets=tuple(sorted(filter(None, (text(zone, "SubnetId") for zone in zones)))),
        filters=groups,
        groups=groups,
        listeners=(),
        source=Source(calls.DESCRIBE_LOAD_BALANCERS.name, arn),
        addresses=AddressSet.of(filter(None, (text(item, key) for item in listed for key in _ADDRESSES))),
        dual_stack=address_type != "ipv4",
        public_ipv4=address_type != _IPV6_ONLY,
    )


def _groups(item: Item) -> tuple[str, ...]:
    return tuple(texts(item, "SecurityGroups"))


def unfiltered(item: Item) -> str:
    """Return a balancer's ARN if its security groups don't filter clients of PrivateLink endpoints, else ""."""
    return "" if text(item, _ENFORCED) in {"", "on"} else required(item, "LoadBalancerArn")


def target_group(item: Item) -> TargetGroup:
    """Return a target group as the API answers it, without its targets."""
    return TargetGroup(
        arn=required(item, "TargetGroupArn"),
        kind=text(item, "TargetType"),
        protocol=text(item, "Protocol"),
        port=port(item, "Port", 0),
        balancers=tuple(texts(item, "LoadBalancerArns")),
        network=text(item, "VpcId"),
    )


def _inside(target: str, ranges: AddressSet) -> bool:
    try:
        return AddressSet.parse(target) <= ranges
    except ValueError:
        return False  # an instance id, or a balancer's ARN


def _with_targets(api: Api, group: TargetGroup) -> TargetGroup:
    call, make = calls.DESCRIBE_TARGET_HEALTH, partial(registered_target, default=group.port)
    return replace(group, targets=api.listed(call, make, hides=HIDES, about=group.arn, TargetGroupArn=group.arn))


def registered_target(item: Item, default: int) -> RegisteredTarget:
    """Return a target as the API answers it. ``default``: the port of its target group."""
    target = child(item, "Target")
    return RegisteredTarget(
        required(target, "Id"),
        port(target, "Port", default),
        text(child(item, "TargetHealth"), "State"),
        text(target, "AvailabilityZone") == _OUTSIDE,
    )


def classic_balancer(item: Item) -> ClassicBalancer:
    """Return a classic balancer as the API answers it."""
    name, groups = required(item, "LoadBalancerName"), _groups(item)
    balancer = Balancer(
        id=name,
        name=name,
        kind="clb",
        internet_facing=_SCHEMES.get(text(item, "Scheme")),
        network=text(item, "VPCId"),
        subnets=tuple(sorted(texts(item, "Subnets"))),
        filters=groups,
        groups=groups,
        listeners=(),
        source=Source(calls.CLASSIC_DESCRIBE_LOAD_BALANCERS.name, name),
    )
    return ClassicBalancer(
        balancer,
        tuple(required(instance, "InstanceId") for instance in children(item, "Instances")),
        tuple(_classic_listener(child(described, "Listener")) for described in children(item, "ListenerDescriptions")),
    )


def _classic_listener(item: Item) -> ClassicListener:
    protocol = required(item, "Protocol").upper()
    return ClassicListener(
        (protocol, port(item, "LoadBalancerPort")),
        (text(item, "InstanceProtocol").upper() or protocol, port(item, "InstancePort")),
    )


def api_targets(
    api: Api, network_ids: Collection[str], ports: Collection[int], servers: Mapping[str, bool]
) -> dict[str, str]:
    """Return a dict of target (instance id or address) → a text that names the balancer that sends it API connections.

    A balancer sends API connections if it sends to one of ``ports``, or if all known targets behind it are
    control-plane hosts. ``servers``: dict of known target → whether it is a control-plane host.
    """
    ids = dict[str, str]()
    for names, targets in registered_together(read_registrations(api, network_ids), network_ids):
        beside = {servers[name] for name, _ in targets if name in servers}
        for name, number in targets:
            if number in ports or beside == {True}:
                ids.setdefault(name, f"target of {names[-1]} on port {number}")
    return ids


def registered_together(
    read: Registrations, network_ids: Collection[str]
) -> Iterator[tuple[tuple[str, ...], list[tuple[str, int]]]]:
    """Yield the targets, with ports, that are registered together, and the names they are registered under.

    The last name is the balancer's. Targets with addresses of another VPC are left out, because VPCs may use the same
    addresses.
    """
    for group in read.groups.values():
        is_own = group.network in {"", *network_ids}
        targets = [(target.id, target.port) for target in group.targets if is_own or target.outside]
        for balancer in group.balancers if group.kind != BY_BALANCER else ():
            yield (group.arn, balancer), targets
    for classic in read.classic:
        for listener in classic.listeners:
            yield (classic.balancer.id,), [(instance, listener.inside[1]) for instance in classic.instances]
