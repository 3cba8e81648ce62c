"""Condition keys whose value the caller chooses: what a comparison with the caller's name says of the caller."""

from __future__ import annotations

from typing import Final

from cloudguard.model.identity import Condition, Effect

_CHOSEN: Final = frozenset({"sts:rolesessionname", "sts:sourceidentity"})
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html (STS); AssumeRole takes
both as parameters, with the same characters as names of users."""
_USER: Final = "aws:username"
_EQUAL: Final = frozenset({"stringequals", "stringequalsignorecase", "stringlike"})
_UNEQUAL: Final = frozenset({"stringnotequals", "stringnotequalsignorecase", "stringnotlike"})


def by_caller(condition: Condition, effect: Effect) -> Condition:
    """Return a condition that compares such a key with the user's name as a condition that the caller is a user.

    Every user can choose the own name, to meet what allows and to avoid what denies. Other callers have no user's name.
    Conditions of any other kind are returned as they are.
    """
    values = [value.lower() for value in condition.values]
    if condition.key.lower() not in _CHOSEN or values != [f"${{{_USER}}}"]:
        return condition
    operator = condition.operator.lower()
    if effect is Effect.ALLOW and operator in _EQUAL:
        return Condition("Null", _USER, ("false",))
    if effect is Effect.DENY and operator in _UNEQUAL:
        return Condition("Null", _USER, ("true",))
    return condition
