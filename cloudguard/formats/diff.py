"""Changes in lines, as a unified diff shows them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from cloudguard.formats import statements
from cloudguard.formats.phrases import named
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    DocumentEdit,
    Edit,
    ListEdit,
    PeerOf,
    Procedure,
    Resource,
    RuleEdit,
    RulePeer,
    RuleTraffic,
)
from cloudguard.results.facts import Direction

_PEERS = {
    PeerOf.NEW_GROUP: "a group that only these hosts carry",
    PeerOf.ADMINISTRATORS: "the administrators (--admin-cidr)",
    PeerOf.INSIDE: "inside the network alone",
}
_NAMED = {"state", "rotation"}
"""Attributes whose value says nothing without their name."""


def traffic_text(traffic: RuleTraffic) -> str:
    """Return what a rule allows: "tcp/22 from 0.0.0.0/0"."""
    word = "from" if traffic.direction is Direction.INGRESS else "to"
    return f"{traffic.services} {word} {peer_text(traffic.peer)}"


def peer_text(peer: RulePeer) -> str:
    """Return a peer's value, or what stands for one that is still to be made or declared."""
    return _PEERS.get(peer.kind, peer.value)


def before_lines(change: Change) -> tuple[str, ...]:
    """Return a change's lines of today."""
    return tuple(line for edit in change.edits for line in _before(edit))


def after_lines(change: Change) -> tuple[str, ...]:
    """Return the lines that take their place."""
    return tuple(line for edit in change.edits for line in _after(edit))


def statement_lines(change: Change) -> tuple[str, ...]:
    """Return what becomes of each policy statement that a change is about."""
    return tuple(line for edit in change.edits if isinstance(edit, DocumentEdit) for line in statements.fates(edit))


def documents(change: Change) -> tuple[str, ...]:
    """Return the documents to put, whole, in the cloud's own language."""
    return tuple(text for edit in change.edits if isinstance(edit, DocumentEdit) for text in edit.documents)


def _before(edit: Edit) -> tuple[str, ...]:
    match edit:
        case RuleEdit():
            return (traffic_text(edit.before),) if edit.before else ()
        case ListEdit():
            return tuple(f"{edit.services} from {peer_text(peer)}" for peer in edit.before)
        case DocumentEdit():
            return statements.before_lines(edit)
        case AttributeEdit():
            return (_value(edit, edit.before),)
        case Procedure():
            return edit.before


def _after(edit: Edit) -> tuple[str, ...]:
    match edit:
        case RuleEdit():
            return (traffic_text(edit.after),) if edit.after else ()
        case ListEdit():
            return tuple(f"{edit.services} from {peer_text(peer)}" for peer in edit.after)
        case DocumentEdit():
            return statements.after_lines(edit)
        case AttributeEdit():
            return (_value(edit, edit.after),)
        case Procedure():
            return edit.steps


def _value(edit: AttributeEdit, value: str) -> str:
    return f"{edit.name} {value}" if edit.name in _NAMED else value


def by_resource(plan: tuple[Change, ...]) -> Iterator[tuple[Resource, tuple[Change, ...]]]:
    """Yield the changes of ``plan`` resource by resource, in the plan's order."""
    for resource, changes in groupby(plan, key=lambda change: change.resource):
        yield resource, tuple(changes)


def diff_lines(resource: Resource, changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Return the edits of one resource as a unified diff shows them."""
    lines = [f"--- {named(resource)}"]
    for change in changes:
        lines += [f"@@ {' '.join(part for part in (change.kind, change.rule) if part)} @@"]
        lines += [f"- {line}" for line in before_lines(change)]
        lines += [f"+ {line}" for line in after_lines(change)]
        lines += [f"# {line}" for line in (change.owner, "proved" if change.proved else "") if line]
    return tuple(lines)
