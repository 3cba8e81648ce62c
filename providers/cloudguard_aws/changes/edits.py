"""What the modules of this folder share: an edit with its place in a change, and names for what calls answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar, cast

from cloudguard.results.api_call import ANSWER, PlannedCall, answer
from cloudguard.results.change import PeerOf, RulePeer

A = TypeVar("A")
EC2: Final = "ec2"
UNSAID: Final = frozenset({PeerOf.ADMINISTRATORS, PeerOf.WAY_OUT, PeerOf.INSIDE})
"""Peers without a value: no call can name them until they are declared."""


class UnsaidError(ValueError):
    """An edit that no call can make yet, as something is still to be declared, or was not read."""


def known(found: A | None, what: str) -> A:
    """Return ``found``; raises UnsaidError where it is not in the snapshot."""
    if found is None:
        message = f"{what} is not in the snapshot"
        raise UnsaidError(message)
    return found


def answer_name(*words: str) -> str:
    """Return a name for what a call answers: a shell variable's, told apart by ``words``."""
    return re.sub(r"[^A-Z0-9]+", "_", "_".join(words).upper()).strip("_")


def needed_answers(calls: Iterable[PlannedCall]) -> frozenset[str]:
    """Return the names that calls take and that none of them, nor of those before it, answers."""
    given, needed = set[str](), set[str]()
    for planned in calls:
        needed |= {*_named(planned.call.parameters)} - given
        given |= {*planned.call.answers}
    return frozenset(needed)


def _named(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        if [*items] == [ANSWER]:
            yield str(items[ANSWER])
            return
        value = [*items.values()]
    if isinstance(value, (list, tuple)):
        for one in cast("Sequence[object]", value):
            yield from _named(one)


def group_id(peer: RulePeer) -> object:
    """Return a group's id, or what stands for that of a group still to be made."""
    return answer(group_name(peer)) if peer.kind is PeerOf.NEW_GROUP else peer.value


def group_name(peer: RulePeer) -> str:
    """Return the name that stands for a new group's id."""
    return answer_name("new_group", peer.value)
