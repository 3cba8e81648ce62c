"""IAM policy documents as statements.

The grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. The SDK returns decoded
documents. A policy keeps the document's JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import unquote

from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import FactKind, Source
from cloudguard_aws.identity.external_ids import without_external_ids

HIDES: Final = (FactKind.IDENTITIES,)
"""The facts that a failed call about policies hides."""
LONGEST: Final = 262_144
"""The maximum number of characters that are read: eight times the size of the longest kind of policy, a key policy (KMS
developer guide, resource quotas: 32 KB), because some services do not count white space."""
_VARIABLES_SINCE: Final = "2012-10-17"
_WITHOUT_VARIABLES: Final = (None, "2008-10-17")
"""Versions in which "${" is plain text. A document without a version has the older version.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html"""
_EFFECTS: Final = {"Allow": Effect.ALLOW, "Deny": Effect.DENY}


class DocumentError(ValueError):
    """A document that is invalid or not understood."""


def text_of(document: object) -> str:
    """Return a document's JSON text. The raw API sends it URL-encoded."""
    if not isinstance(document, str):
        return json.dumps(document)
    return unquote(document) if document.lstrip().startswith("%7B") else document


def policy_document(shell: PolicyDocument, document: object) -> PolicyDocument:
    """Return the policy ``shell`` with its document and statements. Raises DocumentError.

    External ids of a trust policy are removed.
    """
    trust = shell.kind is PolicyKind.TRUST
    text = without_external_ids(text_of(document)) if trust else text_of(document)
    parsed = statements(text, trust=trust)
    return replace(shell, document=text, statements=parsed)


def trust_policy(role: str, document: object, source: Source) -> PolicyDocument:
    """Return the trust policy of a role (its ARN). Raises DocumentError."""
    shell = PolicyDocument(f"{role}#trust", "trust policy", PolicyKind.TRUST, "inline", "", (), source)
    return policy_document(shell, document)


def statements(text: str, *, trust: bool = False) -> tuple[Statement, ...]:
    """Return a document's statements. Raises DocumentError if any part of it is not understood.

    A trust policy names no resource: its statements get the resource "*", which is the role itself. In a version
    without variables, the text "${aws:username}" is returned as "${$}{aws:username}", its form in the version with
    variables.
    """
    if len(text) > LONGEST:
        message = f"the document has {len(text):,} characters, more than any service accepts"
        raise DocumentError(message)
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"the document is not JSON: {error}"
        raise DocumentError(message) from error
    members = _object(document, "the document")
    listed = members.get("Statement")
    items: list[object] = cast("list[object]", listed) if isinstance(listed, list) else [listed]
    parsed = (_statement(_object(item, f"statement {number}"), number, trust) for number, item in enumerate(items, 1))
    return tuple(parsed) if _has_variables(members.get("Version")) else tuple(map(_literal, parsed))


def _has_variables(version: object) -> bool:
    """Whether documents of a version can have variables. Raises DocumentError for an unknown version."""
    if version != _VARIABLES_SINCE and version not in _WITHOUT_VARIABLES:
        message = f"the document has the unknown version {json.dumps(version)[:80]}"
        raise DocumentError(message)
    return version == _VARIABLES_SINCE


def _literal(statement: Statement) -> Statement:
    """Return a statement whose texts are marked as plain text, without variables."""

    def literal(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text.replace("${", "${$}{") for text in texts)

    conditions = tuple(replace(condition, values=literal(condition.values)) for condition in statement.conditions)
    resources, not_resources = literal(statement.resources), literal(statement.not_resources)
    return replace(statement, resources=resources, not_resources=not_resources, conditions=conditions)


def _object(value: object, what: str) -> Mapping[str, object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    message = f"{what} is not an object"
    raise DocumentError(message)


def _statement(item: Mapping[str, object], number: int, trust: bool) -> Statement:  # noqa: FBT001 - private, one caller
    effect = _EFFECTS.get(str(item.get("Effect")))
    actions, not_actions = _texts(item, "Action"), _texts(item, "NotAction")
    resources, not_resources = _texts(item, "Resource"), _texts(item, "NotResource")
    if trust and not (resources or not_resources):
        resources = ("*",)
    if effect is None or bool(actions) == bool(not_actions) or bool(resources) == bool(not_resources):
        pairs = "Action and NotAction, or of Resource and NotResource"
        message = f"statement {number} lacks Effect, or has both or neither of {pairs}"
        raise DocumentError(message)
    return Statement(
        name=str(item.get("Sid") or f"#{number}"),
        effect=effect,
        actions=actions,
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        principals=tuple(_principals(item.get("Principal"))),
        not_principals=tuple(_principals(item.get("NotPrincipal"))),
        conditions=tuple(_conditions(item.get("Condition"))),
    )


def _texts(item: Mapping[str, object], key: str) -> tuple[str, ...]:
    return tuple(_values(item[key])) if key in item else ()


def _values(value: object) -> Iterator[str]:
    """Yield a value, or the values of a list, as text. Booleans and numbers get their JSON form."""
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _values(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, (bool, int, float)):
        yield json.dumps(value)
    else:
        message = f"{json.dumps(cast('Any', value))[:80]} is not a string"
        raise DocumentError(message)


def _principals(value: object) -> Iterator[str]:
    """Yield principals as "*", "AWS:arn:…", "Service:ec2.amazonaws.com" or "Federated:…"."""
    if value is None:
        return
    if isinstance(value, str):
        yield value
        return
    for kind, names in _object(value, "a principal").items():
        yield from (f"{kind}:{name}" for name in _values(names))


def _conditions(value: object) -> Iterator[Condition]:
    if value is None:
        return
    for operator, keys in _object(value, "a condition").items():
        for key, values in _object(keys, f"the condition {operator}").items():
            yield Condition(operator, key, tuple(_values(values)))
