"""Changes that remove external members from a group, in place of edits of the rules that name the group.

A rule that names the group lets in all its members. Without the external members, the rules can stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from cloudguard.model.network import Topology
from cloudguard.results.change import Change, MembershipEdit, PeerOf, Resource, RuleEdit


def moves(changes: Iterable[Change], topology: Topology) -> tuple[Change, ...]:
    """Return the moves that could replace edits of ``changes``: edits of rules whose peer has external members.

    A group is skipped if any of its external members has no other group or no other filter: no filter would guard that
    member after the move.
    """
    by_group: dict[str, list[Change]] = {}
    for change in changes:
        named = {edit.before.peer for edit in change.edits if isinstance(edit, RuleEdit) and edit.before}
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
