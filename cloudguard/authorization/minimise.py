"""Minimise a policy: merge statements that differ in one element, and drop redundant statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeAlias

from cloudguard.authorization.excess import Excess
from cloudguard.authorization.statements import matched
from cloudguard.model.iam_catalog import UnplacedStatement
from cloudguard.model.identity import Condition, Statement
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.permissions import PermissionSet

MinimisedStatement: TypeAlias = tuple[Statement, PermissionSet]
"""A statement and the requests that it matches."""
_JOINT: Final = "\n"
"""Joins the ids of several needs in the name of a merged statement."""
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
"""The letters and digits that every cloud accepts in a name."""
_MOST_NEEDS, _MOST_WORDS = 3, 8
"""The most needs, and the most words of each, that a statement's name shows."""


def minimised(excess: Excess) -> tuple[MinimisedStatement, ...]:
    """Return few statements that grant exactly the need of one identity.

    They are named after the needs. Statements without conditions come first. An unplaced need is included if a part
    of it is granted.
    """
    comparer, known = excess.comparer, excess.comparer.iam_catalog.known_context(excess.identity)
    needed = [
        replace(statement, name=choice.need.id) for choice in excess.choices for statement in choice.need.statements
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
    statements = _named(statement for statement, _ in kept)
    return tuple((statement, requests) for statement, (_, requests) in zip(statements, kept, strict=True))


def unplaced(excess: Excess) -> Iterator[UnplacedStatement]:
    """Yield the unplaced needs of which a part is granted, with statements named after the needs."""
    known = excess.comparer.iam_catalog.known_context(excess.identity)
    for choice in excess.choices:
        for each in choice.need.unplaced:
            if not matched(excess.comparer.space, each.statement, known).isdisjoint(excess.allowed):
                yield replace(each, statement=replace(each.statement, name=choice.need.id))


def merged(statements: Iterable[Statement], table: ActionTable) -> tuple[Statement, ...]:
    """Return fewer statements with the same meaning, sorted."""
    by_actions = [
        replace(
            group[0],
            name=_name_of_group(group),
            actions=_pruned(_union(statement.actions for statement in group), table),
        )
        for group in _groups(statements, _all_but_actions)
    ]
    by_resources = [
        replace(group[0], name=_name_of_group(group), resources=_union(statement.resources for statement in group))
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


def _name_of_group(statements: Iterable[Statement]) -> str:
    """Return the name of a statement that replaces all of ``statements``."""
    return _JOINT.join(sorted({need for statement in statements for need in statement.name.split(_JOINT)}))


def _named(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield the statements with distinct names, such as "KopsControlPlane" and "KopsControlPlane2"."""
    used: dict[str, int] = {}
    for statement in statements:
        name = _name(statement.name.split(_JOINT))
        used[name] = used.get(name, 0) + 1
        yield replace(statement, name=f"{name}{used[name]}" if used[name] > 1 else name)


def _name(needs: list[str]) -> str:
    names = [_camel_case(need) for need in needs[:_MOST_NEEDS]]
    return "And".join(names) + ("AndOthers" if needs[_MOST_NEEDS:] else "")


def _camel_case(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in _WORD.findall(text)[:_MOST_WORDS]) or "Need"
