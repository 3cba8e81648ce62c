"""Expressions of the Common Expression Language as alternatives of atoms, split at "&&", "||" and "!".

https://github.com/google/cel-spec/blob/master/doc/langdef.md
"""

from __future__ import annotations

import re
from itertools import chain, product
from typing import Final, TypeAlias

from cloudguard.provider.iam.expressions import divided, unquoted, without_brackets
from cloudguard.values import dataclass

_MOST: Final = 32
"""Most alternatives of one expression. An expression with more is one atom."""
_OR, _AND = re.compile(re.escape("||")), re.compile("&&")


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of an expression that is not divided further. ``negated``: the part must be false."""

    text: str
    negated: bool = False


Alternatives: TypeAlias = tuple[tuple[Atom, ...], ...]
"""An expression is true if all atoms of one alternative are true."""


def alternatives(expression: str) -> Alternatives:
    """Return the alternatives of an expression. One that is too long or not understood is one atom."""
    undivided = ((Atom(" ".join(expression.split())),),)
    try:
        return _read(expression, negated=False)
    except ValueError:
        return undivided


def _read(text: str, *, negated: bool) -> Alternatives:
    text = without_brackets(text)
    for operator, is_or in ((_OR, not negated), (_AND, negated)):
        clauses = list(divided(text, operator))
        if len(clauses) > 1:
            read = [_read(clause, negated=negated) for clause in clauses]
            return _any_of(read) if is_or else _all_of(read)
    if text.startswith("!"):
        return _read(text[1:], negated=not negated)
    if not text or "?" in unquoted(text):
        message = "an expression is empty or has a ternary operator"
        raise ValueError(message)
    return ((Atom(" ".join(text.split()), negated),),)


def _any_of(read: list[Alternatives]) -> Alternatives:
    return _bounded(tuple(dict.fromkeys(chain.from_iterable(read))))


def _all_of(read: list[Alternatives]) -> Alternatives:
    combined: Alternatives = ((),)
    for factor in read:
        combined = _bounded(tuple((*left, *other) for left, other in product(combined, factor)))
    return combined


def _bounded(combined: Alternatives) -> Alternatives:
    if len(combined) > _MOST:
        message = f"an expression has more than {_MOST} alternatives"
        raise ValueError(message)
    return combined
