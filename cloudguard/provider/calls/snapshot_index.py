"""The facts of a snapshot by id, as calls need them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Protocol, TypeVar

from cloudguard.model.cluster import Disk, DiskSnapshot, Host, Pool
from cloudguard.model.filters import AddressList, Filter, Group, Rule
from cloudguard.model.identity import Identity, PolicyDocument
from cloudguard.model.keys import Key
from cloudguard.model.network import Endpoint, Interface, Network
from cloudguard.model.snapshot import Snapshot


class _Fact(Protocol):
    @property
    def id(self) -> str: ...


FactT = TypeVar("FactT", bound=_Fact)


def _by_id(facts: Iterable[FactT]) -> dict[str, FactT]:
    return {fact.id: fact for fact in facts}


class SnapshotIndex:
    """An index of a snapshot's facts by id. Each table is made when it is first used."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def filters(self) -> dict[str, Filter]:
        """Filters by id."""
        return _by_id(self.snapshot.topology.filters)

    @cached_property
    def rules(self) -> dict[tuple[str, str], Rule]:
        """Rules by (id of the filter, id of the rule)."""
        return {(guard.id, rule.id): rule for guard in self.snapshot.topology.filters for rule in guard.rules}

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Groups that hosts are in or rules name, by id."""
        return _by_id(self.snapshot.topology.groups)

    @cached_property
    def address_lists(self) -> dict[str, AddressList]:
        """Address lists that rules name, by id."""
        return _by_id(self.snapshot.topology.address_lists)

    @cached_property
    def networks(self) -> dict[str, Network]:
        """Networks by id."""
        return _by_id(self.snapshot.topology.networks)

    @cached_property
    def endpoints(self) -> dict[str, Endpoint]:
        """Endpoints of a managed control plane, by id."""
        return _by_id(self.snapshot.topology.endpoints)

    @cached_property
    def interfaces(self) -> dict[str, Interface]:
        """Interfaces of hosts, external members and neighbours, by id."""
        topology = self.snapshot.topology
        of_hosts = (interface for host in self.snapshot.cluster.hosts for interface in host.interfaces)
        return _by_id((*topology.external_members, *(topology.neighbours or ()), *of_hosts))

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """Hosts by id."""
        return _by_id(self.snapshot.cluster.hosts)

    @cached_property
    def pools(self) -> dict[str, tuple[Pool, ...]]:
        """Pools by id. Some clouds have a pool of the same id for each template that it may use."""
        pools: dict[str, tuple[Pool, ...]] = {}
        for pool in self.snapshot.cluster.pools:
            pools[pool.id] = (*pools.get(pool.id, ()), pool)
        return pools

    @cached_property
    def disks(self) -> dict[str, Disk]:
        """Disks that may hold etcd, by id."""
        return _by_id(self.snapshot.cluster.disks)

    @cached_property
    def copies(self) -> dict[str, DiskSnapshot]:
        """Copies of disks and of former disks, by id."""
        cluster = self.snapshot.cluster
        return _by_id((*cluster.copies, *(copy for disk in cluster.disks for copy in disk.snapshots)))

    @cached_property
    def keys(self) -> dict[str, Key]:
        """Keys by id."""
        return _by_id(self.snapshot.cluster.keys)

    @cached_property
    def identities(self) -> dict[str, Identity]:
        """Identities by id."""
        return _by_id(self.snapshot.identities.identities)

    @cached_property
    def policies(self) -> dict[str, PolicyDocument]:
        """Policy documents by id."""
        return _by_id(self.snapshot.identities.policies)
