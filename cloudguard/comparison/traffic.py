"""The traffic that opened between two snapshots: packets that the later snapshot allows and the earlier did not.

A host is compared with itself in the earlier snapshot. A new host is compared with the next host of its pool in the
earlier snapshot, or else with all earlier hosts with its roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import NamedTuple

from cloudguard.comparison.gains import Gains
from cloudguard.model.cluster import Host, Pool, Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.bounds import NOTHING, Bounds, unknown
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import service_name
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.results.comparison import Packets, TrafficChange
from cloudguard.results.wording import few
from cloudguard.values import dataclass

_HIDES_HOSTS = frozenset({FactKind.HOSTS, FactKind.POOLS})
_ANYTHING = unknown(PacketSet.everything())
_Roles = tuple[Role, ...]


class _Sender(NamedTuple):
    """A sender, identified by its name. ``by_address``: the sender's addresses identify it too.

    Addresses do not identify the cluster's own hosts, whose addresses change, or senders in separate networks.
    """

    name: str
    by_address: bool = True


_Allowed = Mapping[_Sender, Bounds]
"""Sender → the traffic allowed from it."""


@dataclass(frozen=True, eq=False)
class _Target:
    """Hosts that have equal traffic, before and after, or an endpoint."""

    name: str
    roles: _Roles
    before: _Allowed
    after: _Allowed
    hosts: list[str] = field(default_factory=list[str])


def gains(before: Snapshot, after: Snapshot) -> Gains[TrafficChange]:
    """Return the traffic that opened from ``before`` to ``after``. With swapped arguments, the traffic that closed."""
    changes, perhaps = list[TrafficChange](), list[str]()
    for target in _targets(_AllowedTraffic(before), _AllowedTraffic(after)):
        known = _union(allowed for sender, allowed in target.before.items() if sender.by_address)
        for sender, allowed in target.after.items():
            earlier = known if sender.by_address else target.before.get(sender, NOTHING)
            certain = allowed.lower - earlier.upper
            if certain:
                changes.append(_change(sender, target, certain))
            undecided = (allowed.upper - earlier.lower) - certain - (allowed.undecided & earlier.undecided)
            if undecided:
                perhaps.append(f"{sender.name} → {undecided.services()} on {_target_text(target)}")
    return Gains(tuple(_united(changes)), tuple(dict.fromkeys(perhaps)))


class _AllowedTraffic:
    """The traffic that can reach the hosts and endpoints of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.reach = Reachability(snapshot)
        self.cluster = snapshot.cluster
        self.endpoints = {endpoint.id: endpoint for endpoint in snapshot.topology.endpoints}
        self.knows_hosts = not snapshot.gaps_hiding(_HIDES_HOSTS)
        self.classes: dict[str, tuple[HostClass, ...]] = {}
        for host_class in self.reach.classes:
            for member in host_class.members:
                self.classes[member.id] = (*self.classes.get(member.id, ()), host_class)
        self._known: dict[tuple[HostClass, ...], _Allowed] = {}

    def of(self, member: Host | Pool) -> _Allowed | None:
        """Return the traffic allowed to a host, or to a pool's next host. None if it is not known.

        For a host that this snapshot lacks, return the traffic to its pool's next host, or else to hosts with its
        roles.
        """
        pool = member.pool if isinstance(member, Host) else ""
        hosts = self.classes.get(member.id) or self.classes.get(pool)
        if hosts is None:
            hosts = tuple(host_class for host_class in self.reach.classes if host_class.key.roles == member.roles)
            if not hosts and not self.knows_hosts:
                return None
        return self.traffic(hosts)

    def traffic(self, classes: tuple[HostClass, ...]) -> _Allowed:
        """Return the traffic allowed to any of ``classes``."""
        known = self._known.get(classes)
        if known is None:
            paths = [path for host_class in classes for path in self.reach.paths_to(host_class)]
            known = self._known[classes] = {**_by_sender(paths), **self._inside(classes)}
        return known

    def of_endpoint(self, name: str) -> _Allowed:
        """Return the traffic allowed to the endpoint ``name`` (an id); empty if there is no such endpoint."""
        endpoint = self.endpoints.get(name)
        return _by_sender(self.reach.endpoint_paths(endpoint)) if endpoint else {}

    def _inside(self, classes: tuple[HostClass, ...]) -> _Allowed:
        """Return the services that the cluster's hosts can reach on ``classes``, by the sender's roles.

        The traffic is from any address, because the addresses of hosts change.
        """
        by_sender: dict[_Sender, Bounds] = {}
        for source in self.reach.classes:
            sender = _Sender(f"{_roles_text(source.key.roles)} hosts", by_address=False)
            for host_class in classes:
                by_sender[sender] = by_sender.get(sender, NOTHING) | _from_anywhere(
                    self.reach.between(source, host_class).allowed
                )
        return by_sender


def _union(allowed: Iterable[Bounds]) -> Bounds:
    traffic = NOTHING
    for bounds in allowed:
        traffic |= bounds
    return traffic


def _from_anywhere(allowed: Bounds) -> Bounds:
    """Return the same services from any address, for senders that are not identified by their addresses."""
    every = PacketSet.everything()
    return Bounds(every.only(allowed.lower.services()), every.only(allowed.upper.services()))


def _by_sender(paths: Iterable[Path]) -> _Allowed:
    by_sender: dict[_Sender, Bounds] = {}
    for path in paths:
        if path.allowed:
            sender = _Sender(path.sender.name, path.sender.identified)
            allowed = path.allowed if sender.by_address else _from_anywhere(path.allowed)
            by_sender[sender] = by_sender.get(sender, NOTHING) | allowed
    return by_sender


def _targets(before: _AllowedTraffic, after: _AllowedTraffic) -> Iterator[_Target]:
    """Yield the targets of the later snapshot. Hosts with equal traffic in both snapshots form one target."""
    targets: dict[tuple[int, int, _Roles], _Target] = {}
    for member in after.cluster.hosts_and_pools:
        now = after.traffic(after.classes.get(member.id, ()))
        then = before.of(member)
        then = dict.fromkeys(now, _ANYTHING) if then is None else then
        text = _roles_text(member.roles)
        key = (id(then), id(now), member.roles)
        target = targets.setdefault(key, _Target(text, member.roles, then, now))
        target.hosts.append(member.id if isinstance(member, Host) else f"the next host of {member.name or member.id}")
    yield from targets.values()
    for name in after.endpoints:
        yield _Target(f"endpoint {name}", (), before.of_endpoint(name), after.of_endpoint(name))


def _roles_text(roles: _Roles) -> str:
    return "/".join(roles) or "unknown"


def _target_text(target: _Target) -> str:
    return f"{target.name} {few(target.hosts)}".rstrip()


def _change(sender: _Sender, target: _Target, packets: PacketSet) -> TrafficChange:
    packet = packets.witness()
    on = target.hosts[0] if target.hosts else target.name
    if sender.by_address:
        items = tuple(Packets(",".join(addresses.cidrs()), str(services)) for addresses, services in packets.items())
        example = packet.address if packet else ""
    else:
        items, example = (Packets("", str(packets.services())),), sender.name
    service = service_name(packet.service) if packet else ""
    return TrafficChange(sender.name, _target_text(target), items, f"{example} → {service} on {on}")


def _united(changes: Iterable[TrafficChange]) -> Iterable[TrafficChange]:
    """Return one change for each target, sender and set of packets."""
    return {(change.target, change.sender, change.packets): change for change in changes}.values()
