"""The possible roles of a host whose role is shown by weak evidence only: a name, or a word in a tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cloudguard.model.cluster import EvidenceKind, Host, Pool, Role, Strength

_ALONE = {Role.CONTROL_PLANE, Role.ETCD}


def is_settled(member: Host | Pool) -> bool:
    """Whether strong evidence shows the roles of a host or pool."""
    return any(evidence.strength is Strength.STRONG for evidence in member.role_evidence)


def shows_etcd(hosts: Iterable[Host]) -> bool:
    """Whether strong evidence shows that a host runs etcd. Evidence from the roles of other hosts does not count."""
    etcd = (host for host in hosts if Role.ETCD in host.roles and is_settled(host))
    return any(all(evidence.kind is not EvidenceKind.HOSTS for evidence in host.role_evidence) for host in etcd)


def possible_roles(hosts: Iterable[Host], pools: Iterable[Pool] = ()) -> Mapping[str, frozenset[Role]]:
    """Return the possible roles of each host or pool without strong evidence, by its id.

    If strong evidence shows the control plane or etcd on other hosts, these roles are known and not possible here.
    Weak evidence excludes nothing, so that a host may always be a node.
    """
    listed = [*hosts]
    known = _ALONE.intersection(role for host in listed if is_settled(host) for role in host.roles)
    open_ = {Role.NODE, *(_ALONE - known)} if Role.CONTROL_PLANE not in known else {Role.NODE}
    members: list[Host | Pool] = [*listed, *pools]
    return {member.id: frozenset({*member.roles, *open_}) for member in members if not is_settled(member)}
