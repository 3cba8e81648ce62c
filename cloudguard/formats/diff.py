"""Writes changes as lines of a unified diff."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import zip_longest

from cloudguard.formats import statements
from cloudguard.formats.phrases import named, numbers_text
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    Edit,
    GroupEdit,
    ListEdit,
    MembershipEdit,
    PeerOf,
    Procedure,
    Resource,
    RuleEdit,
    RulePeer,
    RuleTraffic,
)
from cloudguard.results.document_edit import DocumentEdit
from cloudguard.results.facts import Action, Direction
from cloudguard.results.wording import few

_PEERS = {
    PeerOf.ADMINISTRATORS: "the administrators (--admin-cidr)",
    PeerOf.WAY_OUT: "the nodes' outgoing addresses (unknown here; or enable the private endpoint first)",
    PeerOf.INSIDE: "inside the network only",
}
_NAMED = {"state", "rotation", "private side"}
"""Attributes that are written with their name, because the value alone is not clear."""


def traffic_text(traffic: RuleTraffic) -> str:
    """Return the traffic of a rule: "tcp/22 from 0.0.0.0/0"."""
    word = "from" if traffic.direction is Direction.INGRESS else "to"
    denied = "deny " if traffic.action is Action.DENY else ""
    return f"{denied}{traffic.services} {word} {peer_text(traffic.peer)}"


def peer_text(peer: RulePeer) -> str:
    """Return a peer's value, or a description of a peer that does not exist yet or is not declared yet."""
    if peer.kind is PeerOf.NEW_GROUP:
        roles, within, subnet = peer.value.partition(" in ")
        return f"a new group of only {roles} hosts{within}{subnet}"
    if peer.kind is PeerOf.WAY_OUT and peer.value:
        return f"public addresses of {peer.value}, unless hosts reach the API inside their network (--api-inside)"
    return _PEERS.get(peer.kind, peer.value)


def before_lines(change: Change) -> tuple[str, ...]:
    """Return the lines of a change that describe the state today."""
    return tuple(line for edit in change.edits for line in _lines(edit)[0])


def after_lines(change: Change) -> tuple[str, ...]:
    """Return the lines of a change that describe the state after it."""
    return tuple(line for edit in change.edits for line in _lines(edit)[1])


def statement_lines(change: Change) -> tuple[str, ...]:
    """Return the fate of each policy statement of a change, in lines."""
    return tuple(line for edit in change.edits if isinstance(edit, DocumentEdit) for line in statements.fates(edit))


def documents(change: Change) -> tuple[str, ...]:
    """Return the complete policy documents that a change writes, in the cloud's own language."""
    return tuple(text for edit in change.edits if isinstance(edit, DocumentEdit) for text in edit.documents)


def _lines(edit: Edit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return an edit's lines before and after the edit."""
    match edit:
        case RuleEdit():
            return _traffic_lines(edit.before), _traffic_lines(edit.after)
        case ListEdit():
            return _list_lines(edit, edit.before), _list_lines(edit, edit.after)
        case DocumentEdit():
            return statements.before_lines(edit), statements.after_lines(edit)
        case AttributeEdit():
            return (_value(edit, edit.before),), (_value(edit, edit.after),)
        case GroupEdit() | MembershipEdit():
            return _membership_lines(edit)
        case Procedure():
            return edit.before, edit.steps


def _membership_lines(edit: GroupEdit | MembershipEdit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    members = _members_text(edit.members)
    if isinstance(edit, GroupEdit):
        return (), (f"a new group {edit.name} of {members}",)
    return tuple(f"{members} in {name}" for name in edit.leaves), tuple(f"{members} in {name}" for name in edit.joins)


def _members_text(members: tuple[Resource, ...]) -> str:
    names = [
        f"the next host of {member.name or member.id}" if member.kind == "pool" else member.name or member.id
        for member in members
    ]
    return few(names)


def _traffic_lines(traffic: RuleTraffic | None) -> tuple[str, ...]:
    return (traffic_text(traffic),) if traffic else ()


def _list_lines(edit: ListEdit, peers: tuple[RulePeer, ...]) -> tuple[str, ...]:
    return tuple(f"{edit.services} from {peer_text(peer)}" for peer in peers)


def _value(edit: AttributeEdit, value: str) -> str:
    return f"{edit.name} {value}" if edit.name in _NAMED else value


def change_title(change: Change, numbers: Mapping[str, int]) -> str:
    """Return a change's resource and rule, and the numbers of the findings that it resolves."""
    rule = f", rule {change.rule}" if change.rule else ""
    mends = numbers_text(change.mends, numbers)
    fixes = f": fixes {mends}{proof_remark(change)}" if mends else ""
    return f"{change.kind} on {named(change.resource)}{rule}{fixes}"


def proof_remark(change: Change) -> str:
    """Return a remark for a change that no plan can prove to resolve its findings, or ""."""
    return "" if change.on_model else " (not proved)"


def owner_lines(change: Change) -> tuple[str, ...]:
    """Return the owner of the edited resource, whether an edit by hand lasts, and where to make a lasting edit.

    Without an owner, return no lines.
    """
    if not change.owner:
        return ()
    fate = f"a manual edit is undone {change.undone}" if change.undone else "a manual edit stays"
    where = f"edit {'instead' if change.undone else 'it'} in: {change.where}"
    return (f"written by {change.owner}: {fate}", *([where] if change.where else []))


def _needs(edit: Edit) -> tuple[str, ...]:
    """Return a comment for each line after an edit: who needs its traffic."""
    match edit:
        case RuleEdit() if edit.after and edit.needs:
            return (f"  # {'; '.join(edit.needs)}",)
        case ListEdit():
            return tuple(f"  # {why}" for why in edit.needs)
        case _:
            return ()


def change_lines(change: Change, known: Collection[str] = ()) -> tuple[str, ...]:
    """Return the lines of a change as a unified diff.

    Lines before the change that are in ``known`` are left out. A comment after a kept line names who needs its traffic.
    The last comments say what is not proved about the documents that the change writes, or that it is proved.
    """
    lines = [f"- {line}" for line in before_lines(change) if line not in known]
    for edit in change.edits:
        lines += [f"+ {line}{needs}" for line, needs in zip_longest(_lines(edit)[1], _needs(edit), fillvalue="")]
    lines += [f"# first set {', '.join(f'--{name}' for name in change.needs_input)}"] if change.needs_input else []
    lines += [f"# {line}" for line in owner_lines(change)]
    lines += [f"# not proved: {why}" for why in change.unproved]
    return (*lines, "# proved: keeps all needed access") if change.proved else tuple(lines)
