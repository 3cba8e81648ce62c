"""A change: what to edit in the cloud so that an excess goes away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing in the cloud.

    ``kind`` is the neutral word ("filter", "balancer", "disk", "identity", "endpoint", "pool").
    """

    kind: str
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One edit. ``kind`` is "rule.remove", "rule.narrow", "disk.encrypt", "endpoint.restrict" or the like.

    ``before`` and ``after`` are lines of text as a unified diff would show them (after empty: removed).
    ``proved``: applied to the model, the excess was gone and nothing needed was lost.
    ``why`` is what it mends, in words. ``rule`` is the rule's id where a rule is edited. ``documents`` are whole, in
    the cloud's own language, where what is to be written is one; ``statements`` say what becomes of each present one.
    """

    id: str
    row: str
    kind: str
    resource: Resource
    before: tuple[str, ...]
    after: tuple[str, ...]
    why: str
    rule: str = ""
    proved: bool = False
    documents: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
