"""Permission sets: unions of boxes, closed under union, intersection and difference, exact except for assumptions.

The real set is between ``lower`` (members with any truth of the assumptions) and ``upper`` (members if some assumptions
are true). An assumption that occurs on both sides of an operator cancels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from cloudguard.permission_sets.boxes import NOWHERE, Box, Scope
from cloudguard.permission_sets.condition_operators import Assumption
from cloudguard.permission_sets.glob_search import UndecidedError
from cloudguard.permission_sets.globs import SEGMENTS
from cloudguard.permission_sets.resource_names import NO_NAMES, ResourceNames, joined
from cloudguard.permission_sets.space import Request, Space
from cloudguard.values import dataclass

TOO_MANY_PARTS = "the difference has too many parts"
_MOST_COMPARED = 600
"""The maximum number of boxes that are compared pairwise to drop redundant boxes."""


@dataclass(frozen=True)
class PermissionSet:
    """A set of requests. Made by ``of``. ``==`` and ``hash`` compare parts, not their union. Parts may overlap."""

    space: Space
    parts: tuple[Box, ...] = ()

    @classmethod
    def of(cls, space: Space, boxes: Iterable[Box]) -> PermissionSet:
        """Return the union of ``boxes``, without boxes that are certainly empty."""
        return cls(space, _merged(box for each in boxes if (box := _possible(space, each)) is not None))

    @classmethod
    def union(cls, space: Space, sets: Iterable[PermissionSet]) -> PermissionSet:
        """Return the union of ``sets``."""
        return cls.of(space, (box for requests in sets for box in requests.parts))

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """``parts`` without redundant boxes, in quadratic time. Use it before combining or printing a set."""
        return tuple(_without_redundant(self.parts))

    @property
    def lower(self) -> PermissionSet:
        """The requests that are certainly in the set."""
        return PermissionSet(self.space, tuple(box for box in self.parts if not box.scope.assumptions))

    @property
    def upper(self) -> PermissionSet:
        """The requests that may be in the set."""
        if not self.assumptions:
            return self
        boxes = (Box(box.actions, box.scope.without_assumptions()) for box in self.parts)
        return PermissionSet(self.space, _merged(boxes))

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The reasons why it is undecided whether some requests are in the set."""
        return tuple(sorted({assumption.cause for box in self.boxes for assumption in box.scope.assumptions}))

    @property
    def actions(self) -> int:
        """The mask of all actions in the set."""
        mask = 0
        for box in self.parts:
            mask |= box.actions
        return mask

    def only(self, actions: int) -> PermissionSet:
        """Return the requests whose action is in the mask ``actions``."""
        kept = (Box(box.actions & actions, box.scope) for box in self.parts if box.actions & actions)
        return PermissionSet(self.space, tuple(kept))

    def __bool__(self) -> bool:
        """Whether the set may have members: False only if it is certainly empty."""
        return bool(self.parts)

    def __or__(self, other: PermissionSet) -> PermissionSet:
        return PermissionSet.union(self.space, (self, other))

    def __and__(self, other: PermissionSet) -> PermissionSet:
        return PermissionSet.of(self.space, _intersection(self.boxes, other.boxes))

    def __sub__(self, other: PermissionSet) -> PermissionSet:
        if not other.parts:
            return self
        return PermissionSet.of(self.space, difference(self.space, self.boxes, other.boxes))

    def __le__(self, other: PermissionSet) -> bool:
        """Whether every request is certainly in ``other``."""
        return next(difference(self.space, self.parts, other.parts), None) is None

    def isdisjoint(self, other: PermissionSet) -> bool:
        """Whether it is certain that no request is in both sets."""
        common = _intersection(self.parts, other.parts)
        return not any(self.space.applicable(box.actions, box.scope.names) for box in common)

    def witness(self) -> Request | None:
        """Return a member, without assumptions if possible. None: the set is empty, or no member could be built."""
        return _first(_request(self.space, box) for box in self.boxes)

    def has(self, request: Request) -> bool | None:
        """Whether ``request`` is in the set. None: this rests on an assumption."""
        bit = self.space.table.bit(request.action)
        if bit is None:
            return None if self else False
        holding = [box for box in self.parts if box.actions & bit and _allows(box.scope, request)]
        if any(not box.scope.assumptions for box in holding):
            return True
        return None if holding else False


def _possible(space: Space, box: Box) -> Box | None:
    """Return ``box`` with only the actions that apply to its names, and with the assumption that it has members.

    None: it certainly has none.
    """
    scope = box.scope.assuming_members()
    actions = 0 if scope is NOWHERE else space.applicable(box.actions, scope.names)
    return Box(actions, scope) if actions else None


def _merged(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Return the boxes with the actions of equal scopes joined."""
    merged: dict[Scope, int] = {}
    for box in boxes:
        merged[box.scope] = merged.get(box.scope, 0) | box.actions
    return tuple(Box(actions, scope) for scope, actions in merged.items())


def _without_redundant(boxes: tuple[Box, ...]) -> Iterable[Box]:
    """Return the boxes without the actions that a box with a wider scope has too."""
    if len(boxes) > _MOST_COMPARED:
        return boxes
    kept: dict[Scope, int] = {}
    for box in boxes:
        scope, actions = box.scope, box.actions
        for other, others in kept.items():
            if actions & others and scope <= other:
                actions &= ~others
        if not actions:
            continue
        for other, others in kept.items():
            if actions & others and other <= scope:
                kept[other] = others & ~actions
        kept[scope] = actions
    return [Box(actions, scope) for scope, actions in kept.items() if actions]


def _intersection(left: Iterable[Box], right: Sequence[Box]) -> Iterator[Box]:
    for box in left:
        for other in right:
            actions = box.actions & other.actions
            if actions:
                scope = box.scope & other.scope
                if scope is not NOWHERE:
                    yield Box(actions, scope)


@dataclasses.dataclass(slots=True)
class _Budget:
    steps: int


def difference(space: Space, left: Iterable[Box], right: Sequence[Box]) -> Iterator[Box]:
    """Yield the boxes of ``left`` without ``right``, depth first.

    After the space's limit of steps, the rest is yielded with an assumption, and may contain too much.
    """
    budget = _Budget(space.limit)
    for box in left:
        actions = box.actions
        overlapping: list[Box] = []
        for other in right:
            if actions & other.actions and not box.scope.isdisjoint(other.scope):
                if box.scope <= other.scope:
                    actions &= ~other.actions
                else:
                    overlapping.append(other)
            if not actions:
                break
        for mask, scopes in _grouped_by_scopes(actions, overlapping):
            for scope in _scope_difference(space, mask, box.scope, scopes, budget):
                part = _possible(space, Box(mask, scope))
                if part is not None:
                    yield part


def _grouped_by_scopes(actions: int, boxes: list[Box]) -> Iterator[tuple[int, list[Scope]]]:
    """Yield classes of ``actions`` that occur in the same ``boxes``, each with the scopes of these boxes."""
    classes: dict[tuple[int, ...], int] = {(): actions} if actions else {}
    for index, box in enumerate(boxes):
        refined: dict[tuple[int, ...], int] = {}
        for members, mask in classes.items():
            if mask & ~box.actions:
                refined[members] = mask & ~box.actions
            if mask & box.actions:
                refined[*members, index] = mask & box.actions
        classes = refined
    for members, mask in classes.items():
        yield mask, list(dict.fromkeys(boxes[index].scope for index in members))


def _scope_difference(
    space: Space, actions: int, scope: Scope, others: list[Scope], budget: _Budget
) -> Iterator[Scope]:
    """Yield the parts of ``scope`` outside ``others``. Each part is compared only with scopes that it overlaps."""
    stack = [(scope, others)]
    while stack:
        part, rest = stack.pop()
        budget.steps -= 1 + len(rest)
        if budget.steps < 0:
            yield part.assuming(Assumption(TOO_MANY_PARTS, space.serial()))
            continue
        overlapping = [other for other in rest if not part.isdisjoint(other)]
        if not overlapping:
            yield part
        elif space.applicable(actions, part.names) and not any(part <= other for other in overlapping):
            stack.extend((each, overlapping[1:]) for each in reversed(part - overlapping[0]))


def _allows(scope: Scope, request: Request) -> bool:
    if request.name not in scope.names:
        return False
    context = dict(request.context)
    return all(constraint.allows(context.get(key)) for key, constraint in scope.context.items())


def _first(requests: Iterable[Request | None]) -> Request | None:
    fallback: Request | None = None
    for request in requests:
        if request is not None and not request.assuming:
            return request
        fallback = fallback or request
    return fallback


def _request(space: Space, box: Box) -> Request | None:
    """Return a member of ``box``, or None if none could be built within the budget."""
    scope = box.scope
    assuming = tuple(sorted(assumption.cause for assumption in scope.assumptions))
    for action in space.table.names(box.actions & space.table.listed or box.actions):
        typical = space.typical_names(action)
        for names in space.names_of(action):
            common = scope.names & names
            if common is NO_NAMES:
                continue
            try:
                name = _readable_name(common, typical)
                values = {key: constraint.witness() for key, constraint in sorted(scope.context.items())}
            except UndecidedError:
                continue
            if name is not None and None not in values.values():
                return Request(action, name, tuple((key, texts or None) for key, texts in values.items()), assuming)
    return None


def _readable_name(names: ResourceNames, typical: Iterable[tuple[str, ...]]) -> str | None:
    """Return a name with as many segments of a typical name as possible, or None if there is no name.

    Raises UndecidedError if the search for a segment exceeds its budget.
    """

    def fitting(texts: tuple[str, ...]) -> list[str | None]:
        return [text if text in segment else None for segment, text in zip(names.segments, texts, strict=True)]

    best = max(map(fitting, typical), key=lambda texts: SEGMENTS - texts.count(None), default=[None] * SEGMENTS)
    texts = [segment.witness() if text is None else text for segment, text in zip(names.segments, best, strict=True)]
    segments = [text for text in texts if text is not None]
    return joined(tuple(segments)) if len(segments) == SEGMENTS else None
