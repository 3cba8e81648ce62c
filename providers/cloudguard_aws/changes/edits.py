"""The order of rule edits, and names for the answers of calls: which answers calls need, and the ids of new groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from cloudguard.provider.calls.placeholders import names_in
from cloudguard.results.api_call import PlannedCall, answer
from cloudguard.results.change import Change, PeerOf, RuleEdit, RuleOp, RulePeer

EC2: Final = "ec2"
_ORDER: Final = (RuleOp.MODIFY, RuleOp.ADD, RuleOp.REMOVE)
WITHOUT_VALUE: Final = frozenset({PeerOf.ADMINISTRATORS, PeerOf.WAY_OUT, PeerOf.INSIDE})
"""Kinds of peers without a value. No call can name them before the user declares them."""


def in_order(change: Change) -> list[tuple[int, RuleEdit]]:
    """Return the rule edits of a change with their places: changes in place, then additions, then removals."""
    edits = [(place, edit) for place, edit in enumerate(change.edits) if isinstance(edit, RuleEdit)]
    return sorted(edits, key=lambda item: _ORDER.index(item[1].op))


def answer_name(*words: str) -> str:
    """Return the name of a shell variable for the answer of a call, made from ``words``."""
    return re.sub(r"[^A-Z0-9]+", "_", "_".join(words).upper()).strip("_")


def needed_answers(calls: Iterable[PlannedCall]) -> frozenset[str]:
    """Return the names of answers that calls use and that no earlier call among them gives."""
    answered, needed = set[str](), set[str]()
    for planned in calls:
        needed |= names_in(planned.call.parameters) - answered
        answered |= {*planned.call.answers}
    return frozenset(needed)


def group_id(peer: RulePeer) -> object:
    """Return a group's id, or the placeholder for the id of a new group."""
    return answer(group_name(peer)) if peer.kind is PeerOf.NEW_GROUP else peer.value


def group_name(peer: RulePeer) -> str:
    """Return the name of the placeholder for a new group's id."""
    return answer_name("new_group", peer.value)
