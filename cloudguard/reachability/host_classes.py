"""Host classes: groups of interfaces that the network treats equally. The engine evaluates classes, not hosts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from functools import cached_property

from cloudguard.model.cluster import Cluster, Host, Pool, Role
from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import Balancer, Listener
from cloudguard.model.network import Interface, Subnet, Topology
from cloudguard.model.possible_roles import is_settled
from cloudguard.packet_sets.addresses import ALL4, ALL6, PUBLIC, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.values import dataclass

_PUBLIC6 = ALL6 & PUBLIC
_FIRST6 = ALL6.first()


@dataclass(frozen=True, eq=False)
class Registration:
    """A registration of targets behind a listener, which sends to them on ``service``.

    All targets with the same balancer, listener and service share one object.
    """

    balancer: Balancer
    listener: Listener
    service: ServiceSet

    @property
    def rank(self) -> tuple[object, ...]:
        """The sort key of registrations."""
        return self.balancer.id, self.listener.id, self.service.intervals


Registrations = tuple[Registration, ...]
"""Registrations, sorted by rank."""


@dataclass(frozen=True, slots=True)
class ClassKey:
    """The properties that decide who reaches an interface.

    ``has_public_ipv4``: it has a public IPv4 address, now or after its host's start (None: unknown).
    ``has_public_ipv6``: it has an IPv6 address that is not private. ``target_range_numbers``: the numbers of the target
    ranges of its filters' rules that contain one of its addresses.
    """

    roles: tuple[Role, ...]
    subnet: str
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    has_public_ipv4: bool | None
    has_public_ipv6: bool
    registrations: Registrations
    target_range_numbers: tuple[int, ...] = ()

    @property
    def rank(self) -> tuple[object, ...]:
        """The sort key of classes."""
        public = self.has_public_ipv4 is None, bool(self.has_public_ipv4), self.has_public_ipv6
        registrations = [registration.rank for registration in self.registrations]
        return self.roles, self.subnet, self.filters, self.groups, public, registrations, self.target_range_numbers


@dataclass(frozen=True, eq=False)
class HostClass:
    """The interfaces with the same key, their hosts, and the pools whose next host will have an interface with it.

    ``subnet_ranges``: the known addresses of their subnet. ``used_addresses``: the addresses that are in use today.
    """

    key: ClassKey
    subnet_ranges: AddressSet
    hosts: list[Host] = field(default_factory=list[Host])
    interfaces: list[Interface] = field(default_factory=list[Interface])
    pools: list[Pool] = field(default_factory=list[Pool])
    used_addresses: AddressSet = field(default_factory=AddressSet.nothing)

    @cached_property
    def addresses(self) -> AddressSet:
        """The interfaces' addresses today, without the public IPv4 addresses that are mapped to them."""
        return AddressSet.union(address for interface in self.interfaces for address in interface.addresses)

    @cached_property
    def possible_addresses(self) -> AddressSet:
        """Today's addresses, and the free addresses of the subnet in the IP versions of its hosts.

        The next host may have any of the free addresses.
        """
        return self.addresses | (self.subnet_addresses - self.used_addresses)

    @cached_property
    def subnet_addresses(self) -> AddressSet:
        """All addresses of the subnet in the IP versions of its hosts."""
        six = self.key.has_public_ipv6 or bool(self.addresses & ALL6) or not self.subnet_ranges & ALL4
        four = bool(self.addresses & ALL4) or not self.addresses
        nothing = AddressSet.nothing()
        return (self.subnet_ranges & ALL4 if four else nothing) | (self.subnet_ranges & ALL6 if six else nothing)

    @property
    def members(self) -> tuple[Host | Pool, ...]:
        """The hosts, and the pools, which stand for their next hosts."""
        return (*self.hosts, *self.pools)

    @property
    def only_bastions(self) -> bool:
        """Whether the hosts have no other role than that of a bastion."""
        return {*self.key.roles} == {Role.BASTION}

    @property
    def known_bastions(self) -> bool:
        """Whether strong evidence, not only a name, shows that the hosts have no other role than that of a bastion."""
        return self.only_bastions and all(map(is_settled, self.members))

    def has(self, role: Role) -> bool:
        """Whether the class's hosts have ``role``."""
        return role in self.key.roles


def classify(cluster: Cluster, topology: Topology) -> tuple[HostClass, ...]:
    """Return the host classes of the cluster's interfaces and of its pools' next hosts, sorted by the keys' rank.

    A pool's next host may be in any subnet of the pool. It is registered like a host of the pool today, or like the
    pool itself.
    """
    subnets, target_ranges = {subnet.id: subnet for subnet in topology.subnets}, _TargetRanges(topology.filters)
    classes = _Classes(subnets)
    by_host, by_address = registrations(topology.balancers)
    for host in cluster.hosts:
        of_host = by_host.get(host.id, ())
        for interface in host.interfaces:
            key = _key(host, interface, of_host, by_address)
            key = replace(key, target_range_numbers=target_ranges.with_any_of(interface.filters, interface.addresses))
            known = classes[key]
            known.interfaces.append(interface)
            if not known.hosts or known.hosts[-1] is not host:
                known.hosts.append(host)
    keys_of_pools = _keys_of_pools(classes.values())
    for pool in cluster.pools:
        for next_key in _next_keys(pool, keys_of_pools[pool.id], subnets, by_host.get(pool.id, ())):
            numbers = target_ranges.with_a_version_of(next_key.filters, _subnet_ranges(subnets, next_key))
            classes[replace(next_key, target_range_numbers=numbers)].pools.append(pool)
    external = (address for member in topology.external_members for address in member.addresses)
    inside = AddressSet.union((*(host_class.addresses for host_class in classes.values()), *external))
    return tuple(
        replace(host_class, used_addresses=inside)
        for host_class in sorted(classes.values(), key=lambda host_class: host_class.key.rank)
    )


class _Classes(dict[ClassKey, HostClass]):
    """The host classes by key. Each is made on first use."""

    def __init__(self, subnets: Mapping[str, Subnet]) -> None:
        super().__init__()
        self._subnets = subnets

    def __missing__(self, key: ClassKey) -> HostClass:
        self[key] = HostClass(key, _subnet_ranges(self._subnets, key))
        return self[key]


def _key(
    host: Host, interface: Interface, of_host: Registrations, by_address: Mapping[AddressSet, Registrations]
) -> ClassKey:
    registered = by_id = () if interface.secondary else of_host
    if by_address:
        of_interface = {registration for address in interface.addresses for registration in by_address.get(address, ())}
        registered = _sorted(of_interface.union(by_id)) if of_interface else by_id
    return ClassKey(
        roles=host.roles,
        subnet=interface.subnet,
        filters=interface.filters,
        groups=interface.groups,
        has_public_ipv4=True if interface.public else interface.public_ip_on_start,
        has_public_ipv6=any(_is_public6(address) for address in interface.addresses),
        registrations=registered,
    )


def _is_public6(address: AddressSet) -> bool:
    """Whether an address or range is public IPv6. The first test is fast, and false for most addresses."""
    return any(start >= _FIRST6 for start, _ in address.intervals) and bool(address & _PUBLIC6)


def _subnet_ranges(subnets: Mapping[str, Subnet], key: ClassKey) -> AddressSet:
    return subnets[key.subnet].ranges if key.subnet in subnets else AddressSet.nothing()


class _TargetRanges:
    """The target ranges of rules, numbered."""

    def __init__(self, filters: Iterable[Filter]) -> None:
        numbers: dict[AddressSet, int] = {}
        self._of_filter: dict[str, dict[int, AddressSet]] = {}
        for guard in filters:
            for ranges in (rule.target_ranges for rule in guard.rules if rule.target_ranges):
                number = numbers.setdefault(ranges, len(numbers))
                self._of_filter.setdefault(guard.id, {})[number] = ranges

    def with_any_of(self, filters: tuple[str, ...], addresses: Iterable[AddressSet]) -> tuple[int, ...]:
        """Return the numbers of the target ranges of ``filters`` (ids) that contain any of ``addresses``."""
        return self._numbers(filters, lambda ranges: any(address & ranges for address in addresses))

    def with_a_version_of(self, filters: tuple[str, ...], subnet_ranges: AddressSet) -> tuple[int, ...]:
        """Return the numbers of the target ranges of ``filters`` that contain a subnet's ranges of one IP version."""
        versions = [version for version in (subnet_ranges & ALL4, subnet_ranges & ALL6) if version]
        return self._numbers(filters, lambda ranges: any(version <= ranges for version in versions))

    def _numbers(self, filters: tuple[str, ...], holds: Callable[[AddressSet], bool]) -> tuple[int, ...]:
        known = [self._of_filter[name] for name in filters if name in self._of_filter]
        return tuple(sorted({number for numbered in known for number, ranges in numbered.items() if holds(ranges)}))


def _next_keys(
    pool: Pool, keys: Iterable[ClassKey], subnets: Mapping[str, Subnet], own_registrations: Registrations
) -> Iterator[ClassKey]:
    """Yield the possible keys of the interfaces of a pool's next host.

    ``keys`` are the keys of the pool's hosts today, ``own_registrations`` are the registrations of the pool itself.
    """
    six = {key.subnet for key in keys if key.has_public_ipv6}
    registered = dict.fromkeys(_sorted({*key.registrations, *own_registrations}) for key in keys) or {
        own_registrations: None
    }
    yield from _keys_by_subnet(pool, registered, six, subnets)
    for further in pool.further:
        interface = replace(pool, filters=further.filters, groups=further.groups, public=further.public)
        in_subnets = further.subnets or pool.subnets
        interface = replace(interface, subnets=in_subnets, public_ipv6=further.public_ipv6 or None)
        yield from _keys_by_subnet(interface, [()], six, subnets)


def _keys_by_subnet(
    pool: Pool, registered: Iterable[Registrations], six: Collection[str], subnets: Mapping[str, Subnet]
) -> Iterator[ClassKey]:
    """Yield the keys of the primary interface of a pool's next host, by subnet and by the possible registrations.

    ``six`` are the subnets in which hosts of the pool have public IPv6 addresses today.
    """
    for name in pool.subnets or ("",):
        subnet = subnets.get(name)
        by_default = subnet.public_by_default if subnet else None
        ipv4 = by_default if pool.public is None else pool.public
        ipv6 = bool(subnet and subnet.ipv6_by_default) if pool.public_ipv6 is None else pool.public_ipv6
        for registrations in registered:
            yield ClassKey(pool.roles, name, pool.filters, pool.groups, ipv4, ipv6 or name in six, registrations)


def _keys_of_pools(classes: Iterable[HostClass]) -> dict[str, dict[ClassKey, None]]:
    """Return the keys of each pool's hosts today, by the pool's id."""
    class_keys = defaultdict[str, dict[ClassKey, None]](dict)
    for host_class in classes:
        for name in {host.pool for host in host_class.hosts} - {""}:
            class_keys[name][host_class.key] = None
    return class_keys


def registrations(balancers: Iterable[Balancer]) -> tuple[dict[str, Registrations], dict[AddressSet, Registrations]]:
    """Return the registrations by host or pool id, and the registrations of targets with an address by address."""
    by_host = defaultdict[str, set[Registration]](set)
    by_address = defaultdict[AddressSet, set[Registration]](set)
    for balancer in balancers:
        for listener in balancer.listeners:
            of_listener: dict[ServiceSet, Registration] = {}
            for target in listener.targets:
                new = Registration(balancer, listener, target.service)
                registration = of_listener.setdefault(target.service, new)
                if target.address:
                    by_address[target.address].add(registration)
                elif target.host:
                    by_host[target.host].add(registration)
    return (
        {name: _sorted(registered) for name, registered in by_host.items()},
        {address: _sorted(registered) for address, registered in by_address.items()},
    )


def _sorted(registered: Iterable[Registration]) -> Registrations:
    return tuple(sorted(registered, key=lambda registration: registration.rank))


def hosts_text(roles: tuple[Role, ...], count: int) -> str:
    """Return a number of hosts with their roles in words: "3 node hosts", or without any "the next node host"."""
    named = "/".join(roles) or "unknown"
    return f"{count} {named} host{'s' if count != 1 else ''}" if count else f"the next {named} host"
