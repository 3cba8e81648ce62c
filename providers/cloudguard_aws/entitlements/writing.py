"""Statements as IAM policy documents, within the limits of size."""

from __future__ import annotations

import json
from collections.abc import Iterable

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard_aws.documents import statements as read_statements


class PolicyDocuments:
    """Writes and reads IAM policy documents."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as one document."""
        return (json.dumps({"Version": "2012-10-17", "Statement": [_written(one) for one in statements]}, indent=2),)

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements; raises DocumentError when any of it can't be made out."""
        return read_statements(text)


def _written(statement: Statement) -> dict[str, object]:
    conditions: dict[str, dict[str, list[str]]] = {}
    for one in statement.conditions:
        _add(conditions.setdefault(one.operator, {}), one)
    parts = {
        "Sid": statement.label if statement.label.isalnum() else "",
        "Effect": "Allow" if statement.effect is Effect.ALLOW else "Deny",
        "Action": list(statement.actions),
        "NotAction": list(statement.not_actions),
        "Resource": list(statement.resources),
        "NotResource": list(statement.not_resources),
        "Condition": conditions,
    }
    return {key: value for key, value in parts.items() if value}


def _add(keys: dict[str, list[str]], condition: Condition) -> None:
    keys[condition.key] = list(condition.values)
