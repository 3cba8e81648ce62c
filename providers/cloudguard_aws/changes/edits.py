"""Shared parts of this folder: errors, and names for the answers of calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar, cast

from cloudguard.results.api_call import ANSWER, PlannedCall, answer
from cloudguard.results.change import PeerOf, RulePeer

A = TypeVar("A")
EC2: Final = "ec2"
WITHOUT_VALUE: Final = frozenset({PeerOf.ADMINISTRATORS, PeerOf.WAY_OUT, PeerOf.INSIDE})
"""Kinds of peers without a value. No call can name them before the user declares them."""


class NoCallError(ValueError):
    """An edit that no call can make, because a declaration is missing or a fact was not read."""


def known(value: A | None, what: str) -> A:
    """Return ``value``. Raises NoCallError if it is None: ``what`` is not in the snapshot."""
    if value is None:
        message = f"{what} is not in the snapshot"
        raise NoCallError(message)
    return value


def answer_name(*words: str) -> str:
    """Return the name of a shell variable for the answer of a call, made from ``words``."""
    return re.sub(r"[^A-Z0-9]+", "_", "_".join(words).upper()).strip("_")


def needed_answers(calls: Iterable[PlannedCall]) -> frozenset[str]:
    """Return the names of answers that calls use and that no earlier call among them gives."""
    answered, needed = set[str](), set[str]()
    for planned in calls:
        needed |= {*_answer_names(planned.call.parameters)} - answered
        answered |= {*planned.call.answers}
    return frozenset(needed)


def _answer_names(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        if [*items] == [ANSWER]:
            yield str(items[ANSWER])
            return
        value = [*items.values()]
    if isinstance(value, (list, tuple)):
        for member in cast("Sequence[object]", value):
            yield from _answer_names(member)


def group_id(peer: RulePeer) -> object:
    """Return a group's id, or the placeholder for the id of a new group."""
    return answer(group_name(peer)) if peer.kind is PeerOf.NEW_GROUP else peer.value


def group_name(peer: RulePeer) -> str:
    """Return the name of the placeholder for a new group's id."""
    return answer_name("new_group", peer.value)
