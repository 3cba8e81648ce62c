"""Writes statements as IAM policy documents within AWS's size limit, and reads such documents."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from itertools import chain, count
from typing import Final

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard_aws.identity.policy_documents import DocumentError
from cloudguard_aws.identity.policy_documents import statements as read_statements

MAX_CHARACTERS: Final = 6144
"""The maximum size of a managed policy, without white space.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_ENVELOPE: Final = len('{"Version":"2012-10-17","Statement":[]}')
_EXTRA_CHARACTERS: Final = 4
"""Extra characters for each statement: a comma, and the number that a Sid may get."""
_SID: Final = re.compile(r"[A-Za-z0-9]+")
"""A valid Sid: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html"""
_NEGATED: Final = frozenset({"stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike", "notipaddress"})
_EXACT: Final = frozenset({"stringequals"})


class PolicyDocuments:
    """Writes and reads IAM policy documents."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as documents, in order, each within the size limit. Empty if there are no statements.

        A valid statement name becomes the Sid, with a number if an earlier statement of the document has the same Sid.
        Raises DocumentError if a document can't express a statement: principals, some pairs of conditions with the same
        operator and key, or a statement that is too long.
        """
        documents: list[list[dict[str, object]]] = []
        free, sids = 0, set[str]()
        for statement in statements:
            for members in _statements_as_json(statement):
                size = _size(members) + _EXTRA_CHARACTERS
                if size > free:
                    documents.append([])
                    free, sids = MAX_CHARACTERS - _ENVELOPE, set[str]()
                if "Sid" in members:
                    members["Sid"] = _unused(str(members["Sid"]), sids)
                    sids.add(str(members["Sid"]))
                documents[-1].append(members)
                free -= size
        return tuple(json.dumps({"Version": "2012-10-17", "Statement": document}, indent=2) for document in documents)

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements. Raises DocumentError if it is not a valid policy document."""
        return read_statements(text)


def _unused(sid: str, used: Container[str]) -> str:
    """Return a Sid that no other statement of the document has, with the first free number after it if needed."""
    return next(each for each in chain((sid,), (f"{sid}{number}" for number in count(2))) if each not in used)


def _size(written: dict[str, object]) -> int:
    """Return a statement's length without white space, which the limit does not count."""
    return len(json.dumps(written, separators=(",", ":")))


def _statements_as_json(statement: Statement) -> Iterator[dict[str, object]]:
    """Yield the statement as JSON. If it is too long for a document, split it by actions, or else by resources."""
    written = _written(statement)
    if _size(written) <= MAX_CHARACTERS - _ENVELOPE - _EXTRA_CHARACTERS:
        yield written
        return
    if len(statement.actions) > 1:
        for actions in _halves(statement.actions):
            yield from _statements_as_json(replace(statement, actions=actions))
        return
    if len(statement.resources) > 1:
        for resources in _halves(statement.resources):
            yield from _statements_as_json(replace(statement, resources=resources))
        return
    message = f"statement {statement.name} is longer than a policy may be ({MAX_CHARACTERS} characters)"
    raise DocumentError(message)


def _halves(values: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return values[: len(values) // 2], values[len(values) // 2 :]


def _written(statement: Statement) -> dict[str, object]:
    if statement.principals or statement.not_principals:
        message = f"statement {statement.name} names principals, which an identity policy cannot do"
        raise DocumentError(message)
    members: dict[str, object] = {
        "Sid": statement.name if _SID.fullmatch(statement.name) else "",
        "Effect": "Allow" if statement.effect is Effect.ALLOW else "Deny",
        "Action": _value(statement.actions),
        "NotAction": _value(statement.not_actions),
        "Resource": _value(statement.resources),
        "NotResource": _value(statement.not_resources),
        "Condition": _conditions(statement),
    }
    return {key: value for key, value in members.items() if value}


def _value(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _conditions(statement: Statement) -> dict[str, dict[str, str | list[str]]]:
    """Return the conditions as JSON. JSON has each operator and key once, so two conditions on both are combined."""
    combined: dict[tuple[str, str], tuple[str, str, tuple[str, ...]]] = {}
    for condition in statement.conditions:
        place = (condition.operator.lower(), condition.key.lower())
        if place not in combined:
            combined[place] = (condition.operator, condition.key, condition.values)
        else:
            operator, key, values = combined[place]
            combined[place] = (operator, key, _common_values(statement, condition, values))
    written: dict[str, dict[str, str | list[str]]] = {}
    for operator, key, values in combined.values():
        name = next((known for known in written if known.lower() == operator.lower()), operator)
        written.setdefault(name, {})[key] = _value(values)
    return written


def _common_values(statement: Statement, condition: Condition, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of one condition that means ``condition`` and also the same operator and key with ``values``.

    The values of a condition are alternatives. A negated operator excludes the values of both lists. An exact operator
    needs a value that both lists have. Raises DocumentError if no list of values has that meaning.
    """
    operator = condition.operator.lower().removesuffix("ifexists")
    if set(values) == set(condition.values):
        return values
    if operator in _NEGATED:
        return (*values, *(value for value in condition.values if value not in values))
    shared = tuple(value for value in values if value in condition.values)
    if operator in _EXACT and shared and not any("${" in value for value in (*values, *condition.values)):
        return shared
    message = f"statement {statement.name} has {condition.operator} on {condition.key} twice, which JSON cannot express"
    raise DocumentError(message)
