"""What a row would answer if hosts had other roles than weak evidence gives them.

A row passes only if it passes for every role that a host may have. It fails where it fails for the roles that the
evidence gives; where it fails for others, it is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from cloudguard.model.cluster import Cluster, Host, Pool, Role
from cloudguard.model.identity import Identity
from cloudguard.model.possible_roles import possible_roles
from cloudguard.model.snapshot import Snapshot
from cloudguard.reachability.host_classes import HostClass
from cloudguard.results.report import RowResult
from cloudguard.rows.context import NAME_HOSTS, NO_CONTROL_PLANE, NO_ETCD, NO_NODE

_SERVERS = (Role.CONTROL_PLANE, Role.ETCD)
_OF_THE_ASSIGNMENT = frozenset({NO_CONTROL_PLANE, NO_ETCD, NO_NODE})
"""What is unknown only because an assignment leaves a role to nobody."""
_FEW = 3
"""So many hosts are named."""


@dataclass(frozen=True)
class Assignment:
    """A snapshot in which hosts have other roles that they may have; ``words`` say which.

    ``one_server``: one host is a server and the rest are nodes, which matters where servers trust one another.
    """

    words: str
    snapshot: Snapshot
    one_server: bool = False


def assignments(snapshot: Snapshot, classes: Iterable[HostClass]) -> Iterator[Assignment]:
    """Yield the assignments that bound all others: all nodes, all servers, and one server of each class of hosts.

    None where strong evidence gives every role.
    """
    cluster = snapshot.cluster
    possible = possible_roles(cluster.hosts, cluster.pools)
    if not possible:
        return
    nodes = dict.fromkeys(possible, (Role.NODE,))
    servers = {name: roles for name, known in possible.items() if (roles := _as_server(known))}
    yield Assignment(f"if {_named(cluster, possible)} are nodes", _assigned(snapshot, nodes))
    if servers:
        words = f"if {_named(cluster, servers)} are control plane"
        yield Assignment(words, _assigned(snapshot, {**nodes, **servers}))
    for name in _one_of_each(classes, servers):
        words = f"if {_named(cluster, [name])} is control plane and the others are nodes"
        yield Assignment(words, _assigned(snapshot, {**nodes, name: servers[name]}), one_server=True)


def undecided(base: RowResult, assignment: Assignment, answer: RowResult) -> tuple[str, ...]:
    """Return why ``base`` is not certain, by the ``answer`` that the row gives to an assignment; at most one line."""
    failing = [finding.message for finding in answer.findings if finding.counts]
    unread = [line for line in answer.unknown if line not in {*base.unknown, *_OF_THE_ASSIGNMENT}]
    found = failing or unread
    if not found:
        return ()
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return (f"{assignment.words}: {found[0]}{more}; only weak evidence tells their roles: {NAME_HOSTS}",)


def _as_server(possible: Iterable[Role]) -> tuple[Role, ...]:
    return tuple(role for role in _SERVERS if role in possible)


def _one_of_each(classes: Iterable[HostClass], servers: Mapping[str, object]) -> Iterator[str]:
    """Yield one of ``servers`` (ids of hosts and pools) of each class, whatever roles its hosts have today."""
    seen = set[object]()
    for each in classes:
        name = next((one.id for one in chain[Host | Pool](each.hosts, each.pools) if one.id in servers), "")
        key = replace(each.key, roles=())
        if name and key not in seen:
            seen.add(key)
            yield name


def _named(cluster: Cluster, ids: Iterable[str]) -> str:
    names = {one.id: one.name for one in chain[Host | Pool](cluster.hosts, cluster.pools)}
    listed = [f"{name} ({names[name]})" if names[name] not in {"", name} else name for name in sorted(ids)]
    return ", ".join(listed[:_FEW]) + (f" and {len(listed) - _FEW} more" if len(listed) > _FEW else "")


def _assigned(snapshot: Snapshot, roles: Mapping[str, tuple[Role, ...]]) -> Snapshot:
    """Return the snapshot with ``roles`` (by id of a host or pool) in place of those that it gives them."""
    cluster = snapshot.cluster
    hosts = tuple(replace(one, roles=roles.get(one.id, one.roles)) for one in cluster.hosts)
    pools = tuple(replace(one, roles=roles.get(one.id, one.roles)) for one in cluster.pools)
    held = dict[str, set[str]]()
    for one in chain[Host | Pool](hosts, pools):
        for name in one.identities:
            held.setdefault(name, set()).update(map(str, one.roles))
    identities = tuple(_holding(one, held) for one in snapshot.identities.identities)
    return replace(
        snapshot,
        cluster=replace(cluster, hosts=hosts, pools=pools),
        identities=replace(snapshot.identities, identities=identities),
    )


def _holding(identity: Identity, held: Mapping[str, set[str]]) -> Identity:
    """Return an identity with the roles of the hosts that hold it, and what else holds it."""
    if identity.id not in held:
        return identity
    others = set(identity.roles) - set(map(str, Role))
    return replace(identity, roles=tuple(sorted(held[identity.id] | others)))
