"""What names suggest of a host's role: weak evidence, said to be so, and none where two names disagree."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cloudguard.model.cluster import Role

_MARKS = (
    (Role.CONTROL_PLANE, re.compile(r"control-?plane|master|(?<![a-z])(controllers?|cp|(api)?servers?)(?![a-z])")),
    (Role.ETCD, re.compile(r"(?<![a-z])etcd(?![a-z])")),
    (Role.NODE, re.compile(r"worker|(?<![a-z])(agents?|compute|minions?)(?![a-z])")),
    (Role.BASTION, re.compile(r"bastion|jump-?(box|host)")),
)
_ANY_NODE = re.compile(r"node(?!js)")
"""Said of every kind of host ("master-node", "k8s-node-profile"): it counts only where nothing else is said."""
_POSSIBLE = frozenset({(role,) for role, _ in _MARKS} | {(Role.CONTROL_PLANE, Role.ETCD)})


def told_by_names(named: Iterable[tuple[str, str]], cluster: str) -> tuple[tuple[Role, ...], str] | None:
    """Return the roles that names suggest, the cluster's own name in them aside.

    ``named`` are pairs of what has the name ("instance profile") and the name. None: they suggest nothing; no roles,
    and why: they contradict one another.
    """
    pairs = [(f"{what} {name}", _without(name, cluster)) for what, name in named if name]
    said = [
        (who, roles) for who, words in pairs if (roles := tuple(role for role, mark in _MARKS if mark.search(words)))
    ]
    said = said or [(who, (Role.NODE,)) for who, words in pairs if _ANY_NODE.search(words)]
    if not said:
        return None
    if len({roles for _, roles in said}) > 1 or said[0][1] not in _POSSIBLE:
        words = "; ".join(f"{who} suggests {' and '.join(roles)}" for who, roles in said)
        return (), f"its names contradict one another: {words}"
    return said[0][1], f"{said[0][0]} suggests it (weak evidence)"


def _without(name: str, cluster: str) -> str:
    """Return a name in small letters and dashes, without the cluster's: a cluster may be called "masters"."""
    own = _plain(cluster)
    return re.sub(rf"(?<![a-z0-9]){re.escape(own)}(?![a-z])", "", _plain(name)) if own else _plain(name)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
