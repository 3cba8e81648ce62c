"""Load balancers that send to the cluster's hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import Balancer, ClientAddress, OuterBalancer, PublishedService
from cloudguard.model.network import Network
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, required, text
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.owners import OWNERS
from cloudguard_aws.network.balancer_tags import read_tags
from cloudguard_aws.network.in_front.endpoint_services import EndpointService, read_published, read_services
from cloudguard_aws.network.in_front.listener_rules import read_listener_rules
from cloudguard_aws.network.in_front.web_acls import read_web_acls
from cloudguard_aws.network.listeners import (
    ListenerFacts,
    Members,
    OwnTargets,
    classic,
    client_address,
    declared_service,
    forwarded,
    listener_facts,
    listeners_of,
    targets_of,
)
from cloudguard_aws.network.registrations import (
    APPLICATION,
    BY_BALANCER,
    HIDES,
    NETWORK,
    ClassicBalancer,
    Registrations,
    TargetGroup,
    read_registrations,
    record_missing_groups,
)

_DENIES_GATEWAY: Final = "ipv6.deny_all_igw_traffic"


@dataclass(frozen=True, slots=True)
class _Forwarding:
    """A balancer, and for each of its listeners the ARNs of the target groups it may send to."""

    balancer: Balancer
    listeners: tuple[tuple[ListenerFacts, tuple[str, ...]], ...]
    targets: Mapping[str, OwnTargets]

    def model(self, declared: str, published: tuple[PublishedService, ...]) -> Balancer:
        """Return the balancer with its listeners. ``published``: the services that offer it."""
        listeners = (
            listener
            for facts, arns in self.listeners
            for listener in listeners_of(facts, (self.targets[arn] for arn in arns if arn in self.targets))
        )
        return replace(self.balancer, listeners=tuple(listeners), declared_service=declared, published=published)


@dataclass(frozen=True, slots=True)
class ClusterBalancers:
    """The balancers that send to the cluster's hosts. ``services``: all endpoint services of the account."""

    read: Registrations
    members: Members
    services: tuple[EndpointService, ...]
    modern: tuple[Balancer, ...]
    classic: tuple[ClassicBalancer, ...]

    def beyond(self, networks: Iterable[Network]) -> ClusterBalancers:
        """Return these balancers without targets inside ``networks``, the VPCs of the target groups themselves.

        Their addresses may equal addresses of the cluster's VPCs.
        """
        ranges = {network.id: network.ranges for network in networks}
        groups = (
            group.beyond(ranges[group.network]) if group.network in ranges else group
            for group in self.read.groups.values()
        )
        read = replace(self.read, groups={group.arn: group for group in groups})
        return _cluster_balancers(read, self.members, self.services)

    @property
    def every(self) -> tuple[Balancer, ...]:
        """All of them, without their listeners."""
        return (*self.modern, *(old.balancer for old in self.classic))

    @property
    def networks(self) -> frozenset[str]:
        """The ids of the balancers' VPCs, as far as they are known."""
        return frozenset(lb.network for lb in self.every) - {""}


def read_cluster_balancers(api: Api, network_ids: Collection[str], members: Members) -> ClusterBalancers:
    """Read the balancers that send to the cluster's hosts, from the VPCs ``network_ids`` or from other VPCs."""
    read, services = api.parallel(partial(read_registrations, api, network_ids), partial(read_services, api))
    return _cluster_balancers(read, members, services)


def _cluster_balancers(
    read: Registrations, members: Members, services: tuple[EndpointService, ...]
) -> ClusterBalancers:
    modern = tuple(lb for lb in read.balancers if _concerns(read, lb.id, members))
    old = tuple(
        lb for lb in read.classic if lb.balancer.id in members.pools or not members.ids.isdisjoint(lb.instances)
    )
    return ClusterBalancers(read, members, services, modern, old)


def _concerns(read: Registrations, arn: str, members: Members) -> bool:
    """Whether a balancer sends to the cluster's hosts, directly or through an application balancer behind it."""
    for group in read.groups_of(arn):
        if group.arn in members.pools or any(members.find(target.id) is not None for target in group.targets):
            return True
        if group.kind == BY_BALANCER and any(_concerns(read, target.id, members) for target in group.targets):
            return True
    return False


@dataclass(frozen=True, slots=True)
class ReadBalancers:
    """Balancers, and the filters before them that are no security groups."""

    balancers: tuple[Balancer, ...]
    filters: tuple[Filter, ...]


def read_balancers(api: Api, known: ClusterBalancers, *, cluster: str) -> ReadBalancers:
    """Read the balancers that send to the cluster's hosts. Each keeps only its targets in the cluster."""
    arns, own = [lb.id for lb in known.modern], _own_groups(known)
    forwardings, (acls, rules), (tagged, published), _ = api.parallel(
        lambda: api.gather(*(partial(_forwarding, api, known, lb) for lb in known.modern)),
        lambda: api.parallel(partial(read_web_acls, api, own), partial(read_listener_rules, api, own)),
        lambda: api.parallel(
            partial(read_tags, api, arns, [lb.balancer.id for lb in known.classic]),
            partial(read_published, api, known.services, arns, known.read.unfiltered),
        ),
        lambda: api.gather(*(partial(_without_groups, api, known.read, arn) for arn in known.read.bare)),
    )
    screens = (*acls, *rules)
    declared = {name: declared_service(tags, cluster) for name, tags in tagged.items()}
    models = (each.model(declared.get(each.balancer.id, ""), published[each.balancer.id]) for each in forwardings)
    by_arn = {lb.id: _screened(lb, screens) for lb in models}
    proxied = [each for forwarding in forwardings for each in _before_proxies(known.read, forwarding, by_arn)]
    classics = [classic(lb, known.members, declared.get(lb.balancer.id, "")) for lb in known.classic]
    every = (
        replace(
            lb,
            listeners=tuple(listener for listener in lb.listeners if listener.targets),
            written_by=OWNERS.of(Thing.BALANCER, lb.name, tagged.get(lb.id) or tagged.get(lb.name, {})),
        )
        for lb in (*by_arn.values(), *proxied, *classics)
    )
    sending = tuple(sorted((lb for lb in every if lb.listeners), key=lambda lb: lb.id))
    used = {name for lb in sending for name in lb.filters}
    return ReadBalancers(sending, tuple(screen for screen in screens if screen.id in used))


def _screened(lb: Balancer, screens: Iterable[Filter]) -> Balancer:
    """Return a balancer with its own filters before its security groups. No answered group counts as an unread one."""
    own = tuple(screen.id for screen in screens if screen.source.resource == lb.id)
    return replace(lb, filters=(*own, *(lb.filters or (f"groups of {lb.id}",)))) if own else lb


def _own_groups(known: ClusterBalancers) -> dict[str, set[str]]:
    """Return a dict of application balancer → its target groups with targets in the cluster."""
    return {
        lb.id: {group.arn for group in known.read.groups_of(lb.id) if targets_of(group, known.members)}
        for lb in known.modern
        if lb.kind == APPLICATION
    }


def _with_ipv6(api: Api, lb: Balancer) -> Balancer:
    """Return a balancer. An internal one faces the internet by IPv6 if an attribute lets in its gateway.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html ("Load balancer
    attributes"). Application balancers have the same attribute.
    """
    if lb.internet_facing is not False or not lb.dual_stack:
        return lb
    call = calls.DESCRIBE_LOAD_BALANCER_ATTRIBUTES
    items = api.read_or_none(call, hides=HIDES, about=lb.id, LoadBalancerArn=lb.id)
    values = [text(item, "Value") for item in items or () if item.get("Key") == _DENIES_GATEWAY]
    if items is not None and "false" not in values:
        return lb
    return replace(lb, internet_facing=None if items is None else True, public_ipv4=False)


def _without_groups(api: Api, read: Registrations, arn: str) -> None:
    """Read the listeners of a balancer that no target group names. If they forward to one, the answers contradict."""
    call, why = calls.DESCRIBE_LISTENERS, f"{arn} forwards to it, but no target group names this balancer"
    items = api.read(call, hides=HIDES, about=arn, LoadBalancerArn=arn) if read.answered is not None else ()
    for facts in api.mapped(call, items, listener_facts, hides=HIDES):
        for name in facts.forwards_to or ():
            api.missed(calls.DESCRIBE_TARGET_GROUPS, name, why, HIDES)


def _forwarding(api: Api, known: ClusterBalancers, lb: Balancer) -> _Forwarding:
    call, groups = calls.DESCRIBE_LISTENERS, known.read.groups_of(lb.id)
    items, balancer, targets = api.parallel(
        partial(api.read_or_none, call, hides=HIDES, about=lb.id, LoadBalancerArn=lb.id),
        partial(_with_ipv6, api, lb),
        lambda: api.gather(*(partial(_own_targets, api, group, lb, known.members) for group in groups)),
    )
    listeners, arns = api.mapped(call, items or (), listener_facts, hides=HIDES), tuple(group.arn for group in groups)
    if items == []:
        message = "no listener was returned for this balancer, although target groups name it"
        api.missed(call, lb.id, message, HIDES)
    sent = api.gather(*(partial(_sent_to, api, each, lb, arns, alone=len(listeners) == 1) for each in listeners))
    for each, forwarded_to in zip(listeners, sent, strict=True):
        record_missing_groups(api, known.read, each.arn, forwarded_to)
    return _Forwarding(balancer, tuple(zip(listeners, sent, strict=True)), dict(zip(arns, targets, strict=True)))


def _sent_to(
    api: Api, listener: ListenerFacts, lb: Balancer, every: tuple[str, ...], *, alone: bool
) -> tuple[str, ...]:
    """Return the ARNs of the target groups a listener may send to.

    An application balancer's rules may name more target groups than its default action. The result is all groups of the
    balancer (``every``) if the listener is the only one, or if an action is not understood or not read.
    """
    if lb.kind == NETWORK and listener.forwards_to is not None:
        return listener.forwards_to
    if lb.kind != APPLICATION or listener.forwards_to is None or alone:
        return every
    arn, make = listener.arn, partial(forwarded, key="Actions")
    rules = api.listed_or_none(calls.DESCRIBE_RULES, make, hides=HIDES, about=arn, ListenerArn=arn)
    if rules is None or None in rules:
        return every
    return tuple(dict.fromkeys((*listener.forwards_to, *(arn for rule in rules for arn in rule or ()))))


def _own_targets(api: Api, group: TargetGroup, lb: Balancer, members: Members) -> OwnTargets:
    known = lb.kind in {APPLICATION, NETWORK}
    targets, client = targets_of(group, members), ClientAddress.REPLACED if known else ClientAddress.UNKNOWN
    if targets and lb.kind == NETWORK:
        call = calls.DESCRIBE_TARGET_GROUP_ATTRIBUTES
        pairs = api.listed_or_none(call, _attribute, hides=HIDES, about=group.arn, TargetGroupArn=group.arn)
        client = client_address(group, None if pairs is None else dict(pairs))
    return OwnTargets(group.protocol, targets, client)


def _attribute(pair: Item) -> tuple[str, str]:
    return required(pair, "Key"), text(pair, "Value")


def _before_proxies(read: Registrations, forwarding: _Forwarding, by_arn: Mapping[str, Balancer]) -> Iterator[Balancer]:
    """Yield a copy of a network balancer for each application balancer that it sends to.

    A network balancer keeps the client's address. So the security groups of both balancers filter the clients, and the
    hosts see the application balancer's groups as the sender:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html (the
    rules for an Application Load Balancer as a target of a Network Load Balancer).
    """
    front = by_arn[forwarding.balancer.id]
    for facts, arns in forwarding.listeners:
        for group in (read.groups[arn] for arn in arns if arn in read.groups and read.groups[arn].kind == BY_BALANCER):
            for target in group.targets:
                behind = by_arn.get(target.id)
                if behind is None or not any(listener.targets for listener in behind.listeners):
                    continue
                service, outside = (ServiceSet.parse(f"tcp/{port}") for port in (group.port, facts.port))
                outer = OuterBalancer(outside, front.subnets, front.filters, front.groups)
                listeners = tuple(
                    replace(listener, id=f"{facts.arn}>{listener.id}")
                    for listener in behind.listeners
                    if listener.service == service
                )
                yield replace(
                    front,
                    id=f"{front.id}>{behind.id}:{group.port}",
                    name=f"{front.name} > {behind.name}",
                    subnets=behind.subnets,
                    filters=behind.filters,
                    groups=behind.groups,
                    listeners=listeners,
                    declared_service=front.declared_service or behind.declared_service,
                    outer=outer,
                )
