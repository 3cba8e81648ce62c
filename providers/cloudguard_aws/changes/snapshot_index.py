"""The facts of a snapshot by id, as calls need them."""

from __future__ import annotations

from functools import cached_property

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import Filter, Group, Rule
from cloudguard.model.identity import Identity, PolicyDocument
from cloudguard.model.network import Interface, Network
from cloudguard.model.snapshot import Snapshot


class SnapshotIndex:
    """An index of a snapshot's facts by id."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def filters(self) -> dict[str, Filter]:
        """Security groups and network ACLs by id."""
        return {guard.id: guard for guard in self.snapshot.topology.filters}

    @cached_property
    def rules(self) -> dict[tuple[str, str], Rule]:
        """Rules by (id of the filter, id of the rule)."""
        return {(guard.id, rule.id): rule for guard in self.snapshot.topology.filters for rule in guard.rules}

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Security groups that hosts are in or rules name, by id."""
        return {group.id: group for group in self.snapshot.topology.groups}

    @cached_property
    def networks(self) -> dict[str, Network]:
        """VPCs by id."""
        return {network.id: network for network in self.snapshot.topology.networks}

    @cached_property
    def interfaces(self) -> dict[str, Interface]:
        """Interfaces of hosts, external members and neighbours, by id."""
        topology = self.snapshot.topology
        others = (*topology.external_members, *(topology.neighbours or ()))
        of_hosts = (interface for host in self.snapshot.cluster.hosts for interface in host.interfaces)
        return {interface.id: interface for interface in (*others, *of_hosts)}

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """Hosts by id."""
        return {host.id: host for host in self.snapshot.cluster.hosts}

    @cached_property
    def pools(self) -> dict[str, tuple[Pool, ...]]:
        """Scaling groups by id, as one pool for each template that a group may use."""
        pools: dict[str, tuple[Pool, ...]] = {}
        for pool in self.snapshot.cluster.pools:
            pools[pool.id] = (*pools.get(pool.id, ()), pool)
        return pools

    @cached_property
    def identities(self) -> dict[str, Identity]:
        """Identities by ARN."""
        return {identity.id: identity for identity in self.snapshot.identities.identities}

    @cached_property
    def policies(self) -> dict[str, PolicyDocument]:
        """Policy documents by id."""
        return {policy.id: policy for policy in self.snapshot.identities.policies}
