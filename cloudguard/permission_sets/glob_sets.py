"""Glob sets: the strings that match at least one pattern of each group of alternatives, and no excluded pattern.

The intersection of two glob sets is a glob set. A difference is a few disjoint glob sets. Results are cached, because
the same few segments of resource names occur many times.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice, product

from cloudguard.permission_sets.glob_relations import candidate, covers, disjoint, has_run, overlap
from cloudguard.permission_sets.glob_search import UndecidedError, shortest
from cloudguard.permission_sets.globs import ANYTHING, Pattern, glob, is_literal, matcher, pattern_text, samples

Alternatives = frozenset[Pattern]
_CACHE_SIZE = 1 << 16
_MOST_CANDIDATES = 8
_MOST_EXAMPLES = 4


@lru_cache(maxsize=_CACHE_SIZE)
def _intersection(left: GlobSet, right: GlobSet) -> GlobSet:
    """Return the intersection, or ``NOTHING`` if it is certainly empty."""
    if left is right or right is EVERYTHING:
        return left
    if left is EVERYTHING:
        return right
    if any(all(disjoint(p, q) for p in a for q in b) for a in left.required for b in right.required):
        return NOTHING
    both = _canonical(left.required | right.required, left.excluded | right.excluded)
    if not (_has_one_of(both, (*left.examples, *right.examples)) or both):
        return NOTHING
    for text in both.examples[:1]:
        _add_example(left, text)
        _add_example(right, text)
    return both


@lru_cache(maxsize=_CACHE_SIZE)
def _disjoint(left: GlobSet, right: GlobSet) -> bool:
    """Whether it is certain that no string is in both sets."""
    if left is right or left is EVERYTHING or right is EVERYTHING:
        return left is NOTHING or right is NOTHING
    common = overlap(left.single, right.single) if left.single is not None and right.single is not None else None
    if common is not None:
        return not common
    if any(text in right for text in left.examples) or any(text in left for text in right.examples):
        return False
    return (left & right) is NOTHING


@lru_cache(maxsize=_CACHE_SIZE)
def _difference(left: GlobSet, right: GlobSet) -> tuple[GlobSet, ...]:
    """Return the difference as disjoint parts. No part is certainly empty."""
    if left is right or right is EVERYTHING:
        return ()
    result: list[GlobSet] = []
    rest = left
    for alternatives in sorted(right.required - left.required, key=sorted):
        if not _implies(rest, alternatives):
            result.append(_canonical(rest.required, rest.excluded | alternatives))
            rest &= _requiring(alternatives)
    excluded = right.excluded - rest.excluded
    if excluded:
        result.append(rest & _requiring(excluded))
    return tuple(each for each in result if _has_one_of(each, left.examples) or each)


@lru_cache(maxsize=_CACHE_SIZE)
def _is_subset(left: GlobSet, right: GlobSet) -> bool:
    """Whether every member of ``left`` is certainly a member of ``right``."""
    if left is right or right is EVERYTHING:
        return True
    return all(text in right for text in left.examples) and not left - right


class GlobSet:
    """The strings that match a pattern of each item of ``required`` and none of ``excluded``. Made by ``glob_set``.

    ``==`` and ``hash`` compare patterns, not matching strings. ``examples``: a few known members. ``single``: the
    pattern, if there is only one.
    """

    __slots__ = ("_hash", "examples", "excluded", "required", "single")

    def __init__(self, required: frozenset[Alternatives], excluded: Alternatives) -> None:
        self.required = required
        self.excluded = excluded
        self.examples: tuple[str, ...] = ()
        self.single = _single(required) if not excluded else None
        self._hash = hash((required, excluded))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, GlobSet) and self.required == other.required and self.excluded == other.excluded

    def __contains__(self, text: str) -> bool:
        for alternatives in self.required:
            for pattern in alternatives:
                if matcher(pattern)(text):
                    break
            else:
                return False
        return not any(matcher(pattern)(text) for pattern in self.excluded)

    def is_empty(self) -> bool | None:
        """Whether the set has no member. None: undecided within the budget of a search."""
        return False if self.examples else _is_empty(self)

    def __bool__(self) -> bool:
        """Whether the set may have members: False only if it is certainly empty."""
        return self.is_empty() is not True

    # The cached functions are methods directly, to save a call: they take most of the time of large differences.
    __and__ = _intersection
    __sub__ = _difference
    __le__ = _is_subset
    isdisjoint = _disjoint

    def witness(self) -> str | None:
        """Return a short member, or None if the set is empty. "" is returned only if there is no other member.

        Raises UndecidedError if the search exceeds its budget.
        """
        return _shortest(self & _NOT_BLANK) or _shortest(self)

    def conjuncts(self) -> tuple[GlobSet, ...]:
        """Return sets whose intersection is this set: one for each group of alternatives, and one for exclusions."""
        parts = [_requiring(alternatives) for alternatives in sorted(self.required, key=sorted)]
        return (*parts, GlobSet(frozenset(), self.excluded)) if self.excluded else tuple(parts)

    def __repr__(self) -> str:
        return f"GlobSet({self})"

    def __str__(self) -> str:
        required = [" or ".join(_texts(alternatives)) or "nothing" for alternatives in self.required]
        excluded = [f"not {text}" for text in _texts(self.excluded)]
        return " and ".join([*sorted(required), *excluded]) or "anything"


def glob_set(required: Iterable[Iterable[Pattern]] = (), excluded: Iterable[Pattern] = ()) -> GlobSet:
    """Return the strings that match a pattern of each item of ``required`` and none of ``excluded``.

    Literals that do not match are left out. Alternatives and exclusions that others imply are left out too.
    """
    return _canonical(frozenset(frozenset(alternatives) for alternatives in required), frozenset(excluded))


def _single(required: frozenset[Alternatives]) -> Pattern | None:
    if len(required) == 1:
        (alternatives,) = required
        if len(alternatives) == 1:
            return next(iter(alternatives))
    return None


def _texts(patterns: Alternatives) -> list[str]:
    return sorted(pattern_text(pattern) or "''" for pattern in patterns)


def _requiring(alternatives: Alternatives) -> GlobSet:
    return GlobSet(frozenset((alternatives,)), NO_PATTERN) if alternatives else NOTHING


@lru_cache(maxsize=_CACHE_SIZE)
def _canonical(required: frozenset[Alternatives], excluded: Alternatives) -> GlobSet:
    required = frozenset(alternatives for alternatives in required if ANYTHING not in alternatives)
    finite = [alternatives for alternatives in required if all(map(is_literal, alternatives))]
    if finite:
        result = GlobSet(required, excluded)
        return _requiring(frozenset(text for text in min(finite, key=len) if text in result))
    if not required and not excluded:
        return EVERYTHING
    narrowed = (frozenset(p for p in alternatives if not _is_covered(p, excluded)) for alternatives in required)
    required = frozenset(
        alternatives for alternatives in narrowed if not any(other < alternatives for other in required)
    )
    if any(not alternatives for alternatives in required) or ANYTHING in excluded:
        return NOTHING
    excluded = frozenset(p for p in excluded if not any(_misses(p, alternatives) for alternatives in required))
    return GlobSet(required, frozenset(p for p in excluded if not _is_covered(p, excluded - {p})))


def _is_covered(pattern: Pattern, among: Alternatives) -> bool:
    return any(covers(wide, pattern) for wide in among)


def _misses(pattern: Pattern, alternatives: Alternatives) -> bool:
    return all(disjoint(pattern, other) for other in alternatives)


NO_PATTERN: Alternatives = frozenset()
NOTHING = GlobSet(frozenset((NO_PATTERN,)), NO_PATTERN)
EVERYTHING = GlobSet(frozenset[Alternatives](), NO_PATTERN)
_NOT_BLANK = _requiring(frozenset((glob("?*"),)))


@lru_cache(maxsize=_CACHE_SIZE)
def _shortest(glob_set: GlobSet) -> str | None:
    """Return a shortest member, the same in every run. Raises UndecidedError if the search exceeds its budget."""
    return shortest(sorted(map(sorted, glob_set.required)), sorted(glob_set.excluded))


def _has_one_of(glob_set: GlobSet, texts: Iterable[str | None]) -> bool:
    """Whether one of ``texts`` is a member. The member is then stored as an example."""
    for text in texts:
        if text is not None and text in glob_set:
            _add_example(glob_set, text)
            return True
    return False


def _add_example(glob_set: GlobSet, text: str) -> None:
    if text not in glob_set.examples:
        glob_set.examples = (text, *glob_set.examples[: _MOST_EXAMPLES - 1])


@lru_cache(maxsize=_CACHE_SIZE)
def _is_empty(glob_set: GlobSet) -> bool | None:
    if glob_set.single is not None and _has_one_of(glob_set, samples(glob_set.single)):
        return False
    if not glob_set.excluded and len(glob_set.required) <= 1 and not all(glob_set.required):
        return True
    empty = _is_empty_by_candidates(glob_set)
    if empty is not None:
        return empty
    try:
        return not _has_one_of(glob_set, (_shortest(glob_set),))
    except UndecidedError:
        return None


def _is_empty_by_candidates(glob_set: GlobSet) -> bool | None:
    """Whether a set is empty, if all its patterns have a run. None: undecided, run a search."""
    required = glob_set.required or frozenset((frozenset((ANYTHING,)),))
    if not all(has_run(pattern) for alternatives in required for pattern in alternatives):
        return None
    texts = [candidate(choice) for choice in islice(product(*required), _MOST_CANDIDATES)]
    if _has_one_of(glob_set, texts):
        return False
    return True if texts == [None] else None


def _implies(glob_set: GlobSet, alternatives: Alternatives) -> bool:
    """Whether a fast test shows that every member matches one of ``alternatives``."""
    return any(all(_is_covered(p, alternatives) for p in required) for required in glob_set.required)
