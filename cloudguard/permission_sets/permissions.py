"""Permission sets: unions of boxes, closed under union, intersection and difference, exact but for their doubts.

A set stands for everything between ``lower`` (in it whatever the doubts turn out to be) and ``upper`` (in it for
some way they may turn out). Doubts that meet themselves cancel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from cloudguard.permission_sets import boxes, condition_keys, glob_sets, resource_names
from cloudguard.permission_sets.boxes import Box, Scope
from cloudguard.permission_sets.condition_operators import Assumption
from cloudguard.permission_sets.glob_search import UndecidedError
from cloudguard.permission_sets.space import Request, Space

GAVE_UP = "the difference has too many parts"
_TIDY = 600
"""Boxes up to which each is compared with each to drop what another holds."""


@dataclass(frozen=True)
class PermissionSet:
    """A set of requests; made by ``of``. Some of its ``parts`` may hold others."""

    space: Space
    parts: tuple[Box, ...]

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """The parts but for what another one holds: worth the work where all of the set is combined or told."""
        return tuple(_tidied(self.parts, self.space))

    @property
    def is_empty(self) -> bool:
        """Whether it is proved to have no member, whatever the doubts."""
        return not self.parts

    @property
    def lower(self) -> PermissionSet:
        """What is surely in it."""
        return PermissionSet(self.space, tuple(box for box in self.parts if not box.scope.doubts))

    @property
    def upper(self) -> PermissionSet:
        """What may be in it."""
        if not self.causes:
            return self
        return PermissionSet(self.space, _merged(Box(box.actions, box.scope.without_doubts()) for box in self.parts))

    @property
    def causes(self) -> tuple[str, ...]:
        """What could not be decided."""
        return tuple(sorted({doubt.cause for box in self.boxes for doubt in box.scope.doubts}))

    @property
    def actions(self) -> int:
        """The mask of all actions in it."""
        found = 0
        for box in self.parts:
            found |= box.actions
        return found

    def only(self, actions: int) -> PermissionSet:
        """Return the part that is about the actions of a mask."""
        kept = (Box(box.actions & actions, box.scope) for box in self.parts if box.actions & actions)
        return PermissionSet(self.space, tuple(kept))

    def __or__(self, other: PermissionSet) -> PermissionSet:
        return of(self.space, (*self.parts, *other.parts))

    def __and__(self, other: PermissionSet) -> PermissionSet:
        met: list[Box] = []
        for left in self.boxes:
            for right in other.boxes:
                actions = left.actions & right.actions
                if actions:
                    scope = boxes.meet(left.scope, right.scope)
                    if scope is not None:
                        met.append(Box(actions, scope))
        return of(self.space, met)

    def meets(self, other: PermissionSet) -> bool:
        """Whether they may share a request."""
        for left in self.parts:
            for right in other.parts:
                actions = left.actions & right.actions
                if actions:
                    scope = boxes.meet(left.scope, right.scope)
                    if scope is not None and self.space.live(actions, scope.name):
                        return True
        return False

    def __sub__(self, other: PermissionSet) -> PermissionSet:
        return of(self.space, carved(self.space, self.boxes, other.boxes)) if other.parts else self

    def __le__(self, other: PermissionSet) -> bool:
        """Whether all of it is proved to be in ``other``."""
        return next(carved(self.space, self.parts, other.parts), None) is None

    def witness(self) -> Request | None:
        """Return a member, one without assumptions if there is one; None if it is empty or none could be built."""
        return _first(_request(self.space, box) for box in self.boxes)

    def beyond(self, other: PermissionSet) -> Request | None:
        """Return a witness of ``self - other`` without building the difference."""
        return _first(_request(self.space, box) for box in carved(self.space, self.parts, other.parts))

    def has(self, request: Request) -> bool | None:
        """Whether ``request`` is in it; None: that rests on a doubt."""
        bit, segments = self.space.table.bit(request.action), resource_names.split(request.name)
        if bit is None or segments is None:
            return None if bit is None and not self.is_empty else False
        holding = [box for box in self.parts if box.actions & bit and _holds(box.scope, segments, request)]
        if any(not box.scope.doubts for box in holding):
            return True
        return None if holding else False


def of(space: Space, parts: Iterable[Box]) -> PermissionSet:
    """Return the union of ``parts``, without what is known to be empty."""
    live: list[Box] = []
    for box in parts:
        scope = boxes.sealed(box.scope)
        actions = space.live(box.actions, box.scope.name) if scope else 0
        if scope and actions:
            live.append(Box(actions, scope))
    return PermissionSet(space, _merged(live))


def _merged(parts: Iterable[Box]) -> tuple[Box, ...]:
    """Join the actions of equal scopes."""
    merged: dict[Scope, int] = {}
    for box in parts:
        merged[box.scope] = merged.get(box.scope, 0) | box.actions
    return tuple(Box(actions, scope) for scope, actions in merged.items())


def _tidied(parts: tuple[Box, ...], space: Space) -> Iterable[Box]:
    """Take from each box the actions that a wider one has."""
    if len(parts) > _TIDY:
        return parts
    kept: dict[Scope, int] = {}
    for box in parts:
        scope, actions = box.scope, box.actions
        for other, held in kept.items():
            if actions & held and boxes.within(scope, other, space.multivalued):
                actions &= ~held
        if not actions:
            continue
        for other, held in kept.items():
            if actions & held and boxes.within(other, scope, space.multivalued):
                kept[other] = held & ~actions
        kept[scope] = actions
    return [Box(actions, scope) for scope, actions in kept.items() if actions]


@dataclass(slots=True)
class _Fuel:
    left: int


def carved(space: Space, left: Iterable[Box], right: Sequence[Box]) -> Iterator[Box]:
    """Yield the boxes of ``left`` without ``right``; beyond the space's limit, in doubt, some that it may not have."""
    fuel = _Fuel(space.limit)
    for box in left:
        actions = box.actions
        rivals: list[Box] = []
        for other in right:
            if actions & other.actions and not boxes.apart(box.scope, other.scope):
                if boxes.within(box.scope, other.scope, space.multivalued):
                    actions &= ~other.actions
                else:
                    rivals.append(other)
            if not actions:
                break
        for group, scopes in _classes(actions, rivals):
            for scope in _carved_scope(space, group, box.scope, scopes, fuel):
                sealed = boxes.sealed(scope)
                live = space.live(group, scope.name) if sealed else 0
                if sealed and live:
                    yield Box(live, sealed)


def _classes(actions: int, rivals: list[Box]) -> Iterator[tuple[int, list[Scope]]]:
    """Yield the actions in classes that the same rivals are about, with the scopes of those."""
    classes: dict[tuple[int, ...], int] = {(): actions} if actions else {}
    for index, rival in enumerate(rivals):
        refined: dict[tuple[int, ...], int] = {}
        for members, mask in classes.items():
            if mask & ~rival.actions:
                refined[members] = mask & ~rival.actions
            if mask & rival.actions:
                refined[*members, index] = mask & rival.actions
        classes = refined
    for members, mask in classes.items():
        yield mask, list(dict.fromkeys(rivals[index].scope for index in members))


def _carved_scope(space: Space, actions: int, scope: Scope, rivals: list[Scope], fuel: _Fuel) -> Iterator[Scope]:
    """Yield what no rival holds, depth first: each piece is tried against the rivals that it still meets."""
    stack = [(scope, rivals)]
    while stack:
        piece, others = stack.pop()
        fuel.left -= 1 + len(others)
        if fuel.left < 0:
            yield piece.with_doubt(Assumption(GAVE_UP, space.serial()))
            continue
        met = [other for other in others if not boxes.apart(piece, other)]
        if not met:
            yield piece
        elif space.live(actions, piece.name) and not any(boxes.within(piece, o, space.multivalued) for o in met):
            pieces = [(part, met[1:]) for part in boxes.carve(piece, met[0], space.multivalued)]
            stack.extend(reversed(pieces))


def _holds(scope: Scope, segments: tuple[str, ...], request: Request) -> bool:
    if not resource_names.has(scope.name, segments):
        return False
    given = dict(request.context)
    return all(condition_keys.holds(asked, given.get(key)) for key, asked in scope.context.items())


def _first(requests: Iterable[Request | None]) -> Request | None:
    fallback: Request | None = None
    for request in requests:
        if request is not None and not request.assuming:
            return request
        fallback = fallback or request
    return fallback


def _request(space: Space, box: Box) -> Request | None:
    """Return a member of ``box``; None where none can be built within the budget."""
    listed = box.actions & space.table.listed or box.actions
    for action in space.table.names(listed):
        typical = list(space.typical(action))
        for form in space.names_of(action):
            parts = tuple(glob_sets.meet(part, shape) for part, shape in zip(box.scope.name, form, strict=True))
            if glob_sets.NOTHING in parts:
                continue
            try:
                name = resource_names.written(_readable(parts, typical) or tuple(map(condition_keys.text, parts)))
                context = tuple((key, condition_keys.sample(asked)) for key, asked in sorted(box.scope.context.items()))
            except UndecidedError:
                continue
            return Request(action, name, context, tuple(sorted(doubt.cause for doubt in box.scope.doubts)))
    return None


def _readable(parts: resource_names.Name, typical: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """Return a name in ``parts`` that keeps what it can of a typical one; None where no typical one is at hand."""
    best: tuple[int, tuple[str, ...]] | None = None
    for wanted in typical:
        fits = [glob_sets.contains(part, text) for part, text in zip(parts, wanted, strict=True)]
        name = tuple(
            text if fit else condition_keys.text(part) for part, text, fit in zip(parts, wanted, fits, strict=True)
        )
        if best is None or sum(fits) > best[0]:
            best = sum(fits), name
    return best[1] if best else None
