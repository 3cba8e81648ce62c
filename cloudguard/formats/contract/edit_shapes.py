"""The shapes of edits, and of the traffic in them."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import Final, Literal

from cloudguard.formats.contract.document import Member, Shape, Shapes, computed
from cloudguard.results.change import (
    AttributeEdit,
    GroupEdit,
    ListEdit,
    MembershipEdit,
    Procedure,
    RuleEdit,
    RuleTraffic,
)
from cloudguard.results.document_edit import DocumentEdit
from cloudguard.results.facts import Action
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class EditedRule(RuleTraffic):
    """The edited rule: its id, and its traffic after the edit, or before it if the edit removes the rule."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class NeededTraffic(RuleTraffic):
    """Traffic that an edit keeps; ``why`` names who needs it."""

    why: str = ""


def _rule(edit: RuleEdit) -> EditedRule | None:
    traffic = edit.after or edit.before
    return EditedRule(traffic.direction, traffic.services, traffic.peer, traffic.action, edit.rule) if traffic else None


def _keeps(edit: RuleEdit) -> tuple[NeededTraffic, ...]:
    traffic, needs = edit.after, edit.needs
    return (
        tuple(NeededTraffic(traffic.direction, traffic.services, traffic.peer, traffic.action, why) for why in needs)
        if traffic
        else ()
    )


def _loses(edit: RuleEdit) -> tuple[RuleTraffic, ...]:
    return (replace(edit.before, services=edit.loses),) if edit.before and edit.loses else ()


def _denied(traffic: RuleTraffic) -> Action | None:
    return traffic.action if traffic.action is Action.DENY else None


def _op(name: str) -> Member:
    return computed(Literal[name], lambda _edit: name)


OPS: Final = {
    "list.set": ListEdit,
    "attribute.set": AttributeEdit,
    "group.add": GroupEdit,
    "membership.move": MembershipEdit,
    "document.put": DocumentEdit,
    "procedure": Procedure,
}
"""Value of ``op`` → type of edit. A RuleEdit is missing, because it has its own field ``op``."""
EDIT_SHAPES: Final[Shapes] = {
    **{of: Shape(members={"op": _op(name)}, first=("op",)) for name, of in OPS.items()},
    DocumentEdit: Shape(
        members={"op": _op("document.put"), "detach": computed(tuple[str, ...], attrgetter("detached"))},
        first=("op", "documents", "detach"),
        added=frozenset({"statements", "changes"}),
    ),
    RuleEdit: Shape(
        members={
            "rule": computed(EditedRule, _rule, optional=True),
            "keeps": computed(tuple[NeededTraffic, ...], _keeps),
            "loses": computed(tuple[RuleTraffic, ...], _loses),
        },
        first=("op", "rule", "keeps", "loses"),
        added=frozenset({"before", "after"}),
    ),
    **dict.fromkeys(
        (RuleTraffic, EditedRule, NeededTraffic),
        Shape(
            members={"action": computed(Literal["deny"], _denied, optional=True)},
            first=("id",),
            added=frozenset({"direction"}),
        ),
    ),
}
