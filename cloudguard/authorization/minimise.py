"""An identity's need as few statements: joined where they differ in one thing, dropped where others say it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from cloudguard.authorization.excess import Excess
from cloudguard.authorization.statements import matched
from cloudguard.model.identity import Condition, Statement
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.permissions import PermissionSet


def minimised(excess: Excess) -> tuple[tuple[Statement, PermissionSet], ...]:
    """Return the statements of what one identity needs, labelled "#1" on, each with the requests that it allows.

    The unconditioned first, then by action.
    """
    comparer = excess.comparer
    wanted = joined((one for choice in excess.choices for one in choice.need.statements), comparer.space.table)
    held = [(one, matched(comparer.space, one, comparer.known.variables)) for one in wanted]
    kept = [one for one in held if one[1]]
    for one in sorted(kept, key=lambda pair: len(pair[0].actions)):
        others = [each for each in kept if each is not one and each[0].effect is one[0].effect]
        rest = (box for _, requests in others for box in requests.parts)
        if one[1] <= PermissionSet(comparer.space, tuple(rest)):
            kept = others
    return tuple((replace(one, label=f"#{number}"), requests) for number, (one, requests) in enumerate(kept, 1))


def joined(statements: Iterable[Statement], table: ActionTable) -> tuple[Statement, ...]:
    """Return fewer statements that say the same, in order."""
    by_actions = _together(statements, _but_actions, lambda alike: replace(alike[0], actions=_union(alike, "actions")))
    pruned = (replace(one, actions=_pruned(one.actions, table)) for one in by_actions)
    found = _together(pruned, _but_resources, lambda alike: replace(alike[0], resources=_union(alike, "resources")))
    return tuple(sorted(found, key=_order))


def _together(
    statements: Iterable[Statement],
    same: Callable[[Statement], Hashable],
    join: Callable[[list[Statement]], Statement],
) -> list[Statement]:
    alike: dict[Hashable, list[Statement]] = {}
    for one in statements:
        alike.setdefault(same(one), []).append(one)
    return [join(ones) for ones in alike.values()]


def _union(alike: list[Statement], field: str) -> tuple[str, ...]:
    return tuple(sorted({value for one in alike for value in getattr(one, field)}))


def _asked(conditions: Iterable[Condition]) -> Hashable:
    return frozenset((one.operator.lower(), one.key.lower(), frozenset(one.values)) for one in conditions)


def _but_actions(one: Statement) -> Hashable:
    """Return what statements have in common whose actions can be listed in one."""
    on = (frozenset(one.resources), frozenset(one.not_resources))
    return (one.effect, *on, frozenset(one.not_actions), _asked(one.conditions))


def _but_resources(one: Statement) -> Hashable:
    """Return what statements have in common whose resources can be listed in one."""
    do = (frozenset(one.actions), frozenset(one.not_actions))
    return (one.effect, *do, frozenset(one.not_resources), _asked(one.conditions))


def _pruned(actions: tuple[str, ...], table: ActionTable) -> tuple[str, ...]:
    """Return the actions that no other one of them covers."""
    kept = list(actions)
    for action in actions:
        mask = 0 if table.unknown(action) else table.mask((action,))
        others = [one for one in kept if one != action and not table.unknown(one)]
        if mask and any(not mask & ~table.mask((one,)) for one in others):
            kept.remove(action)
    return tuple(kept)


def _order(one: Statement) -> tuple[object, ...]:
    first = min((*one.actions, *one.not_actions), default="").lower()
    return (one.effect.value, bool(one.conditions), one.resources != ("*",), first, one.resources)
