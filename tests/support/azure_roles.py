"""Filter lists of role assignments and deny assignments: by scope, by principal, and by group.

https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from azure_ids import Item, ResourceId

_PRINCIPAL = re.compile(r"principalId eq '([^']+)'", re.IGNORECASE)
_ASSIGNED = re.compile(r"assignedTo\('([^']+)'\)", re.IGNORECASE)
_NAMED = re.compile(r"(type|roleName) eq '([^']+)'", re.IGNORECASE)
_AT_SCOPE = re.compile(r"atScope\(\)", re.IGNORECASE)


def is_above(scope: str, place: str) -> bool:
    """Whether ``scope`` is ``place`` or contains it. Management groups and the root contain every subscription."""
    return scope in {"", place} or place.startswith(f"{scope}/") or scope.startswith("/providers/microsoft.management/")


def is_under(scope: str, place: str) -> bool:
    """Whether an assignment at ``scope`` is listed at ``place``: the scopes are equal, or one contains the other."""
    return is_above(scope, place) or scope.startswith(f"{place}/")


def filtered(items: list[Item], path: str, asked: str, members: Mapping[str, set[str]]) -> list[Item] | None:
    """Return the items that pass the filter ``asked``. None if the filter is not understood."""
    if not asked:
        return items
    found = items
    for part in re.split(r"\s+and\s+", asked):
        principal, assigned, named = _PRINCIPAL.fullmatch(part), _ASSIGNED.fullmatch(part), _NAMED.fullmatch(part)
        if _AT_SCOPE.fullmatch(part):
            place = ResourceId.of(path).scope
            found = [item for item in found if is_above(ResourceId.of(item["id"]).scope, place)]
        elif principal:
            found = [item for item in found if item["properties"]["principalId"].lower() == principal[1].lower()]
        elif assigned:
            whose = _with_groups(assigned[1].lower(), members)
            found = [item for item in found if item["properties"]["principalId"].lower() in whose]
        elif named:
            found = [item for item in found if item["properties"].get(named[1]) == named[2]]
        else:
            return None
    return found


def _with_groups(principal: str, members: Mapping[str, set[str]]) -> set[str]:
    """Return a principal and all groups that it is in, directly or through another group."""
    found = {principal}
    while more := {group for group, inside in members.items() if inside & found} - found:
        found |= more
    return found
