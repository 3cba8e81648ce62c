"""Minimise a policy: merge statements that differ in one element, and drop redundant statements."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from cloudguard.authorization.component_names import named, of_component, of_components
from cloudguard.authorization.excess import Excess
from cloudguard.authorization.statements import matched
from cloudguard.model.iam_catalog import UnplacedStatement
from cloudguard.model.identity import Condition, Statement
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.permissions import PermissionSet

MinimisedStatement: TypeAlias = tuple[Statement, PermissionSet]
"""A statement and the requests that it matches."""


def minimised(excess: Excess) -> tuple[MinimisedStatement, ...]:
    """Return few statements that grant exactly the need of one identity.

    They are named after the needs. Statements without conditions come first. An unplaced need is included if a part
    of it is granted.
    """
    comparer, known = excess.comparer, excess.comparer.iam_catalog.known_context(excess.identity)
    needed = [
        of_component(statement, choice.need.id) for choice in excess.choices for statement in choice.need.statements
    ]
    needed += (unplaced_statement.statement for unplaced_statement in unplaced(excess))
    minimal = [
        (statement, matched(comparer.space, statement, known)) for statement in merged(needed, comparer.space.table)
    ]
    kept = [each for each in minimal if each[1]]
    for each in sorted(kept, key=lambda pair: len(pair[0].actions)):
        others = [other for other in kept if other is not each]
        boxes = (box for statement, requests in others if statement.effect is each[0].effect for box in requests.parts)
        if each[1] <= PermissionSet(comparer.space, tuple(boxes)):
            kept = others
    statements = named(statement for statement, _ in kept)
    return tuple((statement, requests) for statement, (_, requests) in zip(statements, kept, strict=True))


def unplaced(excess: Excess) -> Iterator[UnplacedStatement]:
    """Yield the unplaced needs of which a part is granted, with statements named after the needs."""
    known = excess.comparer.iam_catalog.known_context(excess.identity)
    for choice in excess.choices:
        for each in choice.need.unplaced:
            if not matched(excess.comparer.space, each.statement, known).isdisjoint(excess.allowed):
                yield replace(each, statement=of_component(each.statement, choice.need.id))


def merged(statements: Iterable[Statement], table: ActionTable) -> tuple[Statement, ...]:
    """Return fewer statements with the same meaning, sorted."""
    by_actions = [
        replace(
            group[0],
            name=of_components(group),
            actions=_pruned(_union(statement.actions for statement in group), table),
        )
        for group in _groups(statements, _all_but_actions)
    ]
    by_resources = [
        replace(group[0], name=of_components(group), resources=_union(statement.resources for statement in group))
        for group in _groups(by_actions, _all_but_resources)
    ]
    return tuple(sorted(by_resources, key=_order))


def _groups(statements: Iterable[Statement], rest: Callable[[Statement], Hashable]) -> Iterable[list[Statement]]:
    """Return the statements in groups with the same value of ``rest``."""
    groups: dict[Hashable, list[Statement]] = {}
    for statement in statements:
        groups.setdefault(rest(statement), []).append(statement)
    return groups.values()


def _union(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({value for values in lists for value in values}))


def _conditions(conditions: Iterable[Condition]) -> Hashable:
    return frozenset(
        (condition.operator.lower(), condition.key.lower(), frozenset(condition.values)) for condition in conditions
    )


def _all_but_actions(statement: Statement) -> Hashable:
    resources = (frozenset(statement.resources), frozenset(statement.not_resources))
    return (statement.effect, *resources, frozenset(statement.not_actions), _conditions(statement.conditions))


def _all_but_resources(statement: Statement) -> Hashable:
    actions = (frozenset(statement.actions), frozenset(statement.not_actions))
    return (statement.effect, *actions, frozenset(statement.not_resources), _conditions(statement.conditions))


def _pruned(actions: tuple[str, ...], table: ActionTable) -> tuple[str, ...]:
    """Return the actions that no other action of the list covers."""
    kept = list(actions)
    for action in actions:
        mask = 0 if table.unknown(action) else table.mask((action,))
        others = [other for other in kept if other != action and not table.unknown(other)]
        if mask and any(not mask & ~table.mask((other,)) for other in others):
            kept.remove(action)
    return tuple(kept)


def _order(statement: Statement) -> tuple[object, ...]:
    first = min((*statement.actions, *statement.not_actions), default="").lower()
    narrowed = statement.resources != ("*",)
    return (statement.effect.value, bool(statement.conditions), narrowed, first, statement.resources)
