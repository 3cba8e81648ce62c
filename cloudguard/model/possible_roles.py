"""Which roles a host may have where nothing but weak evidence tells its role: a name, a word in a tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from cloudguard.model.cluster import EvidenceKind, Host, Pool, Role, Strength

_ALONE = {Role.CONTROL_PLANE, Role.ETCD}


def is_settled(one: Host | Pool) -> bool:
    """Whether strong evidence gives its roles."""
    return any(evidence.strength is Strength.STRONG for evidence in one.role_evidence)


def shown(ones: Iterable[Host | Pool], role: Role) -> bool:
    """Whether strong evidence shows any host that has ``role``."""
    return any(role in one.roles and is_settled(one) for one in ones)


def shows_etcd(hosts: Iterable[Host]) -> bool:
    """Whether strong evidence shows that a host runs etcd: more than a name, or that no other host does."""
    etcd = (host for host in hosts if Role.ETCD in host.roles and is_settled(host))
    return any(all(one.kind is not EvidenceKind.HOSTS for one in host.role_evidence) for host in etcd)


def possible_roles(hosts: Iterable[Host], pools: Iterable[Pool] = ()) -> Mapping[str, frozenset[Role]]:
    """Return all roles that a host or pool may have, by the ids of those that no strong evidence tells of.

    What strong evidence shows of others counts: who the control plane is and who runs etcd are then known. Weak
    evidence rules nothing out, so a host may always be a node.
    """
    listed = [*hosts]
    known = {role for role in _ALONE if shown(listed, role)}
    open_ = {Role.NODE, *(_ALONE - known)} if Role.CONTROL_PLANE not in known else {Role.NODE}
    both = chain[Host | Pool](listed, pools)
    return {one.id: frozenset({*one.roles, *open_}) for one in both if not is_settled(one)}
