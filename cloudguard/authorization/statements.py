"""A policy statement as the set of requests that it matches, whatever its effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import prod

from cloudguard.model.identity import Condition, Statement
from cloudguard.permission_sets.boxes import EVERYWHERE, NOWHERE, Box, Scope
from cloudguard.permission_sets.condition_keys import FREE
from cloudguard.permission_sets.condition_operators import Alternative, Assumption, Variables, alternatives, resolved
from cloudguard.permission_sets.globs import MANY, SEGMENTS, SEPARATOR, ReservedCharacterError
from cloudguard.permission_sets.permissions import PermissionSet, difference
from cloudguard.permission_sets.resource_names import EVERY_NAME, ResourceNames, resource_pattern
from cloudguard.permission_sets.space import Space

_MOST_COMBINATIONS = 64
"""Ways for all conditions of a statement to hold together, beyond which they are one doubt."""


def matched(space: Space, statement: Statement, variables: Variables) -> PermissionSet:
    """Return the requests that ``statement`` matches; ``variables``: known values by lower-case name. Never raises."""
    conditions = _conditions(space, statement.conditions, variables)
    resources = list(_resources(space, statement, variables))
    scopes = (resource & condition for resource in resources for condition in conditions)
    parts = [
        Box(mask, scope.assuming(doubt) if doubt else scope)
        for scope in scopes
        if scope is not NOWHERE
        for mask, doubt in _actions(space, statement)
    ]
    return PermissionSet.of(space, parts)


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
        scopes = (Scope(name) if sure else Scope(name).assuming(doubt) for name in names)
        (known if sure else doubtful).extend(scopes)
    if statement.resources:
        yield from (*known, *doubtful)
    elif listed:
        yield from _others(space, known, doubtful)


def _others(space: Space, known: Iterable[Scope], doubtful: Iterable[Scope]) -> Iterator[Scope]:
    """Yield every name but these; within a doubtful one, only if it does not mean that name."""
    every = space.table.everything
    outside = difference(space, [Box(every, EVERYWHERE)], [Box(every, one) for one in (*known, *doubtful)])
    yield from dict.fromkeys(box.scope for box in outside)


def _names(text: str, variables: Variables) -> tuple[tuple[ResourceNames, ...], bool]:
    """Return what a resource pattern matches, and whether that is known; else it is more than that."""
    try:
        marked = resolved(text, variables, wildcards=True)
    except ReservedCharacterError:
        return (EVERY_NAME,), False
    if not marked.exact and text[: text.index("${")].count(SEPARATOR) < SEGMENTS - 1:
        return resource_pattern(MANY), False
    return resource_pattern(marked.part), marked.exact


def _conditions(space: Space, conditions: Iterable[Condition], variables: Variables) -> list[Scope]:
    """Return the ways for all conditions to hold."""
    ways: list[tuple[tuple[str, Alternative], ...]] = []
    for condition in conditions:
        key = condition.key.lower()
        many = space.multivalued(key)
        found = alternatives(condition.operator, key, condition.values, variables, multivalued=many)
        ways.append(tuple((key, way) for way in found))
    if prod(map(len, ways)) > _MOST_COMBINATIONS:
        return [EVERYWHERE.assuming(Assumption("a statement has too many doubtful conditions", space.serial()))]
    scopes = (_together(combination) for combination in product(*ways))
    return [scope for scope in scopes if scope is not NOWHERE]


def _together(ways: Iterable[tuple[str, Alternative]]) -> Scope:
    """Return where one alternative of every condition holds; ``NOWHERE`` if certainly no context satisfies all."""
    scope = EVERYWHERE
    for key, way in ways:
        constraint = scope.context.get(key, FREE) & way.constraint
        if not constraint:
            return NOWHERE
        if constraint != FREE:
            scope = scope.with_key(key, constraint)
        if way.assumption:
            scope = scope.assuming(way.assumption)
    return scope
