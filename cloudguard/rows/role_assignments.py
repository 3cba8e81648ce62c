"""Assignments of roles to hosts whose roles are shown by weak evidence only.

A row passes only if it passes for every role that a host may have. It fails if it fails for the roles that the evidence
shows. It is unknown if it fails only for other possible roles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cloudguard.model.cluster import Cluster, Role
from cloudguard.model.identity import Identity
from cloudguard.model.possible_roles import possible_roles
from cloudguard.model.snapshot import Snapshot
from cloudguard.reachability.host_classes import HostClass
from cloudguard.results.report import RowResult
from cloudguard.results.wording import and_more, few
from cloudguard.rows.context import NAME_HOSTS, NO_CONTROL_PLANE, NO_ETCD, NO_NODE
from cloudguard.values import dataclass

_SERVERS = (Role.CONTROL_PLANE, Role.ETCD)
_CAUSED_BY_ASSIGNMENT = frozenset({NO_CONTROL_PLANE, NO_ETCD, NO_NODE})
"""Lines that are unknown only because no host has a role in an assignment."""


@dataclass(frozen=True)
class Assignment:
    """A snapshot in which hosts have other possible roles. ``words`` say which.

    ``one_server``: one host is a server and the others are nodes. This matters for rows where servers trust one
    another.
    """

    words: str
    snapshot: Snapshot
    one_server: bool = False


def assignments(snapshot: Snapshot, classes: Iterable[HostClass]) -> Iterator[Assignment]:
    """Yield the extreme assignments: all hosts are nodes, all are servers, and one server from each host class.

    Every other assignment lies between them. Nothing is yielded if strong evidence shows every role.
    """
    cluster = snapshot.cluster
    possible = possible_roles(cluster.hosts, cluster.pools)
    if not possible:
        return
    nodes = dict.fromkeys(possible, (Role.NODE,))
    servers = {name: roles for name, known in possible.items() if (roles := _as_server(known))}
    yield Assignment(f"if {_names_text(cluster, possible)} are nodes", _assigned(snapshot, nodes))
    if servers:
        words = f"if {_names_text(cluster, servers)} are control plane"
        yield Assignment(words, _assigned(snapshot, {**nodes, **servers}))
    for name in _one_of_each(classes, servers):
        words = f"if {_names_text(cluster, [name])} is control plane and the others are nodes"
        yield Assignment(words, _assigned(snapshot, {**nodes, name: servers[name]}), one_server=True)


def undecided(base: RowResult, assignment: Assignment, answer: RowResult) -> tuple[str, ...]:
    """Return why ``base`` is not certain, in at most one line.

    ``answer`` is the row's result for ``assignment``.
    """
    failing = [finding.message for finding in answer.findings if finding.counts]
    unknown = [line for line in answer.unknown if line not in {*base.unknown, *_CAUSED_BY_ASSIGNMENT}]
    lines = failing or unknown
    if not lines:
        return ()
    found = and_more(lines[0], len(lines) - 1)
    return (f"{assignment.words}: {found}; only weak evidence shows their roles: {NAME_HOSTS}",)


def _as_server(possible: Iterable[Role]) -> tuple[Role, ...]:
    return tuple(role for role in _SERVERS if role in possible)


def _one_of_each(classes: Iterable[HostClass], servers: Mapping[str, object]) -> Iterator[str]:
    """Yield one of ``servers`` (ids of hosts and pools) for each host class. Classes are compared without roles."""
    seen = set[object]()
    for host_class in classes:
        name = next((member.id for member in host_class.members if member.id in servers), "")
        key = replace(host_class.key, roles=())
        if name and key not in seen:
            seen.add(key)
            yield name


def _names_text(cluster: Cluster, ids: Iterable[str]) -> str:
    names = {member.id: member.name for member in cluster.hosts_and_pools}
    return few([f"{name} ({names[name]})" if names[name] not in {"", name} else name for name in sorted(ids)])


def _assigned(snapshot: Snapshot, roles: Mapping[str, tuple[Role, ...]]) -> Snapshot:
    """Return the snapshot with ``roles`` (by id of a host or pool) in place of the roles in it."""
    hosts = tuple(replace(host, roles=roles.get(host.id, host.roles)) for host in snapshot.cluster.hosts)
    pools = tuple(replace(pool, roles=roles.get(pool.id, pool.roles)) for pool in snapshot.cluster.pools)
    cluster, holders = replace(snapshot.cluster, hosts=hosts, pools=pools), defaultdict[str, set[str]](set)
    for member in cluster.hosts_and_pools:
        for name in member.identities:
            holders[name].update(map(str, member.roles))
    identities = tuple(_holding(identity, holders) for identity in snapshot.identities.identities)
    return replace(snapshot, cluster=cluster, identities=replace(snapshot.identities, identities=identities))


def _holding(identity: Identity, holders: Mapping[str, set[str]]) -> Identity:
    """Return an identity with the roles of the hosts that hold it. Its other holders (``pods``) are kept."""
    if identity.id not in holders:
        return identity
    others = set(identity.roles) - set(map(str, Role))
    return replace(identity, roles=tuple(sorted(holders[identity.id] | others)))
