"""Scopes, which are products of resource names, constraints and assumptions, and boxes: actions in a scope.

Scopes are combined and checked for emptiness one dimension at a time.
"""

from __future__ import annotations

from collections.abc import Mapping

from cloudguard.permission_sets.condition_keys import FREE, Constraint
from cloudguard.permission_sets.condition_operators import Assumption
from cloudguard.permission_sets.resource_names import EVERY_NAME, NO_NAMES, ResourceNames
from cloudguard.values import dataclass

Context = Mapping[str, Constraint]
"""Constraints by lower-case key. A key without an entry may have any value."""
Assumptions = Mapping[Assumption, bool]
"""Assumptions that must be true or false."""


class Scope:
    """The requests on ``names`` in ``context``, with any action, if the ``assumptions`` hold."""

    __slots__ = ("_hash", "assumptions", "context", "names")

    def __init__(
        self, names: ResourceNames = EVERY_NAME, context: Context | None = None, assumptions: Assumptions | None = None
    ) -> None:
        self.names = names
        self.context: Context = context or {}
        self.assumptions: Assumptions = assumptions or {}
        self._hash = hash((names, frozenset(self.context.items()), frozenset(self.assumptions.items())))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Scope) or self._hash != other._hash:
            return False
        return (self.names, self.context, self.assumptions) == (other.names, other.context, other.assumptions)

    def __repr__(self) -> str:
        return f"Scope({self.names}; {dict(self.context)}; {[assumption.cause for assumption in self.assumptions]})"

    def with_key(self, key: str, constraint: Constraint) -> Scope:
        """Return a copy with another constraint on ``key``."""
        return Scope(self.names, {**self.context, key: constraint}, self.assumptions)

    def assuming(self, assumption: Assumption, *, true: bool = True) -> Scope:
        """Return a copy that also requires ``assumption`` to be true (or false)."""
        return Scope(self.names, self.context, {**self.assumptions, assumption: true})

    def without_assumptions(self) -> Scope:
        """Return the upper bound of the scope."""
        return Scope(self.names, self.context) if self.assumptions else self

    def assuming_members(self) -> Scope:
        """Return a copy with an assumption for every dimension that may be empty, or ``NOWHERE`` if one is empty."""
        result = self
        for segment in self.names.segments:
            empty = segment.is_empty()
            if empty:
                return NOWHERE
            if empty is None:
                result = result.assuming(Assumption(f"it is unknown whether any name matches {segment}"))
        for key, constraint in self.context.items():
            empty = constraint.is_empty()
            if empty:
                return NOWHERE
            if empty is None:
                result = result.assuming(Assumption(f"it is unknown whether any value of {key} is {constraint}"))
        return result

    def __bool__(self) -> bool:
        """Whether the scope may have members: False only if it is certainly empty."""
        return bool(self.names) and all(self.context.values())

    def __and__(self, other: Scope) -> Scope:
        """Return the intersection, or ``NOWHERE`` if it is certainly empty."""
        if other is EVERYWHERE:
            return self
        names = self.names & other.names
        if names is NO_NAMES or self._contradicts(other):
            return NOWHERE
        context = dict(self.context)
        for key, constraint in other.context.items():
            both = context.get(key, FREE) & constraint
            if not both:
                return NOWHERE
            context[key] = both
        return Scope(names, context, {**self.assumptions, **other.assumptions})

    def isdisjoint(self, other: Scope) -> bool:
        """Whether it is certain that no request is in both scopes."""
        if self.names.isdisjoint(other.names):
            return True
        for key, constraint in other.context.items():
            own_constraint = self.context.get(key)
            if own_constraint is not None and not own_constraint & constraint:
                return True
        return self._contradicts(other)

    def __le__(self, other: Scope) -> bool:
        """Whether every request is certainly in ``other``. It compares first the parts that differ most often."""
        for assumption, true in other.assumptions.items():
            if self.assumptions.get(assumption) != true:
                return False
        if not self.names <= other.names:
            return False
        return all(self.context.get(key, FREE) <= constraint for key, constraint in other.context.items())

    def __sub__(self, other: Scope) -> tuple[Scope, ...]:
        """Return the difference as disjoint parts, one dimension at a time, assumptions last."""
        outside, names = self.names.divided(other.names)
        if names is NO_NAMES or self._contradicts(other):
            return (self,)
        scopes = [Scope(names, self.context, self.assumptions) for names in outside]
        rest = Scope(names, self.context, self.assumptions)
        for key, constraint in other.context.items():
            allowed = self.context.get(key, FREE)
            pieces = allowed - constraint
            if pieces:
                common = allowed & constraint
                if not common:
                    return (self,)
                scopes += (rest.with_key(key, piece) for piece in pieces)
                rest = rest.with_key(key, common)
        for assumption, true in other.assumptions.items():
            if assumption not in rest.assumptions:
                scopes.append(rest.assuming(assumption, true=not true))
                rest = rest.assuming(assumption, true=true)
        return tuple(scopes)

    def _contradicts(self, other: Scope) -> bool:
        return any(self.assumptions.get(assumption, true) != true for assumption, true in other.assumptions.items())


EVERYWHERE = Scope()
NOWHERE = Scope(NO_NAMES)


@dataclass(frozen=True, slots=True)
class Box:
    """Some actions (a mask of an ``ActionTable``) in a scope."""

    actions: int
    scope: Scope
