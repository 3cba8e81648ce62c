"""Expressions of the Common Expression Language as alternatives of atoms, split at "&&", "||" and "!".

https://github.com/google/cel-spec/blob/master/doc/langdef.md
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product
from typing import Final, TypeAlias

from cloudguard.values import dataclass

_MOST: Final = 32
"""Most alternatives of one expression. An expression with more is one atom."""
_OPEN, _CLOSED = "([{", ")]}"


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
    text = text.strip()
    for mark, is_or in (("||", not negated), ("&&", negated)):
        clauses = list(_split(text, mark))
        if len(clauses) > 1:
            read = [_read(clause, negated=negated) for clause in clauses]
            return _any_of(read) if is_or else _all_of(read)
    if text.startswith("!"):
        return _read(text[1:], negated=not negated)
    if text.startswith("(") and _end(text) == len(text) - 1:
        return _read(text[1:-1], negated=negated)
    if not text or "?" in "".join(_outside_quotes(text)):
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


def _outside_quotes(text: str) -> Iterator[str]:
    """Yield the characters of a text, with blanks in place of quoted text. Raises ValueError for an open quote."""
    quote, escaped = "", False
    for letter in text:
        yield " " if quote else letter
        if quote:
            quote = quote if escaped or letter != quote else ""
            escaped = letter == "\\" and not escaped
        elif letter in "\"'":
            quote = letter
    if quote:
        message = "a quote is not closed"
        raise ValueError(message)


def _depths(text: str) -> Iterator[tuple[int, str]]:
    """Yield the bracket depth and the character of each character outside quotes.

    Raises ValueError if brackets do not match.
    """
    depth = 0
    for letter in _outside_quotes(text):
        depth -= letter in _CLOSED
        if depth < 0:
            break
        yield depth, letter
        depth += letter in _OPEN
    if depth:
        message = "brackets do not match"
        raise ValueError(message)


def _split(text: str, mark: str) -> Iterator[str]:
    """Yield the parts between the marks that are outside brackets and quotes."""
    plain = "".join(letter if depth == 0 else " " for depth, letter in _depths(text))
    start = 0
    while (end := plain.find(mark, start)) >= 0:
        yield text[start:end]
        start = end + len(mark)
    yield text[start:]


def _end(text: str) -> int:
    """Return the index of the bracket that closes the first one; -1 if none does."""
    depths = (place for place, (depth, letter) in enumerate(_depths(text)) if place and depth == 0 and letter == ")")
    return next(depths, -1)
