"""Conditions of role assignments: the operations that they do not affect. For others a condition is undecided.

https://learn.microsoft.com/azure/role-based-access-control/conditions-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cloudguard.provider.iam.expressions import divided, without_brackets

_OTHER_ACTION: Final = re.compile(r"\s*!\s*\(\s*ActionMatches\{\s*'([^']+)'\s*\}[^()]*\)\s*", re.IGNORECASE)
_AND: Final = re.compile(r"&&|(?<=[\s)])AND(?=[\s(!])", re.IGNORECASE)
_OR: Final = re.compile(r"\|\||(?<=[\s)])OR(?=[\s(!])", re.IGNORECASE)


def narrowed_operations(condition: str) -> tuple[str, ...] | None:
    """Return the operations that a condition affects. It is true for all others. None: it may affect any.

    It must have the form that Azure's own editor writes: for each group of operations, "it is none of them, or …".
    """
    if "\\" in condition:  # a text with a backslash may end at another quote than it seems
        return None
    try:
        return tuple(dict.fromkeys(_affected(condition)))
    except ValueError:
        return None


def _affected(condition: str) -> Iterator[str]:
    """Yield the operations that a condition affects. Raises ValueError if it may affect others too."""
    for clause in divided(without_brackets(condition), _AND):
        alternatives = divided(without_brackets(clause), _OR)
        named = [operations for alternative in alternatives if (operations := _excluded_operations(alternative))]
        if not named:
            message = "a clause is not about operations"
            raise ValueError(message)
        yield from named[0]


def _excluded_operations(text: str) -> list[str]:
    """Return the operations of "it is none of them"; none if the text has another form."""
    clauses = divided(without_brackets(text), _AND)
    matches = [_OTHER_ACTION.fullmatch(without_brackets(clause)) for clause in clauses]
    return [part[1] for part in matches if part] if all(matches) else []
