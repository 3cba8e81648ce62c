"""A box: some actions, a resource name segment by segment, what is asked of context keys, and doubts: a product.

Everything but the actions is the box's scope; scopes are met, split by one another and checked for emptiness
here, one dimension at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cloudguard.permission_sets import condition_keys, glob_sets
from cloudguard.permission_sets.condition_keys import FREE, Constraint
from cloudguard.permission_sets.condition_operators import Assumption
from cloudguard.permission_sets.glob_sets import EVERYTHING
from cloudguard.permission_sets.resource_names import EVERY_NAME, Name

Context = Mapping[str, Constraint]
"""By lower-case key; a key that is not in it is free."""
Assumptions = Mapping[Assumption, bool]
Multivalued = Callable[[str], bool]


class Scope:
    """Where a box applies; ``doubts`` says which of them must be true, and which false."""

    __slots__ = ("_hash", "context", "doubts", "name")

    def __init__(
        self, name: Name = EVERY_NAME, context: Context | None = None, doubts: Assumptions | None = None
    ) -> None:
        self.name = name
        self.context: Context = context or {}
        self.doubts: Assumptions = doubts or {}
        self._hash = hash((name, frozenset(self.context.items()), frozenset(self.doubts.items())))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Scope) or self._hash != other._hash:
            return False
        return self.name == other.name and self.context == other.context and self.doubts == other.doubts

    def __repr__(self) -> str:
        name = ":".join(map(str, self.name))
        return f"Scope({name}; {dict(self.context)}; {[doubt.cause for doubt in self.doubts]})"

    def with_segment(self, index: int, part: glob_sets.GlobSet) -> Scope:
        """Return a copy with another segment."""
        return Scope((*self.name[:index], part, *self.name[index + 1 :]), self.context, self.doubts)

    def with_key(self, key: str, asked: Constraint) -> Scope:
        """Return a copy that asks ``asked`` of ``key``."""
        return Scope(self.name, {**self.context, key: asked}, self.doubts)

    def with_doubt(self, doubt: Assumption, *, true: bool = True) -> Scope:
        """Return a copy that rests on ``doubt`` being true (or false)."""
        return Scope(self.name, self.context, {**self.doubts, doubt: true})

    def without_doubts(self) -> Scope:
        """Return the widest that this can be."""
        return Scope(self.name, self.context) if self.doubts else self


@dataclass(frozen=True, slots=True)
class Box:
    """Actions (a mask) and where they apply."""

    actions: int
    scope: Scope


EVERYWHERE = Scope()


def meet(left: Scope, right: Scope) -> Scope | None:
    """Return the intersection, None where it is known to be empty."""
    if right is EVERYWHERE:
        return left
    name: list[glob_sets.GlobSet] = []
    for one, two in zip(left.name, right.name, strict=True):
        part = glob_sets.meet(one, two)
        if part is glob_sets.NOTHING:
            return None
        name.append(part)
    if any(left.doubts.get(doubt, true) != true for doubt, true in right.doubts.items()):
        return None
    context = dict(left.context)
    for key, asked in right.context.items():
        both = condition_keys.meet(context.get(key, FREE), asked)
        if condition_keys.possible(both) is False:
            return None
        context[key] = both
    return Scope(tuple(name), context, {**left.doubts, **right.doubts})


def apart(left: Scope, right: Scope) -> bool:
    """Whether no request is known to be in both."""
    for one, two in zip(left.name, right.name, strict=True):
        if one is not EVERYTHING and two is not EVERYTHING and not glob_sets.overlap(one, two):
            return True
    for key, asked in right.context.items():
        mine = left.context.get(key)
        if mine is not None and condition_keys.possible(condition_keys.meet(mine, asked)) is False:
            return True
    return any(left.doubts.get(doubt, true) != true for doubt, true in right.doubts.items())


def within(left: Scope, right: Scope, multivalued: Multivalued) -> bool:
    """Whether all of ``left`` is known to be in ``right``: what tells most scopes apart is asked first."""
    for doubt, true in right.doubts.items():
        if left.doubts.get(doubt) != true:
            return False
    for one, two in zip(left.name, right.name, strict=True):
        if one is not two and two is not EVERYTHING and not glob_sets.inside(one, two):
            return False
    for key, asked in right.context.items():
        if condition_keys.minus(left.context.get(key, FREE), asked, multivalued=multivalued(key)):
            return False
    return True


def carve(left: Scope, right: Scope, multivalued: Multivalued) -> Iterator[Scope]:
    """Yield ``left`` without ``right``, which overlap, as disjoint scopes: one dimension at a time, doubts last."""
    kept = left
    for index, (one, two) in enumerate(zip(left.name, right.name, strict=True)):
        if one is two or two is EVERYTHING:
            continue
        rest = glob_sets.minus(one, two)
        for part in rest:
            yield kept.with_segment(index, part)
        if rest:
            kept = kept.with_segment(index, glob_sets.meet(one, two))
    for key, asked in right.context.items():
        mine = kept.context.get(key, FREE)
        outside = condition_keys.minus(mine, asked, multivalued=multivalued(key))
        for piece in outside:
            yield kept.with_key(key, piece)
        if outside:
            kept = kept.with_key(key, condition_keys.meet(mine, asked))
    for doubt, true in right.doubts.items():
        if doubt not in kept.doubts:
            yield kept.with_doubt(doubt, true=not true)
            kept = kept.with_doubt(doubt, true=true)


def sealed(scope: Scope) -> Scope | None:
    """Return ``scope`` with a doubt for each dimension whose emptiness is not decided; None when it is empty."""
    result = scope
    for part in scope.name:
        state = glob_sets.inhabited(part)
        if state is False:
            return None
        if state is None:
            result = result.with_doubt(Assumption(f"whether any name matches {part}"))
    for key, asked in scope.context.items():
        possible = condition_keys.possible(asked)
        if possible is False:
            return None
        if possible is None:
            result = result.with_doubt(Assumption(f"whether any value of {key} is {asked}"))
    return result
