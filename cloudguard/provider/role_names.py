"""The roles that a host's names suggest. This is weak evidence; contradicting names give no role."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cloudguard.model.cluster import EvidenceKind, Role, RoleEvidence, Strength
from cloudguard.provider.host_roles import HostRoles

_ROLE_WORDS = (
    (Role.CONTROL_PLANE, re.compile(r"control-?plane|master|(?<![a-z])(controllers?|cp|(api)?servers?)(?![a-z])")),
    (Role.ETCD, re.compile(r"(?<![a-z])etcd(?![a-z])")),
    (Role.NODE, re.compile(r"worker|(?<![a-z])(agents?|compute|minions?)(?![a-z])")),
    (Role.BASTION, re.compile(r"bastion|jump-?(box|host)")),
)
_ANY_NODE = re.compile(r"node(?!js)")
"""A word that names every kind of host ("master-node", "k8s-node-profile"). It counts only if no other word matches."""
_POSSIBLE = frozenset({(role,) for role, _ in _ROLE_WORDS} | {(Role.CONTROL_PLANE, Role.ETCD)})


def roles_by_names(named: Iterable[tuple[str, str]], cluster: str) -> HostRoles | None:
    """Return the roles that names suggest, without counting the cluster's own name inside them.

    ``named``: pairs of the kind of thing that has the name ("instance profile") and the name. Return None if the names
    suggest nothing. If they contradict one another, the result has no roles, and evidence that says so.
    """
    pairs = [(f"{what} {name}", _without(name, cluster)) for what, name in named if name]
    suggested = [
        (source, roles)
        for source, name in pairs
        if (roles := tuple(role for role, words in _ROLE_WORDS if words.search(name)))
    ]
    suggested = suggested or [(source, (Role.NODE,)) for source, name in pairs if _ANY_NODE.search(name)]
    if not suggested:
        return None
    if len({roles for _, roles in suggested}) > 1 or suggested[0][1] not in _POSSIBLE:
        each = "; ".join(f"{source} suggests {' and '.join(roles)}" for source, roles in suggested)
        return HostRoles((), (_weak(f"its names contradict each other: {each}"),))
    source, roles = suggested[0]
    return HostRoles(roles, (_weak(f"{source} suggests the role (weak evidence)"),))


def _weak(text: str) -> RoleEvidence:
    return RoleEvidence(EvidenceKind.NAME, text, Strength.WEAK)


def _without(name: str, cluster: str) -> str:
    """Return ``name`` in lower case with dashes, without the cluster's name, which may be a word like "masters"."""
    cluster_name = _plain(cluster)
    return (
        re.sub(rf"(?<![a-z0-9]){re.escape(cluster_name)}(?![a-z])", "", _plain(name)) if cluster_name else _plain(name)
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
