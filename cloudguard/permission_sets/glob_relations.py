"""Fast, sound tests of two globs: whether they overlap, and whether one contains the other.

None: undecided, run ``glob_search``. The runs of a pattern divide it into fragments of literal characters and ``?``.
Two patterns that both have a run overlap if their first fragments agree and their last fragments agree, because one
string can contain all other fragments one after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from math import inf
from typing import NamedTuple

from cloudguard.permission_sets.globs import (
    ACROSS_SEGMENTS,
    FILLER,
    FOLD,
    MANY,
    MANY_IN_SEGMENT,
    ONE,
    ONE_IN_SEGMENT,
    SEPARATOR,
    Pattern,
    is_literal,
    matches,
)

_CACHE_SIZE = 1 << 16


class _Outline(NamedTuple):
    """The fragments of a pattern, read as if every wildcard matched colons. ``exact``: every wildcard does."""

    fragments: tuple[str, ...]
    least_colons: float
    most_colons: float
    exact: bool


@lru_cache(maxsize=_CACHE_SIZE)
def _outline(pattern: Pattern) -> _Outline:
    colons = pattern.count(SEPARATOR)
    most = inf if MANY in pattern else colons + pattern.count(ONE)
    exact = MANY_IN_SEGMENT not in pattern and ONE_IN_SEGMENT not in pattern
    return _Outline(tuple(pattern.translate(ACROSS_SEGMENTS).split(MANY)), colons, most, exact)


@lru_cache(maxsize=_CACHE_SIZE)
def overlap(left: Pattern, right: Pattern) -> bool | None:
    """Whether a string matches both patterns.

    ``None``: undecided, because letters fold, or because only some wildcards match a colon.
    """
    if left[:1] == FOLD or right[:1] == FOLD:
        return None
    a, b = _outline(left), _outline(right)
    if a.least_colons > b.most_colons or b.least_colons > a.most_colons:
        return False
    if len(a.fragments) == 1:
        compatible = _matches_fragments(a.fragments[0], b.fragments)
    elif len(b.fragments) == 1:
        compatible = _matches_fragments(b.fragments[0], a.fragments)
    else:
        compatible = _same_prefix(a.fragments[0], b.fragments[0]) and _same_suffix(a.fragments[-1], b.fragments[-1])
    certain = not compatible or (a.exact and b.exact) or not (a.least_colons or b.least_colons)
    return compatible if certain else None


def disjoint(left: Pattern, right: Pattern) -> bool:
    """Whether it is certain that no string matches both patterns."""
    return overlap(left, right) is False


@lru_cache(maxsize=_CACHE_SIZE)
def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether ``wide`` certainly matches everything that ``narrow`` matches.

    It does if it matches the text of ``narrow``. A wildcard of ``wide`` matches no wildcard that is wider than itself.
    """
    if wide in (MANY, narrow):
        return True
    if is_literal(wide) or (narrow[:1] == FOLD and wide[:1] != FOLD):
        return False
    return matches(wide, Pattern(narrow.lstrip(FOLD)))


def has_run(pattern: Pattern) -> bool:
    """Whether ``pattern`` has a run and its letters do not fold, as ``candidate`` requires."""
    return (MANY in pattern or MANY_IN_SEGMENT in pattern) and pattern[0] != FOLD


def candidate(patterns: Sequence[Pattern]) -> str | None:
    """Return a string that matches every pattern if their runs match ``:``. Verify it with ``matches``.

    Each pattern must have a run (``has_run``). None: their prefixes or suffixes conflict, so that no string matches
    all patterns.
    """
    outlines = [_outline(pattern).fragments for pattern in patterns]
    prefix = _merged([fragments[0] for fragments in outlines])
    suffix = _merged([fragments[-1][::-1] for fragments in outlines])
    if prefix is None or suffix is None:
        return None
    middle = [text.replace(ONE, FILLER) for fragments in outlines for text in fragments[1:-1] if text]
    return FILLER.join((prefix, *middle, suffix[::-1]))


def _same_prefix(left: str, right: str) -> bool:
    """Whether two fragments agree over the length of the shorter one."""
    if left.startswith(right) or right.startswith(left):
        return True
    return (ONE in left or ONE in right) and all(a == b or ONE in (a, b) for a, b in zip(left, right, strict=False))


def _same_suffix(left: str, right: str) -> bool:
    if left.endswith(right) or right.endswith(left):
        return True
    return _same_prefix(left[::-1], right[::-1])


def _matches_fragments(text: str, fragments: Sequence[str]) -> bool:
    """Whether ``text``, a pattern without a run, contains ``fragments`` in order, with any characters in between.

    It must begin with the first fragment and end with the last one.
    """
    first, last = fragments[0], fragments[-1]
    if len(fragments) == 1:
        return len(text) == len(first) and _same_prefix(text, first)
    start, end = len(first), len(text) - len(last)
    if end < start or not _same_prefix(text[:start], first) or not _same_prefix(text[end:], last):
        return False
    for fragment in fragments[1:-1]:
        starts = range(start, end - len(fragment) + 1)
        position = next((at for at in starts if _same_prefix(text[at : at + len(fragment)], fragment)), None)
        if position is None:
            return False
        start = position + len(fragment)
    return True


def _merged(fragments: Iterable[str]) -> str | None:
    """Return the longest fragment, with its ``?`` filled in, if all others are a prefix of it. None otherwise."""
    chars: list[str] = []
    for column in zip_longest(*fragments, fillvalue=ONE):
        literals = set(column) - {ONE}
        if len(literals) > 1:
            return None
        chars.append(literals.pop() if literals else FILLER)
    return "".join(chars)
