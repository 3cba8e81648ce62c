"""IAM policy documents as statements.

The grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. The SDK hands documents
over decoded; what is kept as a policy's text is their JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import unquote

from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from cloudguard_aws.identity.external_ids import without_external_ids

LONGEST: Final = 262_144
"""Characters that are looked at: eight times what the longest kind, a key's policy, may have (KMS developer guide,
resource quotas: 32 KB), as spaces don't count everywhere."""
_VARIABLES_SINCE: Final = "2012-10-17"
_WITHOUT_VARIABLES: Final = (None, "2008-10-17")
"""Versions in which "${" is text; a document without a version is of the older one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""
_EFFECTS: Final = {"Allow": Effect.ALLOW, "Deny": Effect.DENY}


class DocumentError(ValueError):
    """A document that says nothing certain."""


def text_of(document: object) -> str:
    """Return a document's JSON text; the raw API sends it URL-encoded."""
    if not isinstance(document, str):
        return json.dumps(document)
    return unquote(document) if document.lstrip().startswith("%7B") else document


def policy_document(shell: PolicyDocument, document: object) -> PolicyDocument:
    """Return a policy with its document, without external ids; raises DocumentError."""
    trust = shell.kind is PolicyKind.TRUST
    text = without_external_ids(text_of(document)) if trust else text_of(document)
    found = statements(text, trust=trust)
    return replace(shell, document=text, statements=found)


def statements(text: str, *, trust: bool = False) -> tuple[Statement, ...]:
    """Return a document's statements; raises DocumentError when any of it can't be made out.

    A trust policy names no resource: it stands for the role it is attached to, "*" here. The text of a version without
    variables is returned as the version with variables writes it: "${$}{aws:username}" for "${aws:username}".
    """
    if len(text) > LONGEST:
        message = f"the document has {len(text):,} characters, more than any service takes"
        raise DocumentError(message)
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"the document is no JSON: {error}"
        raise DocumentError(message) from error
    whole = _object(document, "the document")
    listed = whole.get("Statement")
    items: list[object] = cast("list[object]", listed) if isinstance(listed, list) else [listed]
    found = (_statement(_object(item, f"statement {number}"), number, trust) for number, item in enumerate(items, 1))
    return tuple(found) if _has_variables(whole.get("Version")) else tuple(map(_literal, found))


def _has_variables(version: object) -> bool:
    """Whether documents of a version know variables; raises DocumentError for a version that is not known."""
    if version != _VARIABLES_SINCE and version not in _WITHOUT_VARIABLES:
        message = f"the document is of version {json.dumps(version)[:80]}, which is not known"
        raise DocumentError(message)
    return version == _VARIABLES_SINCE


def _literal(statement: Statement) -> Statement:
    """Return a statement in which no text is a variable."""

    def literal(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text.replace("${", "${$}{") for text in texts)

    conditions = tuple(replace(each, values=literal(each.values)) for each in statement.conditions)
    resources, not_resources = literal(statement.resources), literal(statement.not_resources)
    return replace(statement, resources=resources, not_resources=not_resources, conditions=conditions)


def _object(value: object, what: str) -> Mapping[str, object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    message = f"{what} is no object"
    raise DocumentError(message)


def _statement(item: Mapping[str, object], number: int, trust: bool) -> Statement:  # noqa: FBT001 - private, read once
    effect = _EFFECTS.get(str(item.get("Effect")))
    actions, not_actions = _texts(item, "Action"), _texts(item, "NotAction")
    resources, not_resources = _texts(item, "Resource"), _texts(item, "NotResource")
    if trust and not (resources or not_resources):
        resources = ("*",)
    if effect is None or bool(actions) == bool(not_actions) or bool(resources) == bool(not_resources):
        message = (
            f"statement {number} lacks an effect, or has none or both of an element and its Not… (action, resource)"
        )
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
    """Yield a value, or a list's, as text; truth and numbers as JSON writes them."""
    if isinstance(value, list):
        for one in cast("list[object]", value):
            yield from _values(one)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, (bool, int, float)):
        yield json.dumps(value)
    else:
        message = f"{json.dumps(cast('Any', value))[:80]} stands where text should"
        raise DocumentError(message)


def _principals(value: object) -> Iterator[str]:
    """Yield "*", "AWS:arn:…", "Service:ec2.amazonaws.com", "Federated:…"."""
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
