"""The traffic that a plan opens: for each filter, the packets that it allows after the plan and not before.

A filter allows the union of what its rules allow. A path allows only packets that all its filters allow. So if no
filter allows more for any possible sender, no path does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from cloudguard.model.filters import Direction, Filter
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.planning.proof.network_state import IMPOSSIBLE, NetworkState, Peer
from cloudguard.reachability.allowed_traffic import EVERYWHERE, AllowedTraffic
from cloudguard.reachability.filters import UNKNOWN_TARGET, RuleTarget
from cloudguard.reachability.load_balancers import rule_target
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Opened:
    """Packets from ``peer`` that a filter or endpoint (``id``) would allow after the plan and did not allow before."""

    id: str
    peer: Peer
    packets: PacketSet


def opened_by_filter(before: NetworkState, after: NetworkState, guard: Filter, declared: PacketSet) -> Iterator[Opened]:
    """Yield the packets that ``guard`` allows in ``after`` and not in ``before``, without the ``declared`` packets."""
    peers = [*zip_longest(before.peers[: len(after.peers)], after.peers)]
    for target in _targets(before, guard):
        for old, new in zip(_of(before, guard, target), _of(after, guard, target), strict=True):
            for was_in, peer in peers:
                was = old.allows(peer.addresses, was_in.groups if was_in else ())
                packets = _more(was, new.allows(peer.addresses, peer.groups)) - declared
                if packets:
                    yield Opened(guard.id, peer, packets)


def _more(before: Bounds, after: Bounds) -> PacketSet:
    return ((after.upper - before.upper) | (after.lower - before.lower)) - IMPOSSIBLE


def _targets(state: NetworkState, guard: Filter) -> Iterator[RuleTarget]:
    """Yield the kinds of targets that the rules of ``guard`` distinguish, as groups and destination addresses."""
    named = {name for rule in guard.rules for name in rule.target_groups}
    targets = dict.fromkeys([UNKNOWN_TARGET, *(RuleTarget((name,)) for name in sorted(named))])
    if named or any(rule.target_ranges for rule in guard.rules):
        for host_class in state.classes:
            if guard.id in host_class.key.filters:
                targets[rule_target(host_class)] = None
    yield from targets


def _of(state: NetworkState, guard: Filter, target: RuleTarget) -> Iterator[AllowedTraffic]:
    """Yield the traffic that a filter allows. For a filter in a chain, also yield the traffic that it passes on."""
    yield state.reach.filters.allowed_traffic((guard.id,), Direction.INGRESS, target)
    if guard.in_chain:
        yield state.reach.filters.passed_on(guard.id, target)


def opened_by_endpoint(before: NetworkState, after: NetworkState, place: int, declared: PacketSet) -> Iterator[Opened]:
    """Yield the packets that the endpoint at index ``place`` allows in ``after`` and not in ``before``.

    The ``declared`` packets are left out, and on the private side the packets of the cluster's own hosts.
    """
    old, new = before.snapshot.topology.endpoints[place], after.snapshot.topology.endpoints[place]
    public = _more(before.public_side(old), after.public_side(new)) - declared
    if public:
        yield Opened(new.id, Peer("anyone", EVERYWHERE), public)
    if not new.private or (old.private and old.filters == new.filters):
        return
    own_addresses = AddressSet.union(host_class.possible_addresses for host_class in after.classes)
    hosts = PacketSet.product(own_addresses, new.service)
    was = PacketSet.union(path.allowed.upper for path in before.reach.endpoint_paths(old) if path.sender.inside)
    for path in after.reach.endpoint_paths(new):
        packets = path.allowed.upper - declared - hosts - was if path.sender.inside else PacketSet.nothing()
        if packets:
            yield Opened(new.id, Peer(path.sender.name, path.sender.addresses, path.sender.groups), packets)
