"""A policy statement as the set of requests that it matches, whatever its effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import prod

from cloudguard.model.identity import Condition, Statement
from cloudguard.permission_sets import boxes, condition_keys, permissions
from cloudguard.permission_sets.boxes import EVERYWHERE, Box, Scope
from cloudguard.permission_sets.condition_keys import FREE
from cloudguard.permission_sets.condition_operators import Alternative, Assumption, Variables, alternatives, resolved
from cloudguard.permission_sets.globs import MANY, SEGMENTS, SEPARATOR, ReservedCharacterError
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.resource_names import EVERY_NAME, Name, patterned
from cloudguard.permission_sets.space import Space

_MOST_COMBINATIONS = 64
"""Ways for all conditions of a statement to hold together, beyond which they are one doubt."""


def matched(space: Space, statement: Statement, variables: Variables) -> PermissionSet:
    """Return the requests that ``statement`` matches; ``variables``: known values by lower-case name. Never raises."""
    conditions = _conditions(space, statement.conditions, variables)
    resources = list(_resources(space, statement, variables))
    scopes = (boxes.meet(resource, condition) for resource in resources for condition in conditions)
    parts = [
        Box(mask, scope.with_doubt(doubt) if doubt else scope)
        for scope in scopes
        if scope is not None
        for mask, doubt in _actions(space, statement)
    ]
    return permissions.of(space, parts)


def _actions(space: Space, statement: Statement) -> Iterator[tuple[int, Assumption | None]]:
    """Yield masks of actions, each with the doubt that it rests on."""
    table = space.table
    if statement.not_actions:
        yield table.everything & ~table.mask(statement.not_actions), None
        return
    known = [text for text in statement.actions if not table.unknown(text)]
    if mask := table.mask(known):
        yield mask, None
    for text in sorted(set(statement.actions).difference(known)):
        yield table.unlisted(text), Assumption(f"what the unlisted action {text} is")


def _resources(space: Space, statement: Statement, variables: Variables) -> Iterator[Scope]:
    listed = statement.resources or statement.not_resources
    known: list[Scope] = []
    doubtful: list[Scope] = []
    for text in dict.fromkeys(listed):
        names, sure = _names(text, variables)
        doubt = Assumption(f"which resources {text} means")
        scopes = (Scope(name) if sure else Scope(name).with_doubt(doubt) for name in names)
        (known if sure else doubtful).extend(scopes)
    if statement.resources:
        yield from (*known, *doubtful)
    elif listed:
        yield from _others(space, known, doubtful)


def _others(space: Space, known: Iterable[Scope], doubtful: Iterable[Scope]) -> Iterator[Scope]:
    """Yield every name but these; within a doubtful one, only if it does not mean that name."""
    every = space.table.everything
    outside = permissions.carved(space, [Box(every, EVERYWHERE)], [Box(every, one) for one in (*known, *doubtful)])
    yield from dict.fromkeys(box.scope for box in outside)


def _names(text: str, variables: Variables) -> tuple[tuple[Name, ...], bool]:
    """Return what a resource pattern matches, and whether that is known; else it is more than that."""
    try:
        marked = resolved(text, variables, wildcards=True)
    except ReservedCharacterError:
        return (EVERY_NAME,), False
    if not marked.known and text[: text.index("${")].count(SEPARATOR) < SEGMENTS - 1:
        return patterned(MANY), False
    return patterned(marked.text), marked.known


def _conditions(space: Space, conditions: Iterable[Condition], variables: Variables) -> list[Scope]:
    """Return the ways for all conditions to hold."""
    ways: list[tuple[tuple[str, Alternative], ...]] = []
    for condition in conditions:
        key = condition.key.lower()
        many = space.multivalued(key)
        found = alternatives(condition.operator, key, condition.values, variables, multivalued=many)
        ways.append(tuple((key, way) for way in found))
    if prod(map(len, ways)) > _MOST_COMBINATIONS:
        return [EVERYWHERE.with_doubt(Assumption("a statement has too many doubtful conditions", space.serial()))]
    scopes = (_together(combination) for combination in product(*ways))
    return [scope for scope in scopes if scope is not None]


def _together(ways: Iterable[tuple[str, Alternative]]) -> Scope | None:
    """Return where one alternative of every condition holds; None: nowhere."""
    scope = EVERYWHERE
    for key, way in ways:
        asked = condition_keys.meet(scope.context.get(key, FREE), way.asked)
        if condition_keys.possible(asked) is False:
            return None
        if asked != FREE:
            scope = scope.with_key(key, asked)
        if way.doubt:
            scope = scope.with_doubt(way.doubt)
    return scope
