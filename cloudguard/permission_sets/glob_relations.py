"""What a glance at patterns tells, without a search: whether two have a string in common, whether one holds another.

A pattern falls into stretches of characters between its runs. A string that two patterns match exists where their
first stretches agree and their last ones do: what lies between can follow one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from math import inf
from typing import NamedTuple

from cloudguard.permission_sets.globs import (
    COLONS_TOO,
    FILLING,
    FOLD,
    MANY,
    MANY_INSIDE,
    ONE,
    ONE_INSIDE,
    SEPARATOR,
    Pattern,
    is_literal,
    matches,
)

_REMEMBERED = 1 << 16


class _Outline(NamedTuple):
    """The ``stretches`` of a pattern, its wildcards taking colons, too (they do where it is ``exact``).

    ``fewest``, ``most``: the colons that it can match.
    """

    stretches: tuple[str, ...]
    fewest: float
    most: float
    exact: bool


@lru_cache(maxsize=_REMEMBERED)
def _outline(pattern: Pattern) -> _Outline:
    colons = pattern.count(SEPARATOR)
    most = inf if MANY in pattern else colons + pattern.count(ONE)
    exact = MANY_INSIDE not in pattern and ONE_INSIDE not in pattern
    return _Outline(tuple(pattern.translate(COLONS_TOO).split(MANY)), colons, most, exact)


@lru_cache(maxsize=_REMEMBERED)
def meets(left: Pattern, right: Pattern) -> bool | None:
    """Whether a string matches both; None: letters that fold, or colons that not all wildcards take, leave it open."""
    if left[:1] == FOLD or right[:1] == FOLD:
        return None
    one, two = _outline(left), _outline(right)
    if one.fewest > two.most or two.fewest > one.most:
        return False
    if len(one.stretches) == 1:
        agreed = _laid(one.stretches[0], two.stretches)
    elif len(two.stretches) == 1:
        agreed = _laid(two.stretches[0], one.stretches)
    else:
        agreed = _agree(one.stretches[0], two.stretches[0]) and _agree_at_end(one.stretches[-1], two.stretches[-1])
    certain = not agreed or (one.exact and two.exact) or not (one.fewest or two.fewest)
    return agreed if certain else None


def beginning(pattern: Pattern) -> str:
    """Return plain characters that whatever ``pattern`` matches begins with."""
    return "" if pattern[:1] == FOLD else _outline(pattern).stretches[0].partition(ONE)[0]


def apart(left: Pattern, right: Pattern) -> bool:
    """Whether a glance shows that no string matches both."""
    return meets(left, right) is False


def _agree(one: str, two: str) -> bool:
    """Whether two stretches agree as far as the shorter of them goes."""
    if one.startswith(two) or two.startswith(one):
        return True
    return (ONE in one or ONE in two) and all(a == b or ONE in (a, b) for a, b in zip(one, two, strict=False))


def _agree_at_end(one: str, two: str) -> bool:
    if one.endswith(two) or two.endswith(one):
        return True
    return _agree(one[::-1], two[::-1])


def _laid(text: str, stretches: Sequence[str]) -> bool:
    """Whether ``text``, a stretch that is all of its pattern, can be laid out as ``stretches`` with runs between."""
    first, last = stretches[0], stretches[-1]
    if len(stretches) == 1:
        return len(text) == len(first) and _agree(text, first)
    start, end = len(first), len(text) - len(last)
    if end < start or not _agree(text[:start], first) or not _agree(text[end:], last):
        return False
    for middle in stretches[1:-1]:
        places = range(start, end - len(middle) + 1)
        found = next((place for place in places if _agree(text[place : place + len(middle)], middle)), None)
        if found is None:
            return False
        start = found + len(middle)
    return True


def has_run(pattern: Pattern) -> bool:
    """Whether ``joint`` can tell something of ``pattern``: it has a run, and its letters do not fold."""
    return (MANY in pattern or MANY_INSIDE in pattern) and pattern[0] != FOLD


def joint(patterns: Sequence[Pattern]) -> str | None:
    """Return a string that all ``patterns``, each of which ``has_run``, match, colons apart; None: there is none.

    Where a wildcard may take no colon, the string may be wrong and must be tried.
    """
    parts = [_outline(pattern).stretches for pattern in patterns]
    head = _agreed([part[0] for part in parts])
    tail = _agreed([part[-1][::-1] for part in parts])
    if head is None or tail is None:
        return None
    middles = [text.replace(ONE, FILLING) for part in parts for text in part[1:-1] if text]
    return FILLING.join((head, *middles, tail[::-1]))


def _agreed(heads: Iterable[str]) -> str | None:
    """Return the longest of ``heads`` if all others are its beginning, single wildcards filled in."""
    chars: list[str] = []
    for column in zip_longest(*heads, fillvalue=ONE):
        named = set(column) - {ONE}
        if len(named) > 1:
            return None
        chars.append(named.pop() if named else FILLING)
    return "".join(chars)


@lru_cache(maxsize=_REMEMBERED)
def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether ``wide`` matches ``narrow`` read as a text, no wildcard taking a wider one: then it matches all of it."""
    if wide in (MANY, narrow):
        return True
    if is_literal(wide) or (narrow[:1] == FOLD and wide[:1] != FOLD):
        return False
    return matches(wide, Pattern(narrow.lstrip(FOLD)))
