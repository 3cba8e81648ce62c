"""Glob patterns as text: wildcards, literals, matching.

A pattern is kept as one string in which noncharacters stand for the wildcards, so that a literal star
and a wildcard star never mix and patterns hash and compare as strings do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import NewType

Pattern = NewType("Pattern", str)
"""A parsed glob; made by ``glob``, ``literal``, ``pattern`` and ``segmented`` only."""

MANY = "\ufdd0"
"""Any run of characters (``*``)."""
ONE = "\ufdd1"
"""Any one character (``?``)."""
MANY_INSIDE = "\ufdd2"
"""Any run of characters without a colon."""
ONE_INSIDE = "\ufdd3"
"""Any one character but a colon."""
FOLD = "\ufdd4"
"""Leads a pattern whose letters (of ASCII) match in either case."""

SEPARATOR = ":"
SEGMENTS = 6
_MARKS = frozenset((MANY, ONE, MANY_INSIDE, ONE_INSIDE, FOLD))
_RUN = re.compile(f"[{MANY}{ONE}]{{2,}}")
_TO_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_TO_WILD = str.maketrans("*?", MANY + ONE)
_TO_INSIDE = str.maketrans(MANY + ONE, MANY_INSIDE + ONE_INSIDE)
COLONS_TOO = str.maketrans(MANY_INSIDE + ONE_INSIDE, MANY + ONE)
"""What lets wildcards take colons, too."""
FILLING = "~"
"""A character that patterns seldom name."""
_LONGER = dict.fromkeys(map(ord, (MANY, MANY_INSIDE, ONE, ONE_INSIDE)), FILLING)
_SHORTEST = _LONGER | {ord(MANY): None, ord(MANY_INSIDE): None}
_LETTER = re.compile("[A-Za-z]")
_REMEMBERED = 1 << 16

ANYTHING = Pattern(MANY)
"""The pattern ``*``."""


class ReservedCharacterError(ValueError):
    """A text holds a noncharacter that patterns use for their wildcards."""


def _checked(text: str) -> str:
    if not text.isascii() and not _MARKS.isdisjoint(text):
        message = "the text holds one of the noncharacters U+FDD0 to U+FDD4"
        raise ReservedCharacterError(message)
    return text


def _sorted_run(run: re.Match[str]) -> str:
    ones = run[0].count(ONE)
    return ONE * ones + (MANY if ones < len(run[0]) else "")


def wild(text: str) -> str:
    """Return ``text`` with its ``*`` and ``?`` made wildcards, to be joined. Raises ReservedCharacterError."""
    return _checked(text).translate(_TO_WILD)


def plain(text: str) -> str:
    """Return ``text`` as it is, to be joined with wild texts. Raises ReservedCharacterError."""
    return _checked(text)


def pattern(marked: str, *, fold: bool = False) -> Pattern:
    """Make a pattern of joined ``wild`` and ``plain`` texts; ``fold``: letters match in either case."""
    body = _RUN.sub(_sorted_run, marked)
    return Pattern(FOLD + body.translate(_TO_LOWER)) if fold and _LETTER.search(body) else Pattern(body)


def glob(text: str, *, fold: bool = False) -> Pattern:
    """Read ``*`` and ``?`` as wildcards; ``fold``: letters match in either case. Raises ReservedCharacterError."""
    return pattern(wild(text), fold=fold)


def literal(text: str, *, fold: bool = False) -> Pattern:
    """Match exactly ``text``, stars and all; ``fold``: in either case. Raises ReservedCharacterError."""
    return pattern(plain(text), fold=fold)


def segmented(marked: str) -> Pattern | None:
    """Match six colon-separated segments one by one: only the last one's wildcards match a colon.

    None when ``marked`` (joined ``wild`` and ``plain`` texts) has fewer segments.
    """
    parts = marked.split(SEPARATOR, SEGMENTS - 1)
    if len(parts) < SEGMENTS:
        return None
    head = SEPARATOR.join(_RUN.sub(_sorted_run, part).translate(_TO_INSIDE) for part in parts[:-1])
    return Pattern(f"{head}{SEPARATOR}{_RUN.sub(_sorted_run, parts[-1])}")


def shaped(text: str) -> Pattern:
    """Read a form of names: ``**`` is any run, ``*`` one without a colon. Raises ReservedCharacterError."""
    parts = (_checked(part).translate(_TO_WILD).translate(_TO_INSIDE) for part in text.split("**"))
    return Pattern(MANY.join(parts))


def is_literal(pattern: Pattern) -> bool:
    """Whether ``pattern`` matches exactly one string, itself."""
    if pattern.isascii():
        return True
    return not (MANY in pattern or ONE in pattern or FOLD in pattern or MANY_INSIDE in pattern or ONE_INSIDE in pattern)


def members(pattern: Pattern) -> tuple[str, str]:
    """Return strings that ``pattern`` matches: a shortest one, and one in which every run takes something."""
    text = pattern.lstrip(FOLD)
    return text.translate(_SHORTEST), text.translate(_LONGER)


def shown(pattern: Pattern) -> str:
    """``pattern`` as people write it."""
    text = pattern.lstrip(FOLD)
    for mark, sign in ((MANY, "*"), (MANY_INSIDE, "*"), (ONE, "?"), (ONE_INSIDE, "?")):
        text = text.replace(mark, sign)
    return text


def _expression(pattern: Pattern) -> Iterator[str]:
    """Yield regular-expression parts; a run before a plain part is matched once, never tried again."""
    first, *rest = (_plain(part) for part in pattern.lstrip(FOLD).split(MANY))
    yield first
    for index, part in enumerate(rest, 1):
        atomic = MANY_INSIDE not in pattern and index < len(rest)
        yield f"(?>.*?{part})" if atomic else f".*{part}"


def _plain(part: str) -> str:
    """Return the expression of a part without runs over colons; a wildcard takes no wider one, for ``covers``."""
    tokens = {
        ONE: f"[^{MANY}{MANY_INSIDE}]",
        ONE_INSIDE: f"[^:{MANY}{MANY_INSIDE}{ONE}]",
        MANY_INSIDE: f"[^:{MANY}{ONE}]*",
    }
    return "".join(tokens.get(char) or re.escape(char) for char in part)


@lru_cache(maxsize=_REMEMBERED)
def matcher(pattern: Pattern) -> Callable[[str], object]:
    """Return what is true of the texts that ``pattern`` matches as a whole."""
    if is_literal(pattern):
        return pattern.__eq__
    if pattern.count(MANY_INSIDE) > 1:
        wanted = pattern.split(SEPARATOR, SEGMENTS - 1)
        if len(wanted) == SEGMENTS and not any(MANY in part for part in wanted[:-1]):
            return partial(_matches_by_segments, wanted)
    flags = re.DOTALL | (re.IGNORECASE | re.ASCII if pattern[:1] == FOLD else re.NOFLAG)
    return re.compile("".join(_expression(pattern)), flags).fullmatch


def matches(pattern: Pattern, text: str) -> bool:
    """Whether ``pattern`` matches the whole of ``text``."""
    return bool(matcher(pattern)(text))


def _matches_by_segments(wanted: Sequence[str], text: str) -> bool:
    """Match what ``segmented`` makes one segment at a time, which keeps backtracking short."""
    given = text.split(SEPARATOR, SEGMENTS - 1)
    if len(wanted) != len(given) or any(MANY in part or ONE in part for part in given[:-1]):
        return False
    runs = (Pattern(part.translate(COLONS_TOO)) for part in wanted[:-1])
    return all(map(matches, (*runs, Pattern(wanted[-1])), given))
