"""Conditions of bindings, in the Common Expression Language: parsed to alternatives of conditions, and written.

Comparisons of resource attributes or the time with a text are parsed exactly, in any combination. Any other expression
is undecided. https://cloud.google.com/iam/docs/conditions-attribute-reference
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from cloudguard.model.identity import Condition
from cloudguard.provider.iam.expressions import opaque
from cloudguard_gcp.identity.expressions import Atom, alternatives

NAME: Final = "resource.name"
GRANTS: Final = "grants that a request changes"
"""The key of an undecided condition that only a request to set an allow policy can fail."""
TIME: Final = "request.time"
_EQUALS: Final = re.compile(r"""(resource\.(?:name|type|service))\s*([=!]=)\s*(["'])([^"'\\]*)\3""")
_NAME_TEST: Final = re.compile(
    r"""resource\.name(?:\.extract\(\s*(?P<by>["'])(?P<from>/[A-Za-z]+/)\{\w+\}(?P=by)\s*\))?"""
    r"""(?:\.(?P<how>startsWith|endsWith)\(\s*|\s*==\s*)(?P<in>["'])(?P<text>[^"'*?$\\]*)(?P=in)\s*\)?"""
)
"""A comparison with a part of a resource's name: its start, its end, or the part after "/instances/"."""
_TIME_TEST: Final = re.compile(r"""request\.time\s*([<>]=?)\s*timestamp\(\s*(["'])([^"']*)\2\s*\)""")
_COMPARISONS: Final = {
    "<": ("DateLessThan", "DateGreaterThanEquals"),
    "<=": ("DateLessThanEquals", "DateGreaterThan"),
    ">": ("DateGreaterThan", "DateLessThanEquals"),
    ">=": ("DateGreaterThanEquals", "DateLessThan"),
}
"""For each sign, the operator and the negated operator."""
_MODIFIED: Final = re.compile(
    r"""api\.getAttribute\(\s*["']iam\.googleapis\.com/modifiedGrantsByRole["']\s*,\s*\[\s*\]\s*\)\.hasOnly\(\[.*\]\)"""
)
"""Other requests change no grants, so that their list is empty and has only the given roles
(https://cloud.google.com/iam/docs/setting-limits-on-granting-roles).
"""
_CONSTANTS: Final = {"true": True, "false": False}
_MOST: Final = 12
"""Most comparisons joined with "||" in an expression: https://cloud.google.com/iam/quotas, logical operators."""


def conditions_of(expression: str) -> tuple[tuple[Condition, ...], ...]:
    """Return the alternatives of an expression. It is true if all conditions of one alternative are true.

    An empty expression is always true.
    """
    if not expression.strip():
        return ((),)
    read = (_conditions(atoms) for atoms in alternatives(expression))
    return tuple(_joined(dict.fromkeys(conditions for conditions in read if conditions is not None)))


def _conditions(atoms: Iterable[Atom]) -> tuple[Condition, ...] | None:
    """Return the conditions of one alternative; None if a constant makes it false."""
    constants = [(atom, _CONSTANTS.get(atom.text)) for atom in atoms]
    if any(value is atom.negated for atom, value in constants):
        return None
    return tuple(dict.fromkeys(_condition(atom) for atom, value in constants if value is None))


def _joined(listed: Iterable[tuple[Condition, ...]]) -> Iterator[tuple[Condition, ...]]:
    """Yield alternatives. Single conditions with the same operator and attribute are merged into one, with all values.

    Other alternatives are unchanged.
    """
    values: dict[tuple[str, str], list[str]] = {}
    for conditions in listed:
        first = conditions[0] if conditions else None
        if first is None or len(conditions) > 1 or first.operator not in {"StringEquals", "StringLike"}:
            yield conditions
        else:
            values.setdefault((first.operator, first.key), []).extend(first.values)
    yield from ((Condition(operator, key, tuple(texts)),) for (operator, key), texts in values.items())


def _condition(atom: Atom) -> Condition:
    """Return a part of an expression as a condition. A part that is not understood is undecided, negated or not."""
    if equal := _EQUALS.fullmatch(atom.text):
        return Condition(_string("Equals", (equal[2] == "!=") != atom.negated), equal[1], (equal[4],))
    if (named := _NAME_TEST.fullmatch(atom.text)) and (named["from"] or named["how"]):
        start = "*" if named["how"] == "endsWith" or named["from"] else ""
        end = "*" if named["how"] == "startsWith" else ""
        between = "*" if named["from"] and named["how"] == "endsWith" else ""
        pattern = f"{start}{named['from'] or ''}{between}{named['text']}{end}"
        return Condition(_string("Like", atom.negated), NAME, (pattern,))
    if moment := _TIME_TEST.fullmatch(atom.text):
        return Condition(_COMPARISONS[moment[1]][atom.negated], TIME, (moment[3],))
    key = GRANTS if _MODIFIED.fullmatch(atom.text) and not atom.negated else "condition"
    return opaque(key, f"!({atom.text})" if atom.negated else atom.text)


def _string(comparison: str, negated: bool) -> str:  # noqa: FBT001 - the last part of an operator's name
    return f"String{'Not' if negated else ''}{comparison}"


def expressions_of(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """Return expressions, one of which is true if all ``conditions`` are true.

    An expression can join only a few comparisons, so conditions with many values become several expressions. Raises
    ValueError for a condition that no expression can state.
    """
    expressions: tuple[str, ...] = ("",)
    for condition in conditions:
        choices = [" || ".join(chunk) for chunk in _chunks([_written(condition, value) for value in condition.values])]
        expressions = tuple(_conjunction(expression, choice) for expression in expressions for choice in choices)
    return expressions


def _is_over(condition: Condition, now: datetime) -> bool:
    """Whether a condition on the time is false today: its time has ended or not begun."""
    try:
        moment = datetime.fromisoformat(condition.values[0])
        before = now < moment
    except (TypeError, ValueError):
        return False
    return before == condition.operator.startswith("DateGreaterThan")


def is_met(expression: str, attributes: Mapping[str, frozenset[str]], now: datetime) -> bool | None:
    """Whether a request for a resource meets an expression today; None if this is undecided.

    ``attributes``: the values that each attribute of the resource has. One that is absent is unknown.
    """
    alternatives = set[bool | None]()
    for conditions in conditions_of(expression):
        met = {_is_condition_met(condition, attributes, now) for condition in conditions}
        alternatives.add(False if False in met else None if None in met else True)
    return True if True in alternatives else None if None in alternatives else False


def _is_condition_met(condition: Condition, attributes: Mapping[str, frozenset[str]], now: datetime) -> bool | None:
    if condition.key == TIME:
        return not _is_over(condition, now)
    values = attributes.get(condition.key)
    if values is None or not condition.operator.startswith("String"):
        return None
    like = condition.operator.endswith("Like")
    met = any(fnmatchcase(value, asked) if like else value == asked for value in values for asked in condition.values)
    return met != ("Not" in condition.operator)


def _chunks(listed: list[str]) -> Iterator[list[str]]:
    return (listed[start : start + _MOST] for start in range(0, len(listed), _MOST))


def _conjunction(left: str, other: str) -> str:
    return f"{left} && ({other})" if left and "||" in other else f"{left} && {other}" if left else other


def _written(condition: Condition, value: str) -> str:
    if condition.operator == "StringEquals" or (condition.operator == "StringLike" and "*" not in value):
        return f'{condition.key} == "{value}"'
    behind = re.fullmatch(r"\*(/[A-Za-z]+/)([^*]*)(\*?)", value)
    if condition.operator == "StringLike" and condition.key == NAME and behind:
        how = f'.startsWith("{behind[2]}")' if behind[3] else f' == "{behind[2]}"'
        return f'{NAME}.extract("{behind[1]}{{name}}"){how}'
    if condition.operator == "StringLike" and value.endswith("*") and "*" not in value[:-1]:
        return f'{condition.key}.startsWith("{value[:-1]}")'
    message = f"no expression can state {condition.operator} with {value!r}"
    raise ValueError(message)
