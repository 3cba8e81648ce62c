"""Changes of groups: a new group with all hosts of its roles, and a group without its external members.

A rule that names a group lets in all its members. Without the external members, the rules can stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

from cloudguard.model.network import Subnet, Topology
from cloudguard.planning.edits.model_edits import new_group_id
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.narrowing.peer_names import new_group
from cloudguard.results.change import Change, GroupEdit, MembershipEdit, PeerOf, Resource, RulePeer

_LONGEST_NAME: Final = 63


def group_changes(
    changes: Iterable[Change], classes: Iterable[HostClass], subnets: Mapping[str, Subnet], cluster: str
) -> tuple[Change, ...]:
    """Return a change for each new group that is a peer in ``changes``. It mends the findings that they mend.

    ``subnets``: subnet id → subnet. ``cluster``: the cluster's name, which begins the groups' names.
    """
    named: dict[RulePeer, list[Change]] = {}
    for change in changes:
        for edit in change.rule_edits:
            if edit.after and edit.after.peer.kind is PeerOf.NEW_GROUP:
                named.setdefault(edit.after.peer, []).append(change)
    listed = tuple(classes)
    return tuple(_change(peer, changes, listed, subnets, cluster) for peer, changes in named.items())


def _change(
    peer: RulePeer, named_by: list[Change], classes: tuple[HostClass, ...], subnets: Mapping[str, Subnet], cluster: str
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


def moves(changes: Iterable[Change], topology: Topology) -> tuple[Change, ...]:
    """Return the moves that could replace edits of ``changes``: edits of rules whose peer has external members.

    A group is skipped if any of its external members has no other group or no other filter: no filter would guard that
    member after the move.
    """
    by_group: dict[str, list[Change]] = {}
    for change in changes:
        named = {edit.before.peer for edit in change.rule_edits if edit.before}
        for peer in named:
            if peer.kind is PeerOf.GROUP:
                by_group.setdefault(peer.value, []).append(change)
    moved = list[Change]()
    for group, replaced in sorted(by_group.items()):
        members = [member for member in topology.external_members if group in member.groups]
        if members and all({*member.groups} > {group} and {*member.filters} != {group} for member in members):
            others = tuple(Resource("interface", member.id, member.owner) for member in members)
            moved.append(_move(group, others, replaced))
    return tuple(moved)


def _move(group: str, members: tuple[Resource, ...], replaced: Sequence[Change]) -> Change:
    mends = tuple(dict.fromkeys(finding for change in replaced for finding in change.mends))
    name = sha256(f"membership\0{group}".encode()).hexdigest()[:12]
    edit = MembershipEdit(members, leaves=(group,))
    return Change(name, replaced[0].row, "membership.move", Resource("group", group), (edit,), mends=mends)
