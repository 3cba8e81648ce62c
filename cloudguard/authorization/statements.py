"""Policy statements as the sets of requests that they match. The effect of a statement does not matter here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Final

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.permission_sets.boxes import EVERYWHERE, NOWHERE, Box, Scope
from cloudguard.permission_sets.condition_keys import FREE
from cloudguard.permission_sets.condition_operators import (
    Alternative,
    Assumption,
    KnownContext,
    alternatives,
    has_no_value,
    resolved,
)
from cloudguard.permission_sets.globs import MANY, SEGMENTS, SEPARATOR, ReservedCharacterError
from cloudguard.permission_sets.permissions import PermissionSet, difference
from cloudguard.permission_sets.resource_names import EVERY_NAME, ResourceNames, resource_pattern
from cloudguard.permission_sets.space import Space

_MAX_COMBINATIONS: Final = 64
"""The maximum number of combinations of a statement's conditions. More of them are replaced by one assumption."""


def matched(space: Space, statement: Statement, known: KnownContext) -> PermissionSet:
    """Return the requests that ``statement`` matches, given their ``known`` context. Never raises."""
    resources, actions = list(_resources(space, statement, known)), list(_actions(space, statement))
    boxes = [
        Box(mask & within, scope.assuming(assumption) if assumption else scope)
        for within, context in _contexts(space, statement.conditions, known)
        for condition in _conditions(space, statement.conditions, context)
        for resource in resources
        if (scope := resource & condition) is not NOWHERE
        for mask, assumption in actions
        if mask & within
    ]
    return PermissionSet.of(space, boxes)


def depends_on_context(statements: Iterable[Statement], known: KnownContext) -> bool:
    """Whether the requests that the statements match may depend on the known context."""
    listed = list(statements)
    keys = {condition.key.lower() for statement in listed for condition in statement.conditions}
    texts = (text for statement in listed for text in (*statement.resources, *statement.not_resources))
    values = (text for statement in listed for condition in statement.conditions for text in condition.values)
    prefixes = {f"{key.partition('/')[0]}/*" for key in keys}
    return not (keys | prefixes).isdisjoint(known) or any("${" in text for text in (*texts, *values))


def _contexts(space: Space, conditions: Iterable[Condition], known: KnownContext) -> Iterator[tuple[int, KnownContext]]:
    """Yield masks of actions, each with the known context of their requests. Some services fix more context keys."""
    keys = {condition.key.lower() for condition in conditions}
    masks: dict[frozenset[tuple[str, str]], int] = {}
    rest = space.table.everything
    for service in space.table.services if keys else ():
        fixed = frozenset((key, value) for key, value in space.service_context(service).items() if key in keys)
        if fixed:
            masks[fixed] = masks.get(fixed, 0) | space.table.service_mask(service)
    for fixed, mask in masks.items():
        rest &= ~mask
        yield mask, {**known, **dict(fixed)}
    yield rest, known


def _actions(space: Space, statement: Statement) -> Iterator[tuple[int, Assumption | None]]:
    """Yield masks of actions, each with the assumption on which it rests."""
    table = space.table
    excepted = table.mask(statement.not_actions)
    if not statement.actions:
        yield table.everything & ~excepted, None
        return
    listed = [text for text in statement.actions if not table.unknown(text)]
    if mask := table.mask(listed) & ~excepted:
        yield mask, None
    for text in sorted(set(statement.actions).difference(listed)):
        yield table.unlisted(text), Assumption(f"the action {text} is not in the catalog")


def _resources(space: Space, statement: Statement, known: KnownContext) -> Iterator[Scope]:
    exact: list[Scope] = []
    assumed: list[Scope] = []
    any_value = bool(statement.resources) == (statement.effect is Effect.ALLOW)
    for text in dict.fromkeys(statement.resources or statement.not_resources):
        if statement.resources and has_no_value(text, known):
            continue
        patterns, is_exact = _names(text, known, any_value=any_value)
        if is_exact:
            exact.extend(map(Scope, patterns))
        else:
            assumption = Assumption(f"it is unknown which resources {text} matches")
            assumed.extend(Scope(names).assuming(assumption) for names in patterns)
    if statement.resources:
        yield from (*exact, *assumed)
    elif statement.not_resources:
        every = space.table.everything
        excluded = [Box(every, scope) for scope in (*exact, *assumed)]
        others = difference(space, [Box(every, EVERYWHERE)], excluded)
        yield from dict.fromkeys(box.scope for box in others)


def _names(text: str, known: KnownContext, *, any_value: bool) -> tuple[tuple[ResourceNames, ...], bool]:
    """Return the names that a resource pattern matches, and whether it matches all of them.

    False: it is unknown which of them it matches. ``any_value``: return the names that the pattern matches for any
    value of its variables, which are those that a statement allows, or does not deny, in some request.
    """
    in_last_segment = text.partition("${")[0].count(SEPARATOR) >= SEGMENTS - 1
    try:
        value = resolved(text, known, wildcards=True, any_value=any_value and in_last_segment)
    except ReservedCharacterError:
        return (EVERY_NAME,), False
    if not value.exact and not in_last_segment:
        return resource_pattern(MANY), False
    return resource_pattern(value.part), value.exact


def _conditions(space: Space, conditions: Iterable[Condition], known: KnownContext) -> list[Scope]:
    """Return the scopes in which all conditions hold, one for each combination of their alternatives."""
    choices: list[tuple[tuple[str, Alternative], ...]] = []
    for condition in conditions:
        key = condition.key.lower()
        multivalued = space.multivalued(key)
        pairs = alternatives(condition.operator, key, condition.values, known, multivalued=multivalued)
        choices.append(tuple((key, alternative) for alternative in pairs))
    if prod(map(len, choices)) > _MAX_COMBINATIONS:
        return [EVERYWHERE.assuming(Assumption("a statement has too many undecided conditions", space.serial()))]
    scopes = (_combined(combination) for combination in product(*choices))
    return [scope for scope in scopes if scope is not NOWHERE]


def _combined(choices: Iterable[tuple[str, Alternative]]) -> Scope:
    """Return the scope in which one alternative of every condition holds, or ``NOWHERE`` if there is certainly none."""
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
