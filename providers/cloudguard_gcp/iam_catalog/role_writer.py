"""Replacements as Google takes them: custom roles, each with where to bind it.

A document is what ``gcloud iam roles create --file`` takes, beside "bindings": the resources and conditions that its
permissions are for. https://cloud.google.com/iam/docs/creating-custom-roles
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard_gcp.identity.resource_names import action, permission

MOST_PERMISSIONS: Final = 3000
"""Permissions in a custom role (https://cloud.google.com/iam/quotas)."""
_TITLE: Final = "What Kubernetes needs"


class RoleDocuments:
    """Writes custom roles, and reads them again."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as custom roles; raises ValueError for what no role can say."""
        listed = list(statements)
        for one in listed:
            if one.effect is not Effect.ALLOW or one.not_actions or one.not_resources:
                message = "a role only grants, and names what it grants"
                raise ValueError(message)
            if any("*" in text for text in one.actions):
                message = f"a role takes no wildcard: {', '.join(text for text in one.actions if '*' in text)}"
                raise ValueError(message)
        return tuple(text for one in listed for text in _documents(one))

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements; raises ValueError when any of it can't be made out."""
        try:
            found = cast("dict[str, Any]", json.loads(text))
            permissions = tuple(action(str(one)) for one in found["includedPermissions"])
            return tuple(
                Statement(
                    label=f"#{number}",
                    effect=Effect.ALLOW,
                    actions=permissions,
                    resources=(str(one["resource"]),),
                    conditions=tuple(
                        Condition(str(operator), str(key), tuple(map(str, values)))
                        for operator, key, values in one.get("conditions", ())
                    ),
                )
                for number, one in enumerate(found["bindings"], 1)
            )
        except (KeyError, TypeError, AttributeError) as error:
            message = f"it is no role: {error!r}"
            raise ValueError(message) from error


def _documents(one: Statement) -> Iterator[str]:
    for start in range(0, len(one.actions), MOST_PERMISSIONS):
        bindings = [
            {"resource": resource}
            | (
                {"conditions": [[each.operator, each.key, list(each.values)] for each in one.conditions]}
                if one.conditions
                else {}
            )
            for resource in one.resources
        ]
        yield json.dumps(
            {
                "title": _TITLE,
                "stage": "GA",
                "includedPermissions": sorted(map(permission, one.actions[start : start + MOST_PERMISSIONS])),
                "bindings": bindings,
            },
            indent=2,
        )
