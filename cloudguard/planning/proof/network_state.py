"""The network at one point of a plan: the host classes stay the same, their groups are the groups at that point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final

from cloudguard.model.network import Endpoint
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.bounds import NOTHING, Bounds
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.values import dataclass

_Groups = tuple[tuple[str, ...], tuple[str, ...]]
"""The groups and the filters of an interface, or of the interfaces that a pool creates."""


IMPOSSIBLE: Final = PacketSet.of([(ALL4, ServiceSet.parse("icmpv6")), (ALL6, ServiceSet.parse("icmp"))])
"""Packets that cannot exist: ICMPv6 over IPv4, and ICMP over IPv6."""
PathKey = tuple[str, str, tuple[object, ...]]
"""The key that identifies a path at every point of a plan: the sender's kind and name, and the registration."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A possible sender, with its addresses and groups. ``name``: the sender in words."""

    name: str
    addresses: AddressSet
    groups: tuple[str, ...] = ()


class NetworkState:
    """The traffic that a snapshot's network allows, for the host classes of the plan's beginning.

    ``first``: the state at the plan's beginning; None if this is the beginning. A class keeps its number at every
    point, also if its groups change.
    """

    def __init__(self, snapshot: Snapshot, first: NetworkState | None = None) -> None:
        self.snapshot = snapshot
        self.reach = Reachability(snapshot)
        self.classes = self.reach.classes if first is None else tuple(_updated_classes(first, snapshot))
        self._paths: dict[int, dict[PathKey, Bounds]] = {}

    def paths_to(self, number: int) -> Mapping[PathKey, Bounds]:
        """Return the traffic allowed from outside the cluster to the host class ``number``, for each path."""
        bounds = self._paths.get(number)
        if bounds is None:
            bounds = self._paths[number] = {}
            for path in self.reach.paths_to(self.classes[number]):
                key = path_key(path)
                bounds[key] = bounds[key] | path.allowed if key in bounds else path.allowed
        return bounds

    def public_side(self, endpoint: Endpoint) -> Bounds:
        """Return the traffic that an endpoint's public side lets in; nothing if that side is off."""
        if not endpoint.public:
            return NOTHING
        return self.reach.senders.listed(endpoint.public_ranges, endpoint.public_lists).only(endpoint.service)

    @cached_property
    def peers(self) -> tuple[Peer, ...]:
        """All possible senders, with their addresses and groups, including the next hosts of the pools."""
        return (
            Peer("anyone", EVERYWHERE),
            *(
                Peer(self.reach.sender_of(host_class).name, host_class.possible_addresses, host_class.key.groups)
                for host_class in self.classes
            ),
            *self._other_peers(),
        )

    def _other_peers(self) -> Iterator[Peer]:
        topology, senders = self.snapshot.topology, self.reach.senders
        for member in topology.external_members:
            yield Peer(member.owner or member.id, AddressSet.union(member.addresses), member.groups)
        for balancer in topology.balancers:
            yield Peer(f"{balancer.kind}/{balancer.name}", senders.of_balancer(balancer), balancer.groups)
        for endpoint in topology.endpoints:
            yield Peer("the managed control plane", senders.ranges(endpoint.subnets), endpoint.groups)
        for tunnel in topology.tunnels:
            yield Peer(tunnel.id, tunnel.ranges, tunnel.groups)
        read = {group.id for group in topology.groups if group.members_known}
        named = {rule.peer.group for guard in topology.filters for rule in guard.rules} - read - {""}
        for name in sorted(named):
            yield Peer(f"members of {name}, which were not read", EVERYWHERE, (name,))


def _updated_classes(first: NetworkState, snapshot: Snapshot) -> Iterator[HostClass]:
    """Yield the host classes of ``first``, each with its groups and filters in ``snapshot``."""
    were, are = _memberships(first.snapshot), _memberships(snapshot)
    if were == are:
        yield from first.classes
        return
    for host_class in first.classes:
        name = host_class.interfaces[0].id if host_class.interfaces else host_class.pools[0].id
        if were.get(name) == are.get(name):
            yield host_class
            continue
        (old_groups, old_filters), (groups, filters) = were[name], are[name]
        key = replace(
            host_class.key,
            groups=_changed(host_class.key.groups, old_groups, groups),
            filters=_changed(host_class.key.filters, old_filters, filters),
        )
        yield replace(host_class, key=key)


def _changed(filters: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``filters`` without the names that ``after`` lost, and with the names that it gained over ``before``."""
    kept = tuple(name for name in filters if name in after or name not in before)
    return (*kept, *(name for name in after if name not in before and name not in kept))


def _memberships(snapshot: Snapshot) -> Mapping[str, _Groups]:
    """Return the groups and filters of the cluster's interfaces and pools, by their ids."""
    by_port = {port.id: (port.groups, port.filters) for host in snapshot.cluster.hosts for port in host.interfaces}
    return by_port | {pool.id: (pool.groups, pool.filters) for pool in snapshot.cluster.pools}


def path_key(path: Path) -> PathKey:
    """Return the key that identifies ``path`` at every point of a plan."""
    return path.sender.kind, path.sender.name, path.registration.rank if path.registration else ()
