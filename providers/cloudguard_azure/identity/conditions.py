"""Conditions of role assignments: the operations that they do not affect. For others a condition is undecided.

https://learn.microsoft.com/azure/role-based-access-control/conditions-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cloudguard.model.identity import Condition

OPAQUE: Final = "undecided"
"""An operator that no engine evaluates: its condition is undecided."""
_OTHER_ACTION: Final = re.compile(r"\s*!\s*\(\s*ActionMatches\{\s*'([^']+)'\s*\}[^()]*\)\s*", re.IGNORECASE)
_AND: Final = re.compile(r"\s*(?:AND|&&)\s*", re.IGNORECASE)
_OR: Final = re.compile(r"\s*(?:OR|\|\|)\s*", re.IGNORECASE)


def opaque(what: str, text: str) -> Condition:
    """Return the undecided condition that ``what`` ("role", "principal") is as ``text`` says."""
    return Condition(OPAQUE, what, (" ".join(text.split()),))


def narrowed_operations(condition: str) -> tuple[str, ...] | None:
    """Return the operations that a condition affects. It is true for all others. None: it may affect any.

    It must have the form that Azure's own editor writes: for each group of operations, "it is none of them, or …".
    """
    operations = list[str]()
    for clause in _divided(condition, _AND):
        others = [named for alternative in _divided(clause, _OR) if (named := _excluded_operations(alternative))]
        if not others:
            return None
        operations += others[0]
    return tuple(dict.fromkeys(operations))


def _excluded_operations(text: str) -> list[str]:
    """Return the operations of "it is none of them"; none if the text has another form."""
    matches = [_OTHER_ACTION.fullmatch(_without_parentheses(clause)) for clause in _divided(text, _AND)]
    return [part[1] for part in matches if part] if all(matches) else []


def _divided(text: str, joint: re.Pattern[str]) -> Iterator[str]:
    """Yield the parts of a text between joints that are outside parentheses, quotes and braces."""
    text, start, depth, quoted, at = _without_parentheses(text), 0, 0, False, 0
    while at < len(text):
        character = text[at]
        quoted ^= character == "'"
        depth += 0 if quoted else (character in "({") - (character in ")}")
        match = None if quoted or depth or character not in " )&|" else joint.match(text, at + (character == ")"))
        if match and match.end() > at + 1:
            yield text[start : match.start()]
            start = at = match.end()
        else:
            at += 1
    yield text[start:]


def _without_parentheses(text: str) -> str:
    """Return a text without parentheses around all of it."""
    text = text.strip()
    while text.startswith("(") and _closing_index(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing_index(text: str) -> int:
    """Return the index of the parenthesis that closes the first one; -1 if none does."""
    depth, quoted = 0, False
    for at, character in enumerate(text):
        quoted ^= character == "'"
        depth += 0 if quoted else (character == "(") - (character == ")")
        if depth == 0:
            return at
    return -1
