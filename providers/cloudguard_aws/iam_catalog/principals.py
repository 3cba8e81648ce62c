"""Who may assume an IAM role, read from the principals of its trust policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cloudguard.model.iam_catalog import Trusted
from cloudguard.model.identity import Condition, Statement

_NARROWING: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:userid",
        "sts:externalid",
    }
)
"""Condition keys that identify the caller, or on whose behalf a service calls (the confused deputy:
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html)."""
_EXACT: Final = frozenset({"stringequals", "stringlike", "arnequals", "arnlike", "stringequalsignorecase"})
_ACCOUNT: Final = re.compile(r"^(?:arn:[^:]*:(?:iam|sts)::)?(\d{12})(?::.*)?$")


class TrustPrincipals:
    """Reads principals as ``policy_documents`` gives them: "AWS:arn:…", "Service:…", "Federated:…", "*"."""

    def trusted(self, principal: str, statement: Statement, account: str) -> Trusted:
        """Return who ``principal`` is; ``account`` is the cluster's."""
        kind, colon, who = principal.partition(":")
        if principal == "*" or (kind == "AWS" and who == "*"):
            return Trusted("anyone", "anyone", narrowed=_narrowed(statement))
        if kind == "Service":
            return Trusted("own", who)
        if kind == "Federated":
            subjects = tuple(_subjects(statement))
            return Trusted(
                "federated", who.rpartition("/")[2] if "oidc-provider" in who else who, subjects=subjects or None
            )
        found = _ACCOUNT.match(who if colon else principal)
        if found is None or found[1] == account:
            return Trusted("own", who)
        return Trusted("account", found[1], narrowed=_narrowed(statement))


def _narrowed(statement: Statement) -> bool:
    """Whether a condition certainly identifies the caller: an exact operator, and no value that is all wildcards."""
    return any(
        condition.key.lower() in _NARROWING
        and condition.operator.lower() in _EXACT
        and not any(set(value) <= {"*"} for value in condition.values)
        for condition in statement.conditions
    )


def _subjects(statement: Statement) -> Iterator[str]:
    """Yield the subjects that conditions require of the identity provider's token; none: any subject.

    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    """
    for condition in statement.conditions:
        if _is_subject(condition):
            yield from condition.values


def _is_subject(condition: Condition) -> bool:
    operator = condition.operator.lower().removeprefix("foranyvalue:")
    return condition.key.lower().endswith((":sub", ":amr")) and operator in _EXACT
