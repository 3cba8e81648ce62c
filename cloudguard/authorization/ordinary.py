"""Whether requests are ordinary: whoever makes them need not meet a condition that sets them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudguard.permission_sets.boxes import Scope
from cloudguard.permission_sets.condition_keys import Constraint

_SYNTHETIC_VALUE: Final = "Zz9.y_z"
OrdinaryContext = Mapping[str, tuple[str, ...]]
"""Values that ordinary requests have, by lower-case key; () for any. "tag/*" stands for every key "tag/…"."""


def is_ordinary(scope: Scope, ordinary: OrdinaryContext) -> bool:
    """Whether ordinary requests meet every condition of ``scope``.

    A key has one of its ordinary values; one without is absent, and its condition only excludes some values.
    """
    return all(_is_met(key, constraint, ordinary) for key, constraint in scope.context.items())


def _is_met(key: str, constraint: Constraint, ordinary: OrdinaryContext) -> bool:
    values = ordinary.get(key, ordinary.get(f"{key.partition('/')[0]}/*"))
    if values is None:
        return constraint.absent and constraint.allows((_SYNTHETIC_VALUE,))
    return constraint.absent or not values or any(constraint.allows((value,)) for value in values)
