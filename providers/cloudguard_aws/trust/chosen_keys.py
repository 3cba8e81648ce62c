"""Condition keys whose value the caller chooses, such as the name of the session."""

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
    """Return a condition on the caller for one that compares a chosen value with ``aws:username``, else ``condition``.

    An IAM user can choose the own user name as the value. The user then meets the condition of an Allow, and does not
    meet that of a Deny. Callers that are not IAM users have no ``aws:username``.
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
