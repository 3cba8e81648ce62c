"""Explanations of allowed traffic: the rules that are responsible for excess, and the hops that a packet passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from cloudguard.model.filters import Action, Direction, Filter, Rule
from cloudguard.model.load_balancers import ClientAddress, PublishedService
from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import Packet, PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.filters import UNKNOWN_TARGET, RuleTarget
from cloudguard.reachability.host_classes import Registration
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.results.change import PeerOf, Resource, RulePeer, RuleTraffic
from cloudguard.results.hop import Hop, HopKind
from cloudguard.values import dataclass


@dataclass(frozen=True, eq=False)
class Attribution:
    """The rule of a filter, or the resource without a rule, that is responsible for ``packets`` of a path's excess."""

    path: Path
    resource: Resource
    packets: PacketSet
    call: str
    note: str = ""
    """The fact that lets the excess in, if no rule is responsible."""
    filter: Filter | None = None
    rule: Rule | None = None

    @property
    def fact(self) -> str:
        """The fact that lets the excess in, as text."""
        return f"{self.rule.services} from {self.rule.peer}" if self.rule else self.note


PUBLISHED_SERVICE = "published service"
"""The kind of the resource that publishes a balancer."""
_FACING = {True: "faces the internet", False: "is internal", None: "may face the internet"}


def rule_traffic(rule: Rule) -> RuleTraffic:
    """Return the traffic that a rule names: direction, services and peer."""
    peer = RulePeer(PeerOf(rule.peer.kind), str(rule.peer))
    return RuleTraffic(rule.direction, rule.services, peer)


def filter_resource(filter_: Filter) -> Resource:
    """Return a filter as a resource."""
    return Resource("filter", filter_.id, filter_.name)


def attribute(reach: Reachability, path: Path, excess: PacketSet) -> Iterator[Attribution]:
    """Yield the attributions of excess traffic to the rules that certainly allow it.

    Excess that no rule allows is attributed to the load balancer, the endpoint or the target's filters, and that of
    consumers to the published service. In an ordered filter a rule is not responsible for traffic that an earlier rule
    denies.
    """
    if path.sender.published is not None:
        yield _of_service(path, path.sender.published, excess)
        return
    left, denied = excess, defaultdict[str, PacketSet](PacketSet.nothing)
    names = _one_in_series(reach, _narrowable(path))
    for filter_, rule in _in_order(reach, path, names):
        if rule.action is not Action.PERMIT:
            if filter_.ordered and not reach.filters.uncertain(rule, path.rule_target.addresses):
                denied[filter_.id] |= _part(reach, path, rule, excess)
            continue
        packets = _part(reach, path, rule, excess) - denied[filter_.id]
        if packets:
            left -= packets
            yield Attribution(path, filter_resource(filter_), packets, rule.source.call, filter=filter_, rule=rule)
    if left:
        yield _without_rule(path, left)


def _in_order(reach: Reachability, path: Path, names: tuple[str, ...]) -> list[tuple[Filter, Rule]]:
    """Return the ingress rules that apply on a path: filter by filter in the order of ``names``, each in rule order."""
    rules = reach.filters.rules(names, Direction.INGRESS, path.rule_target)
    return sorted(rules, key=lambda pair: (names.index(pair[0].id), pair[1].order))


def _narrowable(path: Path) -> tuple[str, ...]:
    """Return the filters whose rules could be narrowed: the balancer's own if it has any, otherwise the target's."""
    if isinstance(path.target, Endpoint):
        return path.filters if path.sender.inside else ()
    if path.registration is None:
        return path.filters
    if path.registration.balancer.first_filters:
        return path.registration.balancer.first_filters
    replaced = path.registration.listener.client_address is ClientAddress.REPLACED
    return () if replaced else path.filters


def _one_in_series(reach: Reachability, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``names`` with only one of the filters in series, because one of them can stop the traffic alone.

    It is the editable one nearest to the target, because that filter guards the fewest other targets.
    """
    series = [guard for name in names if (guard := reach.filters.filters.get(name)) is not None and guard.in_series]
    editable = [guard.id for guard in series if guard.editable] or [guard.id for guard in series]
    return tuple(name for name in names if name in editable[-1:] or name not in {guard.id for guard in series})


def _part(reach: Reachability, path: Path, rule: Rule, excess: PacketSet) -> PacketSet:
    """Return the part of ``excess`` that a rule of ``_narrowable`` certainly lets in.

    Clients that a balancer's rule lets in may use everything that the listener sends to the target.
    """
    if rule.peer.group and rule.peer.group not in path.sender.groups:
        return PacketSet.nothing()
    packets, listening = reach.filters.packets(rule, path.rule_target.addresses).lower, _listening(path)
    if listening is None:
        return excess.only(rule.services) if rule.peer.group else excess & packets
    if rule.peer.group:
        return excess if rule.services & listening else PacketSet.nothing()
    return excess.within(packets.on(listening))


def _listening(path: Path) -> ServiceSet | None:
    """Return the services on which clients pass the balancer's filters; None if ``_narrowable`` are the target's."""
    if path.registration is None or not path.registration.balancer.first_filters:
        return None
    outer = path.registration.balancer.outer
    return outer.services if outer and outer.filters else path.registration.listener.service


def _without_rule(path: Path, packets: PacketSet) -> Attribution:
    if isinstance(path.target, Endpoint):
        ranges = ", ".join((*path.target.public_ranges.cidrs(), *path.target.public_lists)) or "everywhere"
        fact = f"the public endpoint lets in {ranges}"
        return Attribution(path, Resource("endpoint", path.target.id), packets, path.target.source.call, fact)
    if path.balancer is not None:
        facing = _FACING[path.balancer.internet_facing]
        guard = "it has no filter" if not path.balancer.first_filters else "its filters let the traffic through"
        resource, fact = (
            Resource("balancer", path.balancer.id, path.balancer.name),
            f"{path.balancer.name} {facing}, and {guard}",
        )
        return Attribution(path, resource, packets, path.balancer.source.call, fact)
    name = path.filters[0] if path.filters else path.target.key.subnet
    fact = f"{name} could not be read" if path.filters else "the interface has no filter"
    call = path.target.interfaces[0].source.call if path.target.interfaces else ""
    return Attribution(path, Resource("filter", name), packets, call, fact)


def _of_service(path: Path, service: PublishedService, packets: PacketSet) -> Attribution:
    consumers = ", ".join(service.allowed) or "no named account"
    accepted = "the owner accepts each endpoint" if service.accepts_each else "accepts all"
    fact = f"it is offered to {consumers}, and {accepted}"
    return Attribution(path, Resource(PUBLISHED_SERVICE, service.id), packets, service.source.call, fact)


def hops(reach: Reachability, attribution: Attribution, packet: Packet) -> tuple[Hop, ...]:
    """Return the hops that ``packet`` passes on the attribution's path, each with a rule that permits it.

    The attribution's rule is preferred if it permits the packet.
    """
    all_hops = _hops(reach, attribution.path, packet, attribution.rule)
    if attribution.rule is not None:
        return tuple(all_hops)
    kinds = {"endpoint": HopKind.ENDPOINT, "balancer": HopKind.BALANCER}
    resource = (kinds.get(attribution.resource.kind), attribution.resource.id)
    return tuple(replace(hop, attributed=(hop.kind, hop.id) == resource) for hop in all_hops)


def _hops(reach: Reachability, path: Path, packet: Packet, attributed: Rule | None) -> Iterator[Hop]:
    sender = AddressSet.parse(packet.address)
    sent = _Sent((sender,), path.sender.groups, packet.service)
    if isinstance(path.target, Endpoint):
        word = f"{'private' if path.sender.inside else 'public'} endpoint"
        name = path.target.address or path.target.id.rpartition("/")[2]
        yield Hop(HopKind.ENDPOINT, path.target.id, name, word=word, lets=str(path.target.service))
        if path.sender.inside:
            yield from _filters(reach, HopKind.TARGET_FILTER, path.filters, sent, attributed)
        return
    subnet = path.target.key.subnet
    same_subnet = sender <= reach.senders.ranges((subnet,))
    if path.registration is not None:
        yield from _balancer_hops(reach, path.registration, sent, attributed)
        balancer, client_address = path.registration.balancer, path.registration.listener.client_address
        yield Hop(HopKind.CLIENT_ADDRESS, balancer.id, balancer.name, balancer.kind, lets=client_address)
        own_addresses = reach.senders.ranges(balancer.subnets)
        addresses = (own_addresses,) if client_address is ClientAddress.REPLACED else (sender, own_addresses)
        sent = _Sent(addresses, balancer.groups, packet.service)
        same_subnet = subnet in balancer.subnets
    elif not path.sender.inside:
        yield Hop(HopKind.INTERNET, subnet)
    entered_subnet = None if same_subnet else reach.subnets.get(subnet)
    for name in entered_subnet.filters if entered_subnet else ():
        yield from _filters(reach, HopKind.SUBNET_FILTER, (name,), sent, attributed)
    arrived = replace(sent, target=path.rule_target)
    yield from _filters(reach, HopKind.TARGET_FILTER, path.filters, arrived, attributed)


def _balancer_hops(
    reach: Reachability, registration: Registration, sent: _Sent, attributed: Rule | None
) -> Iterator[Hop]:
    balancer, listener = registration.balancer, registration.listener
    first, outer = balancer.listens_on(listener), balancer.outer
    yield Hop(HopKind.BALANCER, balancer.id, balancer.name, balancer.kind, lets=str(first))
    if outer:
        arriving = replace(sent, service=first.first())
        yield from _filters(reach, HopKind.BALANCER_FILTER, outer.filters, arriving, attributed)
        sent = replace(sent, groups=(*sent.groups, *outer.groups))
    if balancer.filters:
        arriving = replace(sent, service=listener.service.first())
        yield from _filters(reach, HopKind.BALANCER_FILTER, balancer.filters, arriving, attributed)
    elif not balancer.first_filters:
        yield Hop(HopKind.BALANCER_FILTER, balancer.id, balancer.name, balancer.kind)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A packet at a filter. It comes from one of ``addresses``, the likeliest first, and its sender is in ``groups``.

    ``target``: what the filter guards.
    """

    addresses: tuple[AddressSet, ...]
    groups: tuple[str, ...]
    service: int
    target: RuleTarget = UNKNOWN_TARGET


def _filters(
    reach: Reachability, kind: HopKind, names: tuple[str, ...], sent: _Sent, attributed: Rule | None
) -> Iterator[Hop]:
    """Yield the hop of the rule of the filters ``names`` that permits the packet, or one for each filter in series."""
    rules = reach.filters.rules(names, Direction.INGRESS, sent.target)
    known = reach.filters.filters  # a filter that was not read has no rules
    rank = {name: place if known[name].in_chain else 0 for place, name in enumerate(names) if name in known}
    ordered = sorted(rules, key=lambda item: (rank[item[0].id], item[1].order, item[1] is not attributed))
    for addresses in sent.addresses:
        left, passed = set[str](), list[Hop]()
        for filter_, rule in ordered:
            if filter_.id in left or not _matches(reach, rule, sent, addresses):
                continue
            if rule.action is Action.PERMIT:
                traffic = rule_traffic(rule)
                passed.append(Hop(kind, filter_.id, filter_.name, filter_.kind, rule.id, traffic, rule is attributed))
                if not filter_.in_series or filter_.id == ordered[-1][0].id:
                    yield from passed
                    return
                left.add(filter_.id)
            elif rule.action is Action.NEXT:
                left.add(filter_.id)
            elif filter_.ordered and not reach.filters.uncertain(rule, sent.target.addresses):
                break


def _matches(reach: Reachability, rule: Rule, sent: _Sent, addresses: AddressSet) -> bool:
    """Whether a rule is about a packet that comes from one of ``addresses``."""
    peers = reach.filters.peers(rule) or AddressSet.nothing()
    return sent.service in rule.services and (rule.peer.group in sent.groups or bool(peers & addresses))
