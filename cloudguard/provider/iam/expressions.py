"""Conditions as text: undecided conditions, and the parts of boolean expressions between operators such as "&&"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cloudguard.model.identity import Condition

OPAQUE: Final = "undecided"
"""An operator that no engine evaluates: its condition is undecided."""
_OPEN, _CLOSED = "([{", ")]}"


def opaque(key: str, text: str) -> Condition:
    """Return the undecided condition that ``key`` ("role", "principal") is as ``text`` says."""
    return Condition(OPAQUE, key, (" ".join(text.split()),))


def divided(text: str, operator: re.Pattern[str]) -> Iterator[str]:
    """Yield the parts of ``text`` between matches of ``operator`` that are outside brackets and quotes.

    Raises ValueError if brackets or quotes are open.
    """
    plain = "".join(letter if depth == 0 else " " for depth, letter in _depths(text))
    start = 0
    for match in operator.finditer(plain):
        yield text[start : match.start()]
        start = match.end()
    yield text[start:]


def without_brackets(text: str) -> str:
    """Return a text without parentheses around all of it. Raises ValueError if brackets or quotes are open."""
    text = text.strip()
    while text.startswith("(") and _end(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def unquoted(text: str) -> Iterator[str]:
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
    for letter in unquoted(text):
        depth -= letter in _CLOSED
        if depth < 0:
            break
        yield depth, letter
        depth += letter in _OPEN
    if depth:
        message = "brackets do not match"
        raise ValueError(message)


def _end(text: str) -> int:
    """Return the index of the bracket that closes the first one; -1 if none does."""
    depths = (place for place, (depth, letter) in enumerate(_depths(text)) if place and depth == 0 and letter == ")")
    return next(depths, -1)
