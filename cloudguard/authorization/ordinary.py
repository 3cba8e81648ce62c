"""Ordinary requests: requests that any caller with the permission can make, without a special condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudguard.permission_sets.boxes import Scope
from cloudguard.permission_sets.condition_keys import Constraint

_SYNTHETIC_VALUE: Final = "Zz9.y_z"
OrdinaryContext = Mapping[str, tuple[str, ...]]
"""The values of ordinary requests by lower-case context key; () is any value. "tag/*" means every key "tag/…"."""


def is_ordinary(scope: Scope, ordinary: OrdinaryContext) -> bool:
    """Whether ordinary requests meet every condition of ``scope``.

    A key with ordinary values has one of them. Another key is absent, and its condition may only exclude some values.
    """
    return all(_is_met(key, constraint, ordinary) for key, constraint in scope.context.items())


def _is_met(key: str, constraint: Constraint, ordinary: OrdinaryContext) -> bool:
    values = ordinary.get(key, ordinary.get(f"{key.partition('/')[0]}/*"))
    if values is None:
        return constraint.absent and constraint.allows((_SYNTHETIC_VALUE,))
    return constraint.absent or not values or any(constraint.allows((value,)) for value in values)
