"""Writes statements as custom roles, each with the scopes to assign it at, and parses them.

A document has the fields of ``az role definition create --role-definition``, and "assignments": the scopes at which to
assign the role. https://learn.microsoft.com/azure/role-based-access-control/custom-roles
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from cloudguard.model.identity import Effect, Statement
from cloudguard_azure.access.ids import group_of, subscription_of
from cloudguard_azure.identity.permissions import Permission, statements_of
from cloudguard_azure.identity.resource_names import DATA, arm_scope, below_of, operation

MAX_OPERATIONS: Final = 2048
"""Most operations in one custom role that is written here. Azure limits the definition's size."""


class RoleDocuments:
    """Writes and parses custom roles."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as custom roles. Raises ValueError for a statement that no role can express."""
        return tuple(text for statement in statements for text in _documents(statement))

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements. Raises ValueError if it is not a role in the format of ``write``."""
        try:
            role = cast("dict[str, Any]", json.loads(text))
            actions, excepted, data, without = (
                tuple(map(str, role[key])) for key in ("Actions", "NotActions", "DataActions", "NotDataActions")
            )
            permission = Permission(actions, excepted, data, without)
            scopes = [str(assignment["scope"]) for assignment in role["assignments"]]
        except (KeyError, TypeError, AttributeError) as error:
            message = f"not a role: {error!r}"
            raise ValueError(message) from error
        return tuple(resource for scope in scopes for resource in statements_of((permission,), scope))


def _documents(statement: Statement) -> Iterator[str]:
    if statement.effect is not Effect.ALLOW or statement.not_resources or statement.conditions or not statement.actions:
        message = "a role can only grant operations at scopes, and must name them"
        raise ValueError(message)
    for data in (False, True):
        patterns = {resource for resource in statement.resources if resource.startswith(f"{DATA}:") is data}
        below = {pattern for wider in patterns for pattern in below_of(wider)}
        scopes = sorted({arm_scope(pattern) for pattern in patterns - below})
        for start in range(0, len(statement.actions) if scopes else 0, MAX_OPERATIONS):
            yield json.dumps(_role(statement, scopes, slice(start, start + MAX_OPERATIONS), data=data), indent=2)


def _role(statement: Statement, scopes: list[str], actions: slice, *, data: bool) -> dict[str, object]:
    granted, excepted = (
        sorted(map(operation, statement.actions[actions])),
        sorted(map(operation, statement.not_actions)),
    )
    return {
        "Name": f"cloudguard {statement.name}",
        "IsCustom": True,
        "Description": "Permissions that Kubernetes needs",
        "Actions": [] if data else granted,
        "NotActions": [] if data else excepted,
        "DataActions": granted if data else [],
        "NotDataActions": excepted if data else [],
        "AssignableScopes": sorted({_assignable(scope) for scope in scopes}),
        "assignments": [{"scope": scope} for scope in scopes],
    }


def _assignable(scope: str) -> str:
    """Return the resource group or subscription of a scope: a role assignable there is assignable below it too."""
    group = f"/resourceGroups/{group_of(scope)}" if group_of(scope) else ""
    return f"/subscriptions/{subscription_of(scope)}{group}"
