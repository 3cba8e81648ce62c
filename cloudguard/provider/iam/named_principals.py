"""Principals of trust policies that only their names tell apart, for clouds whose policies know no context of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition, Statement

CALLER: Final = "caller:name"
"""A key that only cloudguard uses: the name of the principal that makes a request."""
Alternatives = tuple[tuple[Condition, ...], ...]
"""Alternatives of conditions on requests."""


class NamedPrincipals:
    """The parts of ``Principals`` that need no context. ``known_context``: the context of all requests."""

    everyone: ClassVar[frozenset[str]] = frozenset()
    """The names of the principals that stand for everyone."""

    def __init__(self, known_context: Mapping[str, str] | None = None) -> None:
        self.known_context: Mapping[str, str] = known_context or {}

    def context_of(self, principal: str) -> Mapping[str, str]:
        """Return no context: trust policies know a principal only by its name."""
        del principal
        return {}

    def requests_of(self, principal: str, *, excepted: bool) -> Alternatives:
        """Return the conditions that requests of a principal meet."""
        del excepted
        return ((),) if principal in self.everyone else (by_name(principal),)

    def conditions_of(self, statement: Statement) -> tuple[Condition, ...]:
        """Return the conditions of a statement."""
        return statement.conditions

    def declared(self, outsider: str) -> Alternatives:
        """Return the conditions that requests of a declared outsider meet."""
        return (by_name(outsider),)


def by_name(principal: str) -> tuple[Condition, ...]:
    """Return the conditions that requests of a principal meet."""
    return (Condition("StringEquals", CALLER, (principal,)),)


def named_caller(
    kind: CallerKind,
    who: str,
    actions: tuple[str, ...],
    principal: str,
    ordinary: tuple[Condition, ...] | None = None,
) -> Caller:
    """Return a caller that the policy names. ``ordinary``: see ``Caller``."""
    return Caller(kind, who, actions, by_name(principal), ordinary=ordinary, declared_as=principal)
