"""The network at one point of a plan: the cluster's host classes, always the same ones, in the groups of that point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.bounds import Bounds
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path, Reachability

_Groups = tuple[tuple[str, ...], tuple[str, ...]]
"""The groups and the filters of an interface, or of what a pool makes."""


IMPOSSIBLE: Final = PacketSet.of([(ALL4, ServiceSet.parse("icmpv6")), (ALL6, ServiceSet.parse("icmp"))])
"""Packets of one version of IP that only the other one has."""
PathKey = tuple[str, str, tuple[object, ...]]
"""What makes it the same path at every point of a plan: the kind and name of its sender, and its registration."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Someone who may send: ``addresses`` and ``groups``, ``name`` in words."""

    name: str
    addresses: AddressSet
    groups: tuple[str, ...] = ()


class NetworkState:
    """What a snapshot's network lets through, asked about the host classes of the plan's beginning.

    ``first`` is that beginning (None: this is it): groups come and go, and classes keep their places.
    """

    def __init__(self, snapshot: Snapshot, first: NetworkState | None = None) -> None:
        self.snapshot = snapshot
        self.reach = Reachability(snapshot)
        self.classes = self.reach.classes if first is None else tuple(_moved(first, snapshot))
        self._paths: dict[int, dict[PathKey, Bounds]] = {}

    def paths_to(self, number: int) -> Mapping[PathKey, Bounds]:
        """Return what the paths from outside the cluster to the class at ``number`` let through."""
        found = self._paths.get(number)
        if found is None:
            found = self._paths[number] = {}
            for path in self.reach.paths_to(self.classes[number]):
                key = path_key(path)
                found[key] = found[key] | path.allowed if key in found else path.allowed
        return found

    @cached_property
    def peers(self) -> tuple[Peer, ...]:
        """Everyone who may send, by address alone or as a member of groups, the next hosts of the pools among them."""
        return (
            Peer("anyone", EVERYWHERE),
            *(Peer(self.reach.sender_of(one).name, one.possible_addresses, one.key.groups) for one in self.classes),
            *self._others(),
        )

    def _others(self) -> Iterator[Peer]:
        topology, senders = self.snapshot.topology, self.reach.senders
        for one in topology.external_members:
            yield Peer(one.owner or one.id, AddressSet.union(one.addresses), one.groups)
        for balancer in topology.balancers:
            yield Peer(f"{balancer.kind}/{balancer.name}", senders.of_balancer(balancer), balancer.groups)
        for endpoint in topology.endpoints:
            yield Peer("the managed control plane", senders.ranges(endpoint.subnets), endpoint.groups)
        for tunnel in topology.tunnels:
            yield Peer(tunnel.id, tunnel.ranges, tunnel.groups)
        read = {group.id for group in topology.groups if group.members_known}
        named = {rule.peer.group for one in topology.filters for rule in one.rules} - read - {""}
        for name in sorted(named):
            yield Peer(f"members of {name}, who were not read", EVERYWHERE, (name,))


def _moved(first: NetworkState, snapshot: Snapshot) -> Iterator[HostClass]:
    """Yield the classes of ``first``, each in the groups and behind the filters that ``snapshot`` has it in."""
    were, are = _memberships(first.snapshot), _memberships(snapshot)
    if were == are:
        yield from first.classes
        return
    for one in first.classes:
        name = one.interfaces[0].id if one.interfaces else one.pools[0].id
        if were.get(name) == are.get(name):
            yield one
            continue
        (old_groups, old_filters), (groups, filters) = were[name], are[name]
        key = replace(
            one.key,
            groups=_changed(one.key.groups, old_groups, groups),
            filters=_changed(one.key.filters, old_filters, filters),
        )
        yield replace(one, key=key)


def _changed(own: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``own`` groups with the same ones gone and come as from ``before`` to ``after``."""
    kept = tuple(name for name in own if name in after or name not in before)
    return (*kept, *(name for name in after if name not in before and name not in kept))


def _memberships(snapshot: Snapshot) -> Mapping[str, _Groups]:
    """Return the groups and filters of the cluster's interfaces and pools, by id."""
    found = {port.id: (port.groups, port.filters) for host in snapshot.cluster.hosts for port in host.interfaces}
    return found | {pool.id: (pool.groups, pool.filters) for pool in snapshot.cluster.pools}


def path_key(path: Path) -> PathKey:
    """Return what makes it the same path at every point of a plan."""
    return path.sender.kind, path.sender.name, path.registration.rank if path.registration else ()
