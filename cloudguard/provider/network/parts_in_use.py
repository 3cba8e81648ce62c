"""The parts of a network that the cluster uses: interfaces, subnets, groups and public addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import Filter
from cloudguard.model.network import Endpoint, Interface
from cloudguard.packet_sets.addresses import AddressSet


def interfaces_of(hosts: Iterable[Host]) -> Iterator[Interface]:
    """Yield the interfaces of ``hosts``."""
    return (interface for host in hosts for interface in host.interfaces)


def used_subnets(hosts: Iterable[Host], pools: Iterable[Pool], endpoints: Iterable[Endpoint] = ()) -> frozenset[str]:
    """Return the ids of the subnets of hosts, of pools' next hosts, and of endpoints."""
    of_hosts = (interface.subnet for interface in interfaces_of(hosts))
    return frozenset(of_hosts).union(*map(subnets_of, pools), *(endpoint.subnets for endpoint in endpoints)) - {""}


def subnets_of(pool: Pool) -> frozenset[str]:
    """Return the ids of the subnets that the interfaces of a pool's next host will be in."""
    return frozenset((*pool.subnets, *(name for interface in pool.further for name in interface.subnets)))


def used_groups(filters: Iterable[Filter], hosts: Iterable[Host], pools: Iterable[Pool]) -> frozenset[str]:
    """Return the groups that rules name as peers, and the groups of hosts and of pools' next hosts."""
    carried = (group for interface in interfaces_of(hosts) for group in interface.groups)
    of_pools = (groups for pool in pools for groups in (pool.groups, *(each.groups for each in pool.further)))
    return peer_groups(filters).union(carried, *of_pools)


def peer_groups(filters: Iterable[Filter]) -> frozenset[str]:
    """Return the groups that rules name as peers."""
    return frozenset(rule.peer.group for guard in filters for rule in guard.rules) - {""}


def public_addresses(hosts: Iterable[Host]) -> AddressSet:
    """Return the public IPv4 addresses of ``hosts``."""
    return AddressSet.union(addresses for interface in interfaces_of(hosts) for addresses in interface.public)
