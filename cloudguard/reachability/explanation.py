"""Why a packet gets in: the rules to answer for it, and its path gate by gate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cloudguard.model.network import Action, ClientAddress, Direction, Endpoint, Filter, PeerKind, Rule
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import Packet, PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.results.change import Resource


@dataclass(frozen=True, eq=False)
class Attribution:
    """What answers for ``part`` of an excess: a rule of a filter, or a resource that has no rule to narrow."""

    resource: Resource
    part: PacketSet
    call: str
    fact: str
    filter: Filter | None = None
    rule: Rule | None = None


def rule_text(rule: Rule) -> str:
    """Return a rule in words: "tcp/22 from 0.0.0.0/0"."""
    word = "from" if rule.direction is Direction.INGRESS else "to"
    return f"{rule.services} {word} {rule.peer.value}"


def filter_resource(one: Filter) -> Resource:
    """Return a filter as a resource."""
    return Resource("filter", one.id, one.name)


def attribute(reach: Reachability, way: Path, excess: PacketSet, *, sure: bool = True) -> Iterator[Attribution]:
    """Yield what lets ``excess`` in on ``way``; what no rule answers for is its balancer's, endpoint's or host's.

    ``sure``: only by what rules are known to let in.
    """
    left = excess
    for one, rule in reach.filters.rules(_door(way), Direction.INGRESS, way.target_groups, way.destination):
        permits = rule.action is Action.PERMIT
        part = _part(reach, way, rule, excess, sure=sure) if permits else PacketSet.nothing()
        if part:
            left -= part
            yield Attribution(filter_resource(one), part, rule.source.call, rule_text(rule), one, rule)
    if left:
        yield _without_rule(way, left)


def _door(way: Path) -> tuple[str, ...]:
    """Return the filters that could shut the way: the balancer's own where it has some, else the target's."""
    if isinstance(way.target, Endpoint):
        return way.filters if way.sender.inside else ()
    if way.balancer is None:
        return way.filters
    if way.balancer.filters:
        return way.balancer.filters
    replaced = way.listener is not None and way.listener.client_address is ClientAddress.REPLACED
    return () if replaced else way.filters


def _part(reach: Reachability, way: Path, rule: Rule, excess: PacketSet, *, sure: bool) -> PacketSet:
    if rule.peer.kind is PeerKind.GROUP:
        named = rule.peer.value in way.sender.groups
        return excess.only(_services(way, rule)) if named else PacketSet.nothing()
    bounds = reach.filters.packets(rule, way.destination)
    packets = bounds.lower if sure else bounds.upper
    if way.balancer is not None and way.balancer.filters:
        return excess.within(packets.on(_listening(way)))
    return excess & packets


def _listening(way: Path) -> ServiceSet:
    return ServiceSet.parse(way.listener.service) if way.listener else ServiceSet.everything()


def _services(way: Path, rule: Rule) -> ServiceSet:
    """Return what a rule's services are at the target: behind a balancer, all that its listener sends."""
    services = ServiceSet.parse(rule.services)
    if way.balancer is not None and way.balancer.filters:
        return ServiceSet.everything() if services & _listening(way) else ServiceSet.nothing()
    return services


def _without_rule(way: Path, part: PacketSet) -> Attribution:
    if isinstance(way.target, Endpoint):
        ranges = ", ".join(way.target.public_ranges) or "everywhere"
        fact = f"the public endpoint lets in {ranges}"
        return Attribution(Resource("endpoint", way.target.id), part, way.target.source.call, fact)
    if way.balancer is not None:
        facing = "faces the internet" if way.balancer.internet_facing else "is internal"
        guard = "has no filter of its own" if not way.balancer.filters else "lets it through"
        resource = Resource("balancer", way.balancer.id, way.balancer.name)
        return Attribution(resource, part, way.balancer.source.call, f"{way.balancer.name} {facing} and {guard}")
    name = way.filters[0] if way.filters else way.target.key.subnet
    fact = f"{name} could not be read" if way.filters else "no filter guards the interface"
    call = way.target.interfaces[0].source.call if way.target.interfaces else ""
    return Attribution(Resource("filter", name), part, call, fact)


def path(reach: Reachability, way: Path, packet: Packet, rule: Rule | None = None) -> tuple[str, ...]:
    """Return the gates that ``packet`` passes on ``way``, each with a rule that lets it pass (``rule`` if it does)."""
    return tuple(_steps(reach, way, packet, rule))


def _steps(reach: Reachability, way: Path, packet: Packet, blamed: Rule | None) -> Iterator[str]:
    sender = AddressSet.parse(packet.address)
    seen = _Seen((sender,), way.sender.groups, packet.service)
    if isinstance(way.target, Endpoint):
        side = "private" if way.sender.inside else "public"
        yield f"{side} endpoint {way.target.id} on {way.target.service}"
        if way.sender.inside:
            yield from _passed(reach, way.filters, seen, blamed)
        return
    segment = way.target.key.subnet
    near = sender <= reach.senders.ranges((segment,))
    if way.balancer is not None and way.listener is not None:
        yield from _front_steps(reach, way, sender, blamed)
        own = reach.senders.ranges(way.balancer.subnets)
        replaced = way.listener.client_address is ClientAddress.REPLACED
        seen = _Seen((own,) if replaced else (sender, own), way.balancer.groups, packet.service)
        near = segment in way.balancer.subnets
    elif not way.sender.inside:
        yield f"public address, routed to the internet by {segment}"
    guarded = None if near else reach.subnets.get(segment)
    for guard in guarded.filters if guarded else ():
        yield from _passed(reach, (guard,), seen, blamed)
    yield from _passed(reach, way.filters, replace(seen, carried=way.target_groups, own=way.destination), blamed)


_SEEN = {
    ClientAddress.PRESERVED: "the client's address",
    ClientAddress.REPLACED: "the balancer's own address",
    ClientAddress.UNKNOWN: "an address that could not be told",
}


def _front_steps(reach: Reachability, way: Path, sender: AddressSet, blamed: Rule | None) -> Iterator[str]:
    balancer, listener = way.balancer, way.listener
    if balancer is None or listener is None:
        return
    name = f"{balancer.kind}/{balancer.name}"
    yield f"{name} listens on {listener.service}"
    if balancer.filters:
        front = _Seen((sender,), way.sender.groups, _listening(way).first())
        yield from _passed(reach, balancer.filters, front, blamed)
    else:
        yield f"{name} has no filter of its own"
    yield f"the target sees {_SEEN[listener.client_address]}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A packet as a gate sees it: from one of ``addresses`` (the likeliest first), whose sender carries ``labels``.

    ``carried``: the labels of what the gate guards, ``own``: the addresses that it is for.
    """

    addresses: tuple[AddressSet, ...]
    labels: tuple[str, ...]
    service: int
    carried: tuple[str, ...] = ()
    own: AddressSet | None = None


def _passed(reach: Reachability, filters: tuple[str, ...], seen: _Seen, blamed: Rule | None) -> Iterator[str]:
    """Yield the rule of ``filters`` that lets the packet pass."""
    rules = reach.filters.rules(filters, Direction.INGRESS, seen.carried, seen.own)
    rank = {name: place if reach.filters.filters[name].in_chain else 0 for place, name in enumerate(filters)}
    ordered = sorted(rules, key=lambda item: (rank[item[0].id], item[1].order, item[1] is not blamed))
    for addresses in seen.addresses:
        left = set[str]()
        for one, rule in ordered:
            if one.id in left or seen.service not in ServiceSet.parse(rule.services):
                continue
            peers = reach.filters.peers(rule)
            by_label = rule.peer.kind is PeerKind.GROUP and rule.peer.value in seen.labels
            if not by_label and (peers is None or not peers & addresses):
                continue
            if rule.action is Action.PERMIT:
                name = f" ({one.name})" if one.name else ""
                yield f"{one.kind} {one.id}{name}: rule {rule.id} ({rule_text(rule)})"
                return
            if rule.action is Action.NEXT:
                left.add(one.id)
            elif one.ordered and not reach.filters.uncertain(rule, seen.own):
                break
