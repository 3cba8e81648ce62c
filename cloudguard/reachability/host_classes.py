"""Hosts that nothing in the network tells apart are one class; the engine evaluates classes, not hosts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from cloudguard.model.cluster import Cluster, Host, Pool, Role
from cloudguard.model.load_balancers import BackendTarget, Balancer, Listener
from cloudguard.model.network import Interface, Subnet, Topology
from cloudguard.packet_sets.addresses import ALL6, PUBLIC, AddressSet
from cloudguard.packet_sets.services import ServiceSet

_GLOBAL6 = ALL6 & PUBLIC
Registration = tuple[str, str, ServiceSet]
"""Ids of a balancer and its listener, and the service that the target is reached on."""


@dataclass(frozen=True, slots=True)
class ClassKey:
    """All that decides who reaches an interface.

    ``public4``: a v4 address of the internet is mapped to it; ``public6``: it has a v6 address that is no private one.
    """

    roles: tuple[Role, ...]
    subnet: str
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    has_public_ipv4: bool
    has_public_ipv6: bool
    registrations: tuple[Registration, ...]


@dataclass(frozen=True, eq=False)
class HostClass:
    """Interfaces of one signature: whose they are, and the pools whose next host will be one of them."""

    key: ClassKey
    hosts: list[Host] = field(default_factory=list[Host])
    interfaces: list[Interface] = field(default_factory=list[Interface])
    pools: list[Pool] = field(default_factory=list[Pool])

    @cached_property
    def addresses(self) -> AddressSet:
        """Addresses inside the network that the class's interfaces have today."""
        return AddressSet.union(address for interface in self.interfaces for address in interface.addresses)

    def has(self, role: Role) -> bool:
        """Whether its hosts have ``role``."""
        return role in self.key.roles


def classify(cluster: Cluster, topology: Topology) -> tuple[HostClass, ...]:
    """Group the cluster's interfaces, and what its pools will make, by signature; in a stable order."""
    classes: dict[ClassKey, HostClass] = {}
    by_host, by_address = registrations(topology.balancers)
    for host in cluster.hosts:
        own = by_host.get(host.id, ())
        for interface in host.interfaces:
            signature = _signature(host, interface, own, by_address)
            found = classes.get(signature)
            if found is None:
                found = classes[signature] = HostClass(signature)
            found.interfaces.append(interface)
            if not found.hosts or found.hosts[-1] is not host:
                found.hosts.append(host)
    _add_pools(classes, cluster, topology)
    return tuple(sorted(classes.values(), key=lambda one: _order(one.key)))


def _order(signature: ClassKey) -> tuple[object, ...]:
    return (
        signature.roles,
        signature.subnet,
        signature.filters,
        signature.groups,
        signature.has_public_ipv4,
        signature.has_public_ipv6,
        [_rank(one) for one in signature.registrations],
    )


def _rank(registration: Registration) -> tuple[object, ...]:
    balancer, listener, services = registration
    return balancer, listener, services.intervals


def _signature(
    host: Host,
    interface: Interface,
    own: tuple[Registration, ...],
    by_address: dict[AddressSet, tuple[Registration, ...]],
) -> ClassKey:
    reached = own
    if by_address:
        found = {member for address in interface.addresses for member in by_address.get(address, ())}
        reached = tuple(sorted(found.union(own), key=_rank)) if found else own
    return ClassKey(
        roles=host.roles,
        subnet=interface.subnet,
        filters=interface.filters,
        groups=interface.groups,
        has_public_ipv4=bool(interface.public) or interface.public_ip_on_start,
        has_public_ipv6=any(address & _GLOBAL6 for address in interface.addresses),
        registrations=reached,
    )


def _add_pools(classes: dict[ClassKey, HostClass], cluster: Cluster, topology: Topology) -> None:
    segments: dict[str, Subnet] = {segment.id: segment for segment in topology.subnets}
    made = _made(classes.values())
    for pool in cluster.pools:
        alike = made.get(pool.id, {})
        for name in pool.subnets or ("",):
            segment = segments.get(name)
            default = segment.public_by_default if segment else False
            public = default if pool.public is None else pool.public
            public6 = any(one.has_public_ipv6 for one in alike if one.subnet == name)
            for reached in sorted({one.registrations for one in alike}, key=lambda one: [*map(_rank, one)]) or [()]:
                signature = ClassKey(pool.roles, name, pool.filters, pool.groups, public, public6, reached)
                classes.setdefault(signature, HostClass(signature)).pools.append(pool)


def _made(classes: Iterable[HostClass]) -> dict[str, dict[ClassKey, None]]:
    """Return the signatures of the hosts that each pool has made, by the pool's id."""
    found: dict[str, dict[ClassKey, None]] = {}
    for one in classes:
        for name in {host.pool for host in one.hosts} - {""}:
            found.setdefault(name, {})[one.key] = None
    return found


def registrations(
    balancers: tuple[Balancer, ...],
) -> tuple[dict[str, tuple[Registration, ...]], dict[AddressSet, tuple[Registration, ...]]]:
    """Return what is behind which listener: by host id, and by address where a target names only that."""
    by_host: dict[str, set[Registration]] = {}
    by_address: dict[AddressSet, set[Registration]] = {}
    for balancer, listener, target in _targets(balancers):
        member = (balancer.id, listener.id, target.service)
        if target.address:
            by_address.setdefault(target.address, set()).add(member)
        elif target.host:
            by_host.setdefault(target.host, set()).add(member)
    return (
        {name: tuple(sorted(found, key=_rank)) for name, found in by_host.items()},
        {name: tuple(sorted(found, key=_rank)) for name, found in by_address.items()},
    )


def _targets(balancers: tuple[Balancer, ...]) -> list[tuple[Balancer, Listener, BackendTarget]]:
    return [
        (balancer, listener, target)
        for balancer in balancers
        for listener in balancer.listeners
        for target in listener.targets
    ]
