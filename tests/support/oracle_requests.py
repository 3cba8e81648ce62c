"""The requests of scopes and permission sets as plain sets, for every combination of two assumptions' truth."""

from __future__ import annotations

from itertools import product

from cloudguard.permission_sets.boxes import Scope
from cloudguard.permission_sets.condition_keys import FREE
from cloudguard.permission_sets.permissions import PermissionSet
from strategies import ASSUMPTIONS

NAMES = tuple(f"{first}:p:{last}:::x" for first, last in product(("", "a", "ab", "y"), repeat=2))
SINGLE = (None, ("",), ("a",), ("b",), ("ab",), ("y",))
SEVERAL = (*SINGLE, ("a", "b"), ("a", "y"), ("a", "ab", ""))
OUTCOMES = tuple(product((True, False), repeat=len(ASSUMPTIONS)))


def requests(scope: Scope) -> set[tuple[object, ...]]:
    """Return the requests in a scope: name, values of "single" and "several", truth of the assumptions."""
    single, several = (scope.context.get(key, FREE) for key in ("single", "several"))
    true = (
        outcome
        for outcome in OUTCOMES
        if all(outcome[ASSUMPTIONS.index(each)] == true for each, true in scope.assumptions.items())
    )
    names = (name for name in NAMES if name in scope.names)
    return {*product(names, filter(single.allows, SINGLE), filter(several.allows, SEVERAL), true)}


def all_requests(permissions: PermissionSet) -> set[tuple[object, ...]]:
    """Return the requests in a permission set, each with its action first."""
    parts = ((box, permissions.space.table.names(box.actions)) for box in permissions.parts)
    return {(action, *request) for box, actions in parts for action in actions for request in requests(box.scope)}
