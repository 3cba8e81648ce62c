"""Load balancers in front of the cluster: read all, keep those that send to its hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Final

from cloudguard.model.load_balancers import Balancer, ClientAddress
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.packet_sets.services import ServiceSet
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.listeners import (
    APPLICATION,
    NETWORK,
    Members,
    TargetGroup,
    balancer,
    classic,
    client_address,
    declared_service,
    forwarded,
    listeners_of,
    targets_of,
)
from cloudguard_aws.network.rules import Item, tags_of

_HIDES: Final = (FactKind.BALANCERS,)
_TAGGED_AT_ONCE: Final = 20
"""DescribeTags takes so many balancers: elasticloadbalancing API reference, both versions."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The balancers of some VPCs; ``registered`` are the targets of each target group, by ARN."""

    balancers: tuple[Item, ...]
    classic: tuple[Item, ...]
    groups: Mapping[str, Item]
    registered: Mapping[str, list[Item]] = field(default_factory=dict[str, list[Item]])

    def groups_of(self, arn: str) -> tuple[Item, ...]:
        """Return the target groups behind a balancer, whichever listener or rule leads to them."""
        return tuple(group for group in self.groups.values() if arn in group.get("LoadBalancerArns", ()))


def read_registered(api: Api, network_ids: Collection[str]) -> Registered:
    """Read the balancers of VPCs and what is registered with them. The API has no filter by VPC."""
    modern, groups, old = api.gather(
        partial(api.read, calls.DESCRIBE_LOAD_BALANCERS, hides=_HIDES),
        partial(api.read, calls.DESCRIBE_TARGET_GROUPS, hides=_HIDES),
        partial(api.read, calls.CLASSIC_DESCRIBE_LOAD_BALANCERS, hides=_HIDES),
    )
    ours = [item for item in modern if item.get("VpcId") in network_ids and item.get("Type") in {APPLICATION, NETWORK}]
    arns = {item["LoadBalancerArn"] for item in ours}
    kept: dict[str, Item] = {
        group["TargetGroupArn"]: group
        for group in groups
        if arns.intersection(group.get("LoadBalancerArns", ())) and group.get("TargetType") != "lambda"
    }
    registered = api.gather(*(partial(_registered, api, arn) for arn in kept))
    return Registered(
        balancers=tuple(ours),
        classic=tuple(item for item in old if item.get("VPCId") in network_ids),
        groups=kept,
        registered=dict(zip(kept, registered, strict=True)),
    )


def _registered(api: Api, arn: str) -> list[Item]:
    return list(api.read(calls.DESCRIBE_TARGET_HEALTH, hides=_HIDES, about=arn, TargetGroupArn=arn))


@dataclass(frozen=True, slots=True)
class Membership:
    """A registered target: an instance id or address, and its port, behind a balancer."""

    balancer: str
    target: str
    port: int
    internet_facing: bool


def target_memberships(api: Api, *, network_ids: Collection[str]) -> tuple[Membership, ...]:
    """Return what is registered with the balancers of VPCs; the calls are those that ``read_near`` makes too."""
    return tuple(_memberships(read_registered(api, network_ids)))


def _memberships(read: Registered) -> Iterator[Membership]:
    for item in read.balancers:
        facing = item.get("Scheme") == "internet-facing"
        for group in read.groups_of(item["LoadBalancerArn"]):
            for one in read.registered.get(group["TargetGroupArn"], ()):
                port = int(one["Target"].get("Port") or group.get("Port") or 0)
                yield Membership(item["LoadBalancerArn"], one["Target"]["Id"], port, facing)
    for item in read.classic:
        facing = item.get("Scheme") == "internet-facing"
        ports = [int(one["Listener"]["InstancePort"]) for one in item.get("ListenerDescriptions", ())]
        for instance in item.get("Instances", ()):
            for port in ports:
                yield Membership(item["LoadBalancerName"], instance["InstanceId"], port, facing)


@dataclass(frozen=True, slots=True)
class _Front:
    """A balancer with, for each of its listeners, the target groups it may send to."""

    item: Item
    listeners: tuple[tuple[Item, tuple[str, ...]], ...]
    groups: Mapping[str, TargetGroup]

    @property
    def arn(self) -> str:
        return str(self.item["LoadBalancerArn"])

    def model(self, declared: str) -> Balancer:
        call = calls.DESCRIBE_LISTENERS.name
        made = [
            listener
            for item, arns in self.listeners
            for listener in listeners_of(item, (self.groups[arn] for arn in arns if arn in self.groups), call)
        ]
        return balancer(self.item, made, declared, calls.DESCRIBE_LOAD_BALANCERS.name)


@dataclass(frozen=True, slots=True)
class Near:
    """The balancers that send to the cluster's hosts, as answered; the ``classic`` ones apart."""

    read: Registered
    members: Members
    modern: tuple[Item, ...]
    classic: tuple[Item, ...]

    @property
    def filters(self) -> frozenset[str]:
        """The security groups that they have."""
        return frozenset(name for item in (*self.modern, *self.classic) for name in item.get("SecurityGroups", ()))

    @property
    def segments(self) -> frozenset[str]:
        """The subnets that they stand in."""
        zones = {str(zone.get("SubnetId", "")) for item in self.modern for zone in item.get("AvailabilityZones", ())}
        return frozenset(zones.union(*(item.get("Subnets", ()) for item in self.classic)) - {""})


def read_near(api: Api, network_ids: Collection[str], members: Members) -> Near:
    """Read which balancers of VPCs send to the cluster's hosts."""
    read = read_registered(api, network_ids)
    modern = tuple(item for item in read.balancers if _concerns(read, item["LoadBalancerArn"], members))
    old = (item for item in read.classic if any(one["InstanceId"] in members.ids for one in item.get("Instances", ())))
    return Near(read, members, modern, tuple(old))


def read_balancers(api: Api, near: Near, *, cluster: str) -> tuple[Balancer, ...]:
    """Read the balancers that send to the cluster's hosts, each with those targets only."""
    arns = [str(item["LoadBalancerArn"]) for item in near.modern]
    names = [str(item["LoadBalancerName"]) for item in near.classic]
    fronts, tagged = api.two(
        lambda: api.gather(*(partial(_front, api, near.read, item, near.members) for item in near.modern)),
        partial(_tags, api, arns, names),
    )
    declared = {name: declared_service(found, cluster) for page in tagged for name, found in page.items()}
    made = {front.arn: front.model(declared.get(front.arn, "")) for front in fronts}
    proxied = [one for front in fronts for one in _before_proxies(api, near.read, front, made)]
    call = calls.CLASSIC_DESCRIBE_LOAD_BALANCERS.name
    classics = [classic(one, near.members, declared.get(one["LoadBalancerName"], ""), call) for one in near.classic]
    every = (*map(_with_targets, (*made.values(), *proxied, *classics)),)
    return tuple(sorted((one for one in every if one.listeners), key=lambda one: one.id))


def _with_targets(one: Balancer) -> Balancer:
    return replace(one, listeners=tuple(listener for listener in one.listeners if listener.targets))


def _concerns(read: Registered, arn: str, members: Members) -> bool:
    """Whether a balancer sends to the cluster's hosts, itself or by an application balancer behind it."""
    for group in read.groups_of(arn):
        for one in read.registered.get(group["TargetGroupArn"], ()):
            target = str(one["Target"]["Id"])
            if members.find(target) is not None:
                return True
            if group.get("TargetType") == "alb" and _concerns(read, target, members):
                return True
    return False


def _front(api: Api, read: Registered, item: Item, members: Members) -> _Front:
    arn = str(item["LoadBalancerArn"])
    listeners, groups = api.two(
        partial(api.read, calls.DESCRIBE_LISTENERS, hides=_HIDES, about=arn, LoadBalancerArn=arn),
        lambda: api.gather(*(partial(_group, api, read, group, item, members) for group in read.groups_of(arn))),
    )
    known = {group.arn: group for group in groups}
    if item["Type"] == NETWORK or len(listeners) > 1:
        sent = api.gather(*(partial(_sent_to, api, one, item, tuple(known)) for one in listeners))
    else:
        sent = [tuple(known) for _ in listeners]
    return _Front(item, tuple(zip(listeners, sent, strict=True)), known)


def _sent_to(api: Api, listener: Item, item: Item, every: tuple[str, ...]) -> tuple[str, ...]:
    """Return the target groups a listener may send to: an application balancer's rules may name more than its default.

    All of the balancer's where the rules can't be read.
    """
    found = list(forwarded(listener.get("DefaultActions", ())))
    if item["Type"] == APPLICATION:
        arn = str(listener["ListenerArn"])
        rules = api.read_or_none(calls.DESCRIBE_RULES, hides=_HIDES, about=arn, ListenerArn=arn)
        if rules is None:
            return every
        found += [group for rule in rules for group in forwarded(rule.get("Actions", ()))]
    return tuple(dict.fromkeys(found))


def _group(api: Api, read: Registered, group: Item, item: Item, members: Members) -> TargetGroup:
    arn = str(group["TargetGroupArn"])
    targets = targets_of(group, read.registered.get(arn, ()), members)
    client = ClientAddress.REPLACED
    if targets and item["Type"] == NETWORK:
        listed = api.read_or_none(calls.DESCRIBE_TARGET_GROUP_ATTRIBUTES, hides=_HIDES, about=arn, TargetGroupArn=arn)
        client = client_address(group, None if listed is None else {one["Key"]: one["Value"] for one in listed})
    return TargetGroup(arn, group.get("Protocol", "TCP"), targets, client)


def _before_proxies(api: Api, read: Registered, front: _Front, made: Mapping[str, Balancer]) -> Iterator[Balancer]:
    """Yield a network balancer once more for each application balancer that it sends to.

    A network balancer without groups leaves the client's address alone, so the application balancer's groups are what
    bars the way, and its groups what the hosts see. Two sets of groups in series can't be told in the model.
    """
    for item, arns in front.listeners:
        for group in (read.groups[arn] for arn in arns if read.groups.get(arn, {}).get("TargetType") == "alb"):
            for one in read.registered.get(group["TargetGroupArn"], ()):
                behind, near = made.get(str(one["Target"]["Id"])), made[front.arn]
                if behind is None or not any(listener.targets for listener in behind.listeners):
                    continue
                if near.filters or int(item["Port"]) != int(group["Port"]):
                    api.add_gap(_in_series(near, behind))
                    continue
                service = ServiceSet.parse(f"tcp/{group['Port']}")
                listeners = tuple(
                    replace(listener, id=f"{item['ListenerArn']}>{listener.id}")
                    for listener in behind.listeners
                    if listener.service == service
                )
                yield replace(
                    near,
                    id=f"{near.id}>{behind.id}:{group['Port']}",
                    name=f"{near.name} > {behind.name}",
                    subnets=tuple(sorted({*near.subnets, *behind.subnets})),
                    filters=behind.filters,
                    groups=behind.groups,
                    listeners=listeners,
                    declared_service=near.declared_service or behind.declared_service,
                )


def _in_series(near: Balancer, behind: Balancer) -> Gap:
    message = f"{near.name} sends to {behind.name}; what the groups of both let through together is not worked out"
    return Gap(calls.DESCRIBE_LISTENERS.name, near.id, Reason.UNSUPPORTED, message, _HIDES)


def _tags(api: Api, arns: Iterable[str], names: Iterable[str]) -> list[dict[str, dict[str, str]]]:
    """Return the tags of balancers, by ARN, and of classic ones, by name."""
    modern, old = calls.BALANCER_DESCRIBE_TAGS, calls.CLASSIC_DESCRIBE_TAGS
    thunks = [partial(_tag_page, api, modern, "ResourceArns", "ResourceArn", page) for page in _pages(arns)]
    thunks += [partial(_tag_page, api, old, "LoadBalancerNames", "LoadBalancerName", page) for page in _pages(names)]
    return api.gather(*thunks)


def _tag_page(api: Api, call: calls.Call, key: str, id_key: str, page: list[str]) -> dict[str, dict[str, str]]:
    items = api.read(call, hides=_HIDES, about=", ".join(page), **{key: page})
    return {str(one[id_key]): tags_of(one) for one in items}


def _pages(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield ``names`` by as many as DescribeTags takes."""
    left = iter(names)
    while page := list(islice(left, _TAGGED_AT_ONCE)):
        yield page
