"""Writes statements as custom roles, each with the resources to bind it on, and parses them.

A document has the fields of ``gcloud iam roles create --file``, and "bindings": the resources to bind the role on, each
with its condition. https://cloud.google.com/iam/docs/creating-custom-roles
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from cloudguard.model.identity import Effect, Statement
from cloudguard_gcp.access.resource_names import action, permission
from cloudguard_gcp.identity.conditions import conditions_of, expressions_of

MAX_PERMISSIONS: Final = 3000
"""Most permissions in a custom role (https://cloud.google.com/iam/quotas)."""
_TITLE: Final = "Permissions that Kubernetes needs"


class RoleDocuments:
    """Writes and parses custom roles."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as custom roles. Raises ValueError for a statement that no role can express."""
        listed = list(statements)
        for statement in listed:
            if statement.effect is not Effect.ALLOW or statement.not_actions or statement.not_resources:
                message = "a role can only grant permissions, and must name them"
                raise ValueError(message)
            if wildcards := [action for action in statement.actions if "*" in action]:
                message = f"a role cannot have wildcards: {', '.join(wildcards)}"
                raise ValueError(message)
        return tuple(text for statement in listed for text in _documents(statement))

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements. Raises ValueError if it is not a role in the format of ``write``."""
        try:
            role = cast("dict[str, Any]", json.loads(text))
            actions = tuple(action(str(name)) for name in role["includedPermissions"])
            return tuple(
                Statement(
                    name=f"#{number}",
                    effect=Effect.ALLOW,
                    actions=actions,
                    resources=(str(binding["resource"]),),
                    conditions=conditions,
                )
                for number, binding in enumerate(role["bindings"], 1)
                for conditions in conditions_of(str(binding.get("condition", "")))
            )
        except (KeyError, TypeError, AttributeError) as error:
            message = f"not a role: {error!r}"
            raise ValueError(message) from error


def _documents(statement: Statement) -> Iterator[str]:
    bindings = [
        {"resource": resource, **({"condition": expression} if expression else {})}
        for resource in statement.resources
        for expression in expressions_of(statement.conditions)
    ]
    for start in range(0, len(statement.actions), MAX_PERMISSIONS):
        yield json.dumps(
            {
                "title": _TITLE,
                "stage": "GA",
                "includedPermissions": sorted(map(permission, statement.actions[start : start + MAX_PERMISSIONS])),
                "bindings": bindings,
            },
            indent=2,
        )
