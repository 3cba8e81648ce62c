"""A policy statement as the set of requests that it matches, whatever its effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Final

from cloudguard.model.identity import Condition, Statement
from cloudguard.permission_sets.boxes import EVERYWHERE, NOWHERE, Box, Scope
from cloudguard.permission_sets.condition_keys import FREE
from cloudguard.permission_sets.condition_operators import Alternative, Assumption, Variables, alternatives, resolved
from cloudguard.permission_sets.globs import MANY, SEGMENTS, SEPARATOR, ReservedCharacterError
from cloudguard.permission_sets.permissions import PermissionSet, difference
from cloudguard.permission_sets.resource_names import EVERY_NAME, ResourceNames, resource_pattern
from cloudguard.permission_sets.space import Space

_MAX_COMBINATIONS: Final = 64
"""Combinations of a statement's conditions, beyond which all of them are one assumption."""


def matched(space: Space, statement: Statement, variables: Variables) -> PermissionSet:
    """Return the requests that ``statement`` matches; ``variables``: known values by lower-case name. Never raises."""
    conditions = _conditions(space, statement.conditions, variables)
    resources = list(_resources(space, statement, variables))
    scopes = (resource & condition for resource in resources for condition in conditions)
    parts = [
        Box(mask, scope.assuming(assumption) if assumption else scope)
        for scope in scopes
        if scope is not NOWHERE
        for mask, assumption in _actions(space, statement)
    ]
    return PermissionSet.of(space, parts)


def _actions(space: Space, statement: Statement) -> Iterator[tuple[int, Assumption | None]]:
    """Yield masks of actions, each with the assumption that it rests on."""
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
    exact: list[Scope] = []
    assumed: list[Scope] = []
    for text in dict.fromkeys(statement.resources or statement.not_resources):
        patterns, is_exact = _names(text, variables)
        if is_exact:
            exact.extend(map(Scope, patterns))
        else:
            assumption = Assumption(f"which resources {text} means")
            assumed.extend(Scope(names).assuming(assumption) for names in patterns)
    if statement.resources:
        yield from (*exact, *assumed)
    elif statement.not_resources:
        every = space.table.everything
        excluded = [Box(every, scope) for scope in (*exact, *assumed)]
        others = difference(space, [Box(every, EVERYWHERE)], excluded)
        yield from dict.fromkeys(box.scope for box in others)


def _names(text: str, variables: Variables) -> tuple[tuple[ResourceNames, ...], bool]:
    """Return the names that a resource pattern matches; False: it matches some of them, which ones is unknown."""
    try:
        value = resolved(text, variables, wildcards=True)
    except ReservedCharacterError:
        return (EVERY_NAME,), False
    if not value.exact and text[: text.index("${")].count(SEPARATOR) < SEGMENTS - 1:
        return resource_pattern(MANY), False
    return resource_pattern(value.part), value.exact


def _conditions(space: Space, conditions: Iterable[Condition], variables: Variables) -> list[Scope]:
    """Return the scopes in which all conditions hold, one for each combination of their alternatives."""
    choices: list[tuple[tuple[str, Alternative], ...]] = []
    for condition in conditions:
        key = condition.key.lower()
        multivalued = space.multivalued(key)
        found = alternatives(condition.operator, key, condition.values, variables, multivalued=multivalued)
        choices.append(tuple((key, alternative) for alternative in found))
    if prod(map(len, choices)) > _MAX_COMBINATIONS:
        return [EVERYWHERE.assuming(Assumption("a statement has too many undecided conditions", space.serial()))]
    scopes = (_combined(combination) for combination in product(*choices))
    return [scope for scope in scopes if scope is not NOWHERE]


def _combined(choices: Iterable[tuple[str, Alternative]]) -> Scope:
    """Return where one alternative of every condition holds; ``NOWHERE`` if certainly no context satisfies all."""
    scope = EVERYWHERE
    for key, alternative in choices:
        constraint = scope.context.get(key, FREE) & alternative.constraint
        if not constraint:
            return NOWHERE
        if constraint != FREE:
            scope = scope.with_key(key, constraint)
        if alternative.assumption:
            scope = scope.assuming(alternative.assumption)
    return scope
