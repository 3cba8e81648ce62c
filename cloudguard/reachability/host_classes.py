"""Host classes: interfaces that nothing in the network tells apart. The engine evaluates classes, not hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cloudguard.model.cluster import Cluster, Host, Pool, Role
from cloudguard.model.load_balancers import Balancer, Listener
from cloudguard.model.network import Interface, Subnet, Topology
from cloudguard.packet_sets.addresses import ALL6, PUBLIC, AddressSet
from cloudguard.packet_sets.services import ServiceSet

_PUBLIC6 = ALL6 & PUBLIC
_FIRST6 = ALL6.first()


@dataclass(frozen=True, eq=False)
class Registration:
    """A target behind a listener, which reaches it on ``service``; one object for all targets that share the three."""

    balancer: Balancer
    listener: Listener
    service: ServiceSet

    @property
    def rank(self) -> tuple[object, ...]:
        """What registrations are sorted by."""
        return self.balancer.id, self.listener.id, self.service.intervals


Registrations = tuple[Registration, ...]
"""Sorted by rank."""


@dataclass(frozen=True, slots=True)
class ClassKey:
    """All that decides who reaches an interface.

    ``has_public_ipv4``: the internet knows it by a v4 address, now or from its host's start (None: unknown).
    ``has_public_ipv6``: it has a v6 address that is not private.
    """

    roles: tuple[Role, ...]
    subnet: str
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    has_public_ipv4: bool | None
    has_public_ipv6: bool
    registrations: Registrations

    @property
    def rank(self) -> tuple[object, ...]:
        """What classes are sorted by."""
        public = self.has_public_ipv4 is None, bool(self.has_public_ipv4), self.has_public_ipv6
        return self.roles, self.subnet, self.filters, self.groups, public, [one.rank for one in self.registrations]


@dataclass(frozen=True, eq=False)
class HostClass:
    """The interfaces that share a key, their hosts, and the pools whose next host will have such an interface."""

    key: ClassKey
    hosts: list[Host] = field(default_factory=list[Host])
    interfaces: list[Interface] = field(default_factory=list[Interface])
    pools: list[Pool] = field(default_factory=list[Pool])

    @cached_property
    def addresses(self) -> AddressSet:
        """The interfaces' addresses today, but for the public v4 ones that are mapped to them."""
        return AddressSet.union(address for interface in self.interfaces for address in interface.addresses)

    def has(self, role: Role) -> bool:
        """Whether its hosts have ``role``."""
        return role in self.key.roles


def classify(cluster: Cluster, topology: Topology) -> tuple[HostClass, ...]:
    """Group the cluster's interfaces, and those that its pools will make, by key; sorted by the keys' rank."""
    classes: dict[ClassKey, HostClass] = {}
    by_host, by_address = registrations(topology.balancers)
    for host in cluster.hosts:
        of_host = by_host.get(host.id, ())
        for interface in host.interfaces:
            key = _key(host, interface, of_host, by_address)
            found = classes.get(key)
            if found is None:
                found = classes[key] = HostClass(key)
            found.interfaces.append(interface)
            if not found.hosts or found.hosts[-1] is not host:
                found.hosts.append(host)
    _add_pools(classes, cluster, topology, by_host)
    return tuple(sorted(classes.values(), key=lambda one: one.key.rank))


def _key(
    host: Host, interface: Interface, of_host: Registrations, by_address: Mapping[AddressSet, Registrations]
) -> ClassKey:
    found = by_id = () if interface.secondary else of_host
    if by_address:
        of_interface = {one for address in interface.addresses for one in by_address.get(address, ())}
        found = _sorted(of_interface.union(by_id)) if of_interface else by_id
    return ClassKey(
        roles=host.roles,
        subnet=interface.subnet,
        filters=interface.filters,
        groups=interface.groups,
        has_public_ipv4=True if interface.public else interface.public_ip_on_start,
        has_public_ipv6=any(_is_public6(address) for address in interface.addresses),
        registrations=found,
    )


def _is_public6(address: AddressSet) -> bool:
    """Whether an address or range is public and of version 6; most are not, and that is fast to see."""
    return any(start >= _FIRST6 for start, _ in address.intervals) and bool(address & _PUBLIC6)


def _add_pools(
    classes: dict[ClassKey, HostClass], cluster: Cluster, topology: Topology, by_pool: Mapping[str, Registrations]
) -> None:
    """Add each pool to the classes of its next host: in any of its subnets, registered as a host of it is today.

    ``by_pool``: registrations by id, those of pools themselves among them.
    """
    subnets = {subnet.id: subnet for subnet in topology.subnets}
    keys_of_pools = _keys_of_pools(classes.values())
    for pool in cluster.pools:
        for key in _next_keys(pool, keys_of_pools.get(pool.id, {}), subnets, by_pool.get(pool.id, ())):
            classes.setdefault(key, HostClass(key)).pools.append(pool)


def _next_keys(
    pool: Pool, keys: Iterable[ClassKey], subnets: Mapping[str, Subnet], own: Registrations
) -> Iterator[ClassKey]:
    """Yield what the interfaces of a pool's next host may have in common; ``keys``: of the hosts that it has made.

    ``own``: the registrations of the pool itself.
    """
    six = {key.subnet for key in keys if key.has_public_ipv6}
    registered = dict.fromkeys(_sorted({*key.registrations, *own}) for key in keys) or {own: None}
    for name in pool.subnets or ("",):
        found = subnets.get(name)
        by_default = found.public_by_default if found else None
        ipv4 = by_default if pool.public is None else pool.public
        ipv6 = bool(found and found.ipv6_by_default) if pool.public_ipv6 is None else pool.public_ipv6
        for one in registered:
            yield ClassKey(pool.roles, name, pool.filters, pool.groups, ipv4, ipv6 or name in six, one)
    for further in pool.further:
        for name in further.subnets or pool.subnets or ("",):
            found = subnets.get(name)
            ipv6 = further.public_ipv6 or name in six or bool(found and found.ipv6_by_default)
            yield ClassKey(
                roles=pool.roles,
                subnet=name,
                filters=further.filters,
                groups=further.groups,
                has_public_ipv4=further.public,
                has_public_ipv6=ipv6,
                registrations=(),
            )


def _keys_of_pools(classes: Iterable[HostClass]) -> dict[str, dict[ClassKey, None]]:
    """Return the keys of the hosts that each pool has made, by the pool's id."""
    found: dict[str, dict[ClassKey, None]] = {}
    for one in classes:
        for name in {host.pool for host in one.hosts} - {""}:
            found.setdefault(name, {})[one.key] = None
    return found


def registrations(balancers: Iterable[Balancer]) -> tuple[dict[str, Registrations], dict[AddressSet, Registrations]]:
    """Return the registrations by host or pool id, and, of targets that name an address, by that address."""
    by_host: dict[str, set[Registration]] = {}
    by_address: dict[AddressSet, set[Registration]] = {}
    for balancer in balancers:
        for listener in balancer.listeners:
            of_listener: dict[ServiceSet, Registration] = {}
            for target in listener.targets:
                new = Registration(balancer, listener, target.service)
                registration = of_listener.setdefault(target.service, new)
                if target.address:
                    by_address.setdefault(target.address, set()).add(registration)
                elif target.host:
                    by_host.setdefault(target.host, set()).add(registration)
    return (
        {name: _sorted(found) for name, found in by_host.items()},
        {address: _sorted(found) for address, found in by_address.items()},
    )


def _sorted(found: Iterable[Registration]) -> Registrations:
    return tuple(sorted(found, key=lambda one: one.rank))
