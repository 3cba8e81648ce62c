"""Statements as IAM policy documents, within the limits of size, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from cloudguard.model.identity import Effect, Statement
from cloudguard_aws.documents import DocumentError
from cloudguard_aws.documents import statements as read_statements

LARGEST: Final = 6144
"""Characters of a managed policy, white space not counted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
_FRAME: Final = len('{"Version":"2012-10-17","Statement":[]}')


class PolicyDocuments:
    """Writes and reads IAM policy documents."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as documents, in order, each within the limit; none for no statements.

        Raises DocumentError for what JSON has no place for: one operator twice on one key, or one action too long.
        """
        documents: list[list[dict[str, object]]] = []
        room = 0
        for statement in statements:
            for part in _fitting(statement):
                size = _size(part) + 1
                if size > room:
                    documents.append([])
                    room = LARGEST - _FRAME
                documents[-1].append(part)
                room -= size
        return tuple(json.dumps({"Version": "2012-10-17", "Statement": one}, indent=2) for one in documents)

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements; raises DocumentError when any of it can't be made out."""
        return read_statements(text)


def _size(written: dict[str, object]) -> int:
    """Return how many characters count of a statement: the limit leaves out white space."""
    return len(json.dumps(written, separators=(",", ":")))


def _fitting(statement: Statement) -> Iterator[dict[str, object]]:
    """Yield the statement, in parts by its actions or else its resources where it is too long for a document."""
    written = _written(statement)
    if _size(written) <= LARGEST - _FRAME:
        yield written
        return
    if len(statement.actions) > 1:
        for actions in _halves(statement.actions):
            yield from _fitting(replace(statement, actions=actions))
        return
    if len(statement.resources) > 1:
        for resources in _halves(statement.resources):
            yield from _fitting(replace(statement, resources=resources))
        return
    message = f"statement {statement.label} is longer than a policy may be ({LARGEST} characters)"
    raise DocumentError(message)


def _halves(values: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return values[: len(values) // 2], values[len(values) // 2 :]


def _written(statement: Statement) -> dict[str, object]:
    parts: dict[str, object] = {
        "Effect": "Allow" if statement.effect is Effect.ALLOW else "Deny",
        "Action": _short(statement.actions),
        "NotAction": _short(statement.not_actions),
        "Resource": _short(statement.resources),
        "NotResource": _short(statement.not_resources),
        "Condition": _conditions(statement),
    }
    return {key: value for key, value in parts.items() if value}


def _short(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _conditions(statement: Statement) -> dict[str, dict[str, str | list[str]]]:
    found: dict[str, dict[str, str | list[str]]] = {}
    for one in statement.conditions:
        keys = found.setdefault(one.operator, {})
        if one.key in keys:
            message = f"statement {statement.label} asks {one.operator} of {one.key} twice"
            raise DocumentError(message)
        keys[one.key] = _short(one.values)
    return found
