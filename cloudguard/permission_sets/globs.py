"""Glob patterns as text: wildcards, literals, matching.

A pattern is one string in which Unicode noncharacters stand for the wildcards. So a literal star and a wildcard star
are different characters, and patterns can be hashed and compared as strings. A run is zero or more characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import NewType

Pattern = NewType("Pattern", str)
"""A parsed glob. Only ``glob``, ``literal``, ``pattern``, ``segmented`` and ``format_pattern`` make it."""

MANY = "\ufdd0"
"""A run of any characters (``*``)."""
ONE = "\ufdd1"
"""Any one character (``?``)."""
MANY_IN_SEGMENT = "\ufdd2"
"""A run of characters other than a colon."""
ONE_IN_SEGMENT = "\ufdd3"
"""Any one character except a colon."""
FOLD = "\ufdd4"
"""The first character of a pattern whose ASCII letters match in either case."""

SEPARATOR = ":"
SEGMENTS = 6
FILLER = "~"
"""A character that patterns rarely contain."""
ACROSS_SEGMENTS = str.maketrans(MANY_IN_SEGMENT + ONE_IN_SEGMENT, MANY + ONE)
"""Translates a pattern into one whose wildcards match colons, too."""
_RESERVED = frozenset((MANY, ONE, MANY_IN_SEGMENT, ONE_IN_SEGMENT, FOLD))
_WILDCARDS = re.compile(f"[{MANY}{ONE}]{{2,}}")
_TO_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_TO_WILDCARDS = str.maketrans("*?", MANY + ONE)
_WITHIN_SEGMENT = str.maketrans(MANY + ONE, MANY_IN_SEGMENT + ONE_IN_SEGMENT)
_EACH_FILLED = dict.fromkeys(map(ord, (MANY, MANY_IN_SEGMENT, ONE, ONE_IN_SEGMENT)), FILLER)
_RUNS_EMPTY = _EACH_FILLED | {ord(MANY): None, ord(MANY_IN_SEGMENT): None}
_TO_TEXT = str.maketrans(MANY + MANY_IN_SEGMENT + ONE + ONE_IN_SEGMENT, "**??")
_LETTER = re.compile("[A-Za-z]")
_CACHE_SIZE = 1 << 16

ANYTHING = Pattern(MANY)
"""The pattern ``*``."""


class ReservedCharacterError(ValueError):
    """A text contains a noncharacter that patterns use for their wildcards."""


def escaped(text: str) -> str:
    """Return ``text`` as a part of a pattern that matches it literally.

    Raises ReservedCharacterError if ``text`` contains a reserved noncharacter, like all functions here that read texts.
    """
    if not text.isascii() and not _RESERVED.isdisjoint(text):
        message = "the text holds one of the noncharacters U+FDD0 to U+FDD4"
        raise ReservedCharacterError(message)
    return text


def wild(text: str) -> str:
    """Return ``text`` as a part of a pattern, with ``*`` and ``?`` as wildcards. Raises ReservedCharacterError."""
    return escaped(text).translate(_TO_WILDCARDS)


def pattern(parts: str, *, fold: bool = False) -> Pattern:
    """Return the pattern of joined ``wild`` and ``escaped`` parts. ``fold``: ASCII letters match in either case."""
    body = _WILDCARDS.sub(_canonical_wildcards, parts)
    return Pattern(FOLD + body.translate(_TO_LOWER)) if fold and _LETTER.search(body) else Pattern(body)


def _canonical_wildcards(run: re.Match[str]) -> str:
    ones = run[0].count(ONE)
    return ONE * ones + (MANY if ones < len(run[0]) else "")


def glob(text: str, *, fold: bool = False) -> Pattern:
    """Return the pattern of a glob (``*``, ``?``). Raises ReservedCharacterError."""
    return pattern(wild(text), fold=fold)


def literal(text: str, *, fold: bool = False) -> Pattern:
    """Return the pattern that matches only ``text``, with its stars as stars. Raises ReservedCharacterError."""
    return pattern(escaped(text), fold=fold)


def segmented(parts: str) -> Pattern | None:
    """Return a pattern for six colon-separated segments. Only wildcards in the last segment match a colon.

    None if ``parts`` (joined ``wild`` and ``escaped`` texts) have fewer segments.
    """
    segments = parts.split(SEPARATOR, SEGMENTS - 1)
    if len(segments) < SEGMENTS:
        return None
    first = [_WILDCARDS.sub(_canonical_wildcards, segment).translate(_WITHIN_SEGMENT) for segment in segments[:-1]]
    return Pattern(SEPARATOR.join((*first, _WILDCARDS.sub(_canonical_wildcards, segments[-1]))))


def format_pattern(text: str) -> Pattern:
    """Return the pattern of a resource format: ``**`` is any run, ``*`` is a run without a colon.

    Raises ReservedCharacterError.
    """
    return Pattern(MANY.join(wild(part).translate(_WITHIN_SEGMENT) for part in text.split("**")))


def is_literal(pattern: Pattern) -> bool:
    """Whether ``pattern`` matches exactly one string, itself."""
    return pattern.isascii() or not any(char in pattern for char in _RESERVED)


def samples(pattern: Pattern) -> tuple[str, str]:
    """Return two strings that ``pattern`` matches: a shortest one, and one where every run is one character."""
    text = pattern.lstrip(FOLD)
    return text.translate(_RUNS_EMPTY), text.translate(_EACH_FILLED)


def pattern_text(pattern: Pattern) -> str:
    """Return ``pattern`` in its usual text, with ``*`` and ``?``."""
    return pattern.lstrip(FOLD).translate(_TO_TEXT)


@lru_cache(maxsize=_CACHE_SIZE)
def matcher(pattern: Pattern) -> Callable[[str], object]:
    """Return a function that is true for strings that ``pattern`` matches as a whole."""
    if is_literal(pattern):
        return pattern.__eq__
    if pattern.count(MANY_IN_SEGMENT) > 1:
        segments = pattern.split(SEPARATOR, SEGMENTS - 1)
        if len(segments) == SEGMENTS and not any(MANY in segment for segment in segments[:-1]):
            return partial(_matches_by_segments, segments)
    flags = re.DOTALL | (re.IGNORECASE | re.ASCII if pattern[:1] == FOLD else re.NOFLAG)
    return re.compile("".join(_expression(pattern)), flags).fullmatch


def matches(pattern: Pattern, text: str) -> bool:
    """Whether ``pattern`` matches the whole of ``text``."""
    return bool(matcher(pattern)(text))


def _expression(pattern: Pattern) -> Iterator[str]:
    """Yield the parts of a regular expression. A run before a fragment is matched once, without backtracking."""
    first, *rest = map(_fragment_expression, pattern.lstrip(FOLD).split(MANY))
    yield first
    for index, fragment in enumerate(rest, 1):
        atomic = MANY_IN_SEGMENT not in pattern and index < len(rest)
        yield f"(?>.*?{fragment})" if atomic else f".*{fragment}"


def _fragment_expression(fragment: str) -> str:
    """Return the regular expression of the part between two ``MANY``.

    It may be matched against another pattern (see ``glob_relations.covers``), so no wildcard matches a wider one.
    """
    tokens = {
        ONE: f"[^{MANY}{MANY_IN_SEGMENT}]",
        ONE_IN_SEGMENT: f"[^:{MANY}{MANY_IN_SEGMENT}{ONE}]",
        MANY_IN_SEGMENT: f"[^:{MANY}{ONE}]*",
    }
    return "".join(tokens.get(char) or re.escape(char) for char in fragment)


def _matches_by_segments(patterns: Sequence[str], text: str) -> bool:
    """Whether ``text`` matches the segments of a ``segmented`` pattern one by one. This keeps backtracking short."""
    segments = text.split(SEPARATOR, SEGMENTS - 1)
    if len(patterns) != len(segments) or any(MANY in segment or ONE in segment for segment in segments[:-1]):
        return False
    first = (Pattern(part.translate(ACROSS_SEGMENTS)) for part in patterns[:-1])
    return all(map(matches, (*first, Pattern(patterns[-1])), segments))
