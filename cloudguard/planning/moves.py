"""Strangers taken out of a group of the cluster's hosts, where that replaces two edits of rules or more.

A rule that names the group lets them in. Without them, the rules may stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from cloudguard.model.network import Topology
from cloudguard.results.change import Change, MembershipEdit, PeerOf, Resource, RuleEdit


def moves(changes: Iterable[Change], topology: Topology) -> tuple[Change, ...]:
    """Return the moves that would take the place of edits of ``changes``: of rules whose peer is a group of strangers.

    One who has no other group stays: nothing would guard it.
    """
    by_group: dict[str, list[Change]] = {}
    for change in changes:
        named = {edit.before.peer for edit in change.edits if isinstance(edit, RuleEdit) and edit.before}
        for peer in named:
            if peer.kind is PeerOf.GROUP:
                by_group.setdefault(peer.value, []).append(change)
    found = list[Change]()
    for group, replaced in sorted(by_group.items()):
        members = [one for one in topology.external_members if group in one.groups]
        if members and all({*one.groups} > {group} and {*one.filters} != {group} for one in members):
            others = tuple(Resource("interface", one.id, one.owner) for one in members)
            found.append(_move(group, others, replaced))
    return tuple(found)


def _move(group: str, members: tuple[Resource, ...], replaced: Sequence[Change]) -> Change:
    mends = tuple(dict.fromkeys(finding for change in replaced for finding in change.mends))
    name = sha256(f"membership\0{group}".encode()).hexdigest()[:12]
    edit = MembershipEdit(members, leaves=(group,))
    return Change(name, replaced[0].row, "membership.move", Resource("group", group), (edit,), mends=mends)
