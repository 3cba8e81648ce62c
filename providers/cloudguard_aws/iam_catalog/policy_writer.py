"""Statements as IAM policy documents, within the limits of size, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard_aws.identity.policy_documents import DocumentError
from cloudguard_aws.identity.policy_documents import statements as read_statements

LARGEST: Final = 6144
"""Characters of a managed policy, white space not counted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
_FRAME: Final = len('{"Version":"2012-10-17","Statement":[]}')
_SID: Final = re.compile(r"[A-Za-z0-9]+")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html"""
_NEGATED: Final = frozenset({"stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike", "notipaddress"})
_EXACT: Final = frozenset({"stringequals"})


class PolicyDocuments:
    """Writes and reads IAM policy documents."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as documents, in order, each within the limit; none for no statements.

        A label is kept as a Sid where it may be one, and is the first of its document. Raises DocumentError for what
        JSON has no place for: principals, some conditions of one operator on one key, one statement too long.
        """
        documents: list[list[dict[str, object]]] = []
        room, labels = 0, set[object]()
        for statement in statements:
            for part in _fitting(statement):
                size = _size(part) + 1
                if size > room:
                    documents.append([])
                    room, labels = LARGEST - _FRAME, set[object]()
                if "Sid" in part and part["Sid"] in labels:
                    del part["Sid"]
                labels.add(part.get("Sid"))
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
    if statement.principals or statement.not_principals:
        message = f"statement {statement.label} names principals, which a policy of an identity can't"
        raise DocumentError(message)
    parts: dict[str, object] = {
        "Sid": statement.label if _SID.fullmatch(statement.label) else "",
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
    """Return the conditions by operator and key, which JSON holds once each: what is asked twice is asked together."""
    asked: dict[tuple[str, str], tuple[str, str, tuple[str, ...]]] = {}
    for one in statement.conditions:
        same = (one.operator.lower(), one.key.lower())
        if same not in asked:
            asked[same] = (one.operator, one.key, one.values)
        else:
            operator, key, values = asked[same]
            asked[same] = (operator, key, _both(statement, one, values))
    found: dict[str, dict[str, str | list[str]]] = {}
    for operator, key, values in asked.values():
        name = next((known for known in found if known.lower() == operator.lower()), operator)
        found.setdefault(name, {})[key] = _short(values)
    return found


def _both(statement: Statement, one: Condition, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values that say what two conditions of one operator on one key say together.

    Values of one condition are alternatives: of negated operators both lists must be avoided, of exact ones a value
    must be in both. Raises DocumentError where no list says it.
    """
    exact = one.operator.lower().removesuffix("ifexists")
    if set(values) == set(one.values):
        return values
    if exact in _NEGATED:
        return (*values, *(value for value in one.values if value not in values))
    together = tuple(value for value in values if value in one.values)
    if exact in _EXACT and together and not any("${" in value for value in (*values, *one.values)):
        return together
    message = f"statement {statement.label} asks {one.operator} of {one.key} twice, which one document can't say"
    raise DocumentError(message)
