"""A simple model of permissions, for comparison: one request is allowed or denied by the published evaluation logic.

It does not use the sets under test. A request is (action, resource, context). A context maps keys in lower case to
tuples of values; an absent key is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network

from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement

Context = Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1 << 18)
def glob_matches(pattern: str, text: str, *, wild_colon: bool = True) -> bool:
    """Whether a glob matches: ``*`` any text, ``?`` one character. Without ``wild_colon`` they match no colon."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        if glob_matches(pattern[1:], text, wild_colon=wild_colon):
            return True
        return bool(text) and (wild_colon or text[0] != ":") and glob_matches(pattern, text[1:], wild_colon=wild_colon)
    if not text:
        return False
    if pattern[0] == "?" and (wild_colon or text[0] != ":"):
        return glob_matches(pattern[1:], text[1:], wild_colon=wild_colon)
    return pattern[0] == text[0] and glob_matches(pattern[1:], text[1:], wild_colon=wild_colon)


@lru_cache(maxsize=1 << 18)
def resource_matches(pattern: str, text: str, colons: int = 0) -> bool:
    """Whether a resource pattern matches a name of six segments, or ``*``, which means no resource.

    A star at the end of its segment may also match the colons after it. Other wildcards match only inside their
    segment. In the sixth segment a colon is an ordinary character. ``colons``: the number of colons of the name that
    were already matched.
    """
    if text == "*" and not colons:
        return ":" not in pattern and glob_matches(pattern, text)
    if not pattern:
        return not text
    border = bool(text) and text[0] == ":" and colons < 5
    if pattern[0] == "*":
        runs = bool(text) and (not border or pattern[1:2] in {"", ":"})
        longer = runs and resource_matches(pattern, text[1:], colons + border)
        return longer or resource_matches(pattern[1:], text, colons)
    if not text or (pattern[0] != text[0] and (pattern[0] != "?" or border)):
        return False
    return resource_matches(pattern[1:], text[1:], colons + border)


def action_matches(pattern: str, action: str) -> bool:
    """Whether an action pattern matches an action. Case is ignored."""
    return glob_matches(pattern.lower(), action.lower())


def _date(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ordered(base: str, held: float, wanted: float) -> bool:
    return {
        "equals": held == wanted,
        "lessthan": held < wanted,
        "lessthanequals": held <= wanted,
        "greaterthan": held > wanted,
        "greaterthanequals": held >= wanted,
    }[base]


def _value_matches(base: str, held: str, wanted: str) -> bool:  # noqa: PLR0911 - one line an operator reads best
    if base.startswith("numeric"):
        return _ordered(base.removeprefix("numeric"), float(held), float(wanted))
    if base.startswith("date"):
        return _ordered(base.removeprefix("date"), _date(held), _date(wanted))
    if base == "stringlike":
        return glob_matches(wanted, held)
    if base == "stringequalsignorecase":
        return held.lower() == wanted.lower()
    if base in {"arnlike", "arnequals"}:
        parts, others = wanted.split(":", 5), held.split(":", 5)
        return len(parts) == len(others) and all(glob_matches(p, o) for p, o in zip(parts, others, strict=True))
    if base == "bool":
        return held.lower() == wanted.lower()
    if base == "ipaddress":
        return ip_address(held) in ip_network(wanted, strict=False)
    return held == wanted  # StringEquals, BinaryEquals


def _positive(base: str) -> tuple[str, bool]:
    """Return the operator without "not", and whether it had "not"."""
    named = {"stringnotequalsignorecase": "stringequalsignorecase", "notipaddress": "ipaddress"}
    if base in named:
        return named[base], True
    return (base.replace("not", ""), True) if "not" in base else (base, False)


def condition_holds(condition: Condition, context: Context) -> bool:
    """Whether one condition holds. Its values must not contain variables."""
    operator, key = condition.operator.lower(), condition.key.lower()
    held = context.get(key)
    if operator == "null":
        return any((held is None) == (value.lower() == "true") for value in condition.values)
    mode, _, base = operator.rpartition(":")
    if base.endswith("ifexists"):
        base = base.removesuffix("ifexists")
        if held is None:
            return True
    base, negated = _positive(base)
    if mode == "foranyvalue":
        return held is not None and any(_one(base, v, condition.values, negated=negated) for v in held)
    if mode == "forallvalues":
        return held is None or all(_one(base, v, condition.values, negated=negated) for v in held)
    if held is None:
        return negated
    return _one(base, held[0], condition.values, negated=negated)


def _one(base: str, held: str, values: Sequence[str], *, negated: bool) -> bool:
    return any(_value_matches(base, held, value) for value in values) != negated


def statement_applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Whether the statement matches the action, the resource and the context."""
    if statement.actions and not any(action_matches(p, action) for p in statement.actions):
        return False
    if any(action_matches(p, action) for p in statement.not_actions):
        return False
    resources = any(resource_matches(p, resource) for p in statement.resources or statement.not_resources)
    if resources == bool(statement.not_resources):
        return False
    return all(condition_holds(condition, context) for condition in statement.conditions)


def allowed(policies: Iterable[PolicyDocument], action: str, resource: str, context: Context) -> bool:
    """Whether the policies allow a request.

    An explicit deny always wins. Otherwise a grant must allow the request, and so must the boundary, if there is one,
    and every organization limit. A resource policy is a grant. Each limit is a separate level.
    """
    policies = [policy for policy in policies if policy.kind is not PolicyKind.TRUST]
    applying = {
        policy.id: {s.effect for s in policy.statements if statement_applies(s, action, resource, context)}
        for policy in policies
    }
    if any(Effect.DENY in effects for effects in applying.values()):
        return False
    allowing = [policy for policy in policies if Effect.ALLOW in applying[policy.id]]
    granting = any(policy.kind in {PolicyKind.GRANT, PolicyKind.RESOURCE} for policy in allowing)
    bounded = [policy for policy in policies if policy.kind in {PolicyKind.BOUNDARY, PolicyKind.ORGANIZATION_LIMIT}]
    return granting and all(policy in allowing for policy in bounded)
