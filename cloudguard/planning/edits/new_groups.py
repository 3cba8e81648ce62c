"""New groups: one change creates each group and adds all hosts of its roles, and their pools' templates, to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final

from cloudguard.model.network import Subnet
from cloudguard.planning.edits.model_edits import new_group_id
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.peer_names import new_group
from cloudguard.results.change import Change, GroupEdit, PeerOf, Resource, RuleEdit, RulePeer

_LONGEST_NAME: Final = 63


def group_changes(
    changes: Iterable[Change], classes: Iterable[HostClass], subnets: Mapping[str, Subnet], cluster: str
) -> tuple[Change, ...]:
    """Return a change for each new group that is a peer in ``changes``. It mends the findings that they mend.

    ``subnets``: subnet id → subnet. ``cluster``: the cluster's name, which begins the groups' names.
    """
    named: dict[RulePeer, list[Change]] = {}
    for change in changes:
        for peer in _new_groups(change):
            named.setdefault(peer, []).append(change)
    listed = tuple(classes)
    return tuple(_change(peer, changes, listed, subnets, cluster) for peer, changes in named.items())


def _new_groups(change: Change) -> Iterator[RulePeer]:
    for edit in change.edits:
        if isinstance(edit, RuleEdit) and edit.after and edit.after.peer.kind is PeerOf.NEW_GROUP:
            yield edit.after.peer


def _change(
    peer: RulePeer,
    named_by: list[Change],
    classes: tuple[HostClass, ...],
    subnets: Mapping[str, Subnet],
    cluster: str,
) -> Change:
    in_group = [
        host_class for host_class in classes if peer in {new_group(host_class), new_group(host_class, in_subnet=True)}
    ]
    members = dict[Resource, None]()
    for host_class in in_group:
        members |= dict.fromkeys(_members(host_class))
    networks = dict.fromkeys(
        subnets[host_class.key.subnet].network for host_class in in_group if host_class.key.subnet in subnets
    )
    name = _unused_name(cluster, peer, networks)
    mends = tuple(dict.fromkeys(finding for change in named_by for finding in change.mends))
    edit = GroupEdit(peer, name, next(iter(networks), ""), tuple(members))
    resource = Resource("group", new_group_id(peer), name)
    return Change(f"group.add:{peer.value}", named_by[0].row, "group.add", resource, (edit,), mends=mends)


def _unused_name(cluster: str, peer: RulePeer, networks: Iterable[str]) -> str:
    """Return a name that no other group has. Machines elsewhere may have the cluster's name and a role as a group.

    Every cloud takes at most 63 lower-case letters, digits and hyphens, with a letter first.
    """
    words = re.sub(r"[^a-z0-9]+", "-", f"{cluster}-{peer.value}".lower()).strip("-")
    digest = sha256("\0".join((cluster, peer.value, *networks)).encode()).hexdigest()[:6]
    first = "" if words[:1].isalpha() else "k8s-"
    return f"{(first + words)[: _LONGEST_NAME - len(digest) - 1].rstrip('-')}-{digest}"


def _members(host_class: HostClass) -> Iterator[Resource]:
    names = {interface.id: host.id for host in host_class.hosts for interface in host.interfaces}
    for interface in host_class.interfaces:
        yield Resource("interface", interface.id, names.get(interface.id, ""))
    for pool in host_class.pools:
        yield Resource("pool", pool.id, pool.name)
