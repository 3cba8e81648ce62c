"""Languages: the strings that match one glob of every group and none of some others.

They are closed under intersection; a difference is a few disjoint ones. Results are remembered, since the
same few segments meet again and again.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice, product

from cloudguard.permission_sets.glob_relations import apart, beginning, covers, has_run, joint, meets
from cloudguard.permission_sets.glob_search import UndecidedError, shortest
from cloudguard.permission_sets.globs import ANYTHING, Pattern, is_literal, matcher, members, shown

Group = frozenset[Pattern]
_REMEMBERED = 1 << 16
_GUESSES = 8
_MEMBERS = 4


class GlobSet:
    """AND over ``groups`` (each an OR of patterns), AND NOT ``misses``; made by ``language``.

    ``members`` are a few of its strings that came up; ``only`` is its pattern where it is that of one.
    """

    __slots__ = ("_hash", "groups", "members", "misses", "only")

    def __init__(self, groups: frozenset[Group], misses: Group) -> None:
        self.groups = groups
        self.misses = misses
        self.members: tuple[str, ...] = ()
        self.only = _only(groups) if not misses else None
        self._hash = hash((groups, misses))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, GlobSet) and self.groups == other.groups and self.misses == other.misses

    def __repr__(self) -> str:
        return f"Language({self})"

    def __str__(self) -> str:
        groups = [" or ".join(_texts(group)) or "nothing" for group in self.groups]
        misses = [f"not {text}" for text in _texts(self.misses)]
        return " and ".join([*sorted(groups), *misses]) or "anything"


def _only(groups: frozenset[Group]) -> Pattern | None:
    if len(groups) == 1:
        (group,) = groups
        if len(group) == 1:
            return next(iter(group))
    return None


def _texts(patterns: Group) -> list[str]:
    return sorted(shown(pattern) or "''" for pattern in patterns)


def glob_set(groups: Iterable[Iterable[Pattern]] = (), misses: Iterable[Pattern] = ()) -> GlobSet:
    """Return the language, made plain: sets of literals are filtered, idle groups and misses left out."""
    return _plain(frozenset(frozenset(group) for group in groups), frozenset(misses))


@lru_cache(maxsize=_REMEMBERED)
def _plain(groups: frozenset[Group], misses: Group) -> GlobSet:
    groups = frozenset(group for group in groups if ANYTHING not in group)
    finite = [group for group in groups if all(map(is_literal, group))]
    if finite:
        texts = [text for text in min(finite, key=len) if _fits(groups, misses, text)]
        return GlobSet(frozenset((frozenset(texts),)), NO_PATTERN) if texts else NOTHING
    if not groups and not misses:
        return EVERYTHING
    narrowed = (frozenset(p for p in group if not any(covers(miss, p) for miss in misses)) for group in groups)
    groups = frozenset(group for group in narrowed if not _idle(group, groups))
    if any(not group for group in groups) or ANYTHING in misses:
        return NOTHING
    misses = frozenset(m for m in misses if not any(all(apart(m, p) for p in group) for group in groups))
    return GlobSet(groups, frozenset(m for m in misses if not any(covers(wide, m) for wide in misses - {m})))


def _idle(group: Group, groups: frozenset[Group]) -> bool:
    """Whether another group is a proper part of this one, and so says more."""
    return any(other < group for other in groups)


def _fits(groups: Iterable[Group], misses: Group, text: str) -> bool:
    for group in groups:
        for pattern in group:
            if matcher(pattern)(text):
                break
        else:
            return False
    return not any(matcher(miss)(text) for miss in misses)


NO_PATTERN: Group = frozenset()
NOTHING = GlobSet(frozenset((NO_PATTERN,)), NO_PATTERN)
EVERYTHING = GlobSet(frozenset[Group](), NO_PATTERN)


def contains(whole: GlobSet, text: str) -> bool:
    """Whether ``text`` is in ``whole``."""
    return _fits(whole.groups, whole.misses, text)


def head(whole: GlobSet) -> str:
    """Return plain characters that every member begins with."""
    return "" if whole.only is None else beginning(whole.only)


@lru_cache(maxsize=_REMEMBERED)
def witness(whole: GlobSet) -> str | None:
    """Return a shortest member, None if there is none; raises UndecidedError beyond the search's budget."""
    return shortest(sorted(map(sorted, whole.groups)), sorted(whole.misses))  # sorted: the same member in every run


def _shows(whole: GlobSet, texts: Iterable[str | None]) -> bool:
    """Whether one of ``texts`` is in ``whole``, which then has a member."""
    for text in texts:
        if text is not None and contains(whole, text):
            _note(whole, text)
            return True
    return False


def _note(whole: GlobSet, text: str) -> None:
    """Remember that ``text`` is in ``whole``."""
    if text not in whole.members:
        whole.members = (text, *whole.members[: _MEMBERS - 1])


def _glance(whole: GlobSet) -> bool | None:
    """Whether ``whole`` has a member, where patterns with runs in them tell at once; None: a search is needed."""
    groups = whole.groups or frozenset((frozenset((ANYTHING,)),))
    if not all(has_run(pattern) for group in groups for pattern in group):
        return None
    texts = [joint(choice) for choice in islice(product(*groups), _GUESSES)]
    if _shows(whole, texts):
        return True
    return False if texts == [None] else None


def inhabited(whole: GlobSet) -> bool | None:
    """Whether ``whole`` has a member; None: undecided."""
    return bool(whole.members) or _found(whole)


@lru_cache(maxsize=_REMEMBERED)
def _found(whole: GlobSet) -> bool | None:
    if whole.only is not None and _shows(whole, members(whole.only)):
        return True
    if not whole.misses and len(whole.groups) <= 1 and not all(whole.groups):
        return False
    seen = _glance(whole)
    if seen is not None:
        return seen
    try:
        text = witness(whole)
    except UndecidedError:
        return None
    return _shows(whole, (text,))


@lru_cache(maxsize=_REMEMBERED)
def meet(left: GlobSet, right: GlobSet) -> GlobSet:
    """Return the intersection; ``NOTHING`` where it is known to be empty."""
    if left is right or right is EVERYTHING:
        return left
    if left is EVERYTHING:
        return right
    if _glance_apart(left, right):
        return NOTHING
    both = _plain(left.groups | right.groups, left.misses | right.misses)
    if _shows(both, (*left.members, *right.members)) or inhabited(both) is not False:
        for text in both.members[:1]:
            _note(left, text)
            _note(right, text)
        return both
    return NOTHING


@lru_cache(maxsize=_REMEMBERED)
def overlap(left: GlobSet, right: GlobSet) -> bool:
    """Whether a string may be in both: false only where it is known that none is."""
    if left is right or left is EVERYTHING or right is EVERYTHING:
        return left is not NOTHING and right is not NOTHING
    seen = meets(left.only, right.only) if left.only is not None and right.only is not None else None
    if seen is not None:
        return seen
    if any(contains(right, text) for text in left.members) or any(contains(left, text) for text in right.members):
        return True
    return meet(left, right) is not NOTHING


def _glance_apart(left: GlobSet, right: GlobSet) -> bool:
    return any(all(apart(p, q) for p in one for q in two) for one in left.groups for two in right.groups)


@lru_cache(maxsize=_REMEMBERED)
def minus(left: GlobSet, right: GlobSet) -> tuple[GlobSet, ...]:
    """Return ``left`` without ``right`` as disjoint languages; none of them is known to be empty."""
    if left is right or right is EVERYTHING:
        return ()
    pieces: list[GlobSet] = []
    kept = left
    for group in sorted(right.groups - left.groups, key=sorted):
        if not _glance_inside(kept, group):
            pieces.append(_plain(kept.groups, kept.misses | group))
            kept = meet(kept, GlobSet(frozenset((group,)), NO_PATTERN))
    rest = right.misses - kept.misses
    if rest:
        pieces.append(meet(kept, GlobSet(frozenset((rest,)), NO_PATTERN)))
    return tuple(piece for piece in pieces if _shows(piece, left.members) or inhabited(piece) is not False)


def _glance_inside(left: GlobSet, group: Group) -> bool:
    """Whether a glance shows that every member of ``left`` matches a pattern of ``group``."""
    return any(all(any(covers(q, p) for q in group) for p in one) for one in left.groups)


@lru_cache(maxsize=_REMEMBERED)
def inside(left: GlobSet, right: GlobSet) -> bool:
    """Whether every member of ``left`` is known to be one of ``right``."""
    if left is right or right is EVERYTHING:
        return True
    if any(not contains(right, text) for text in left.members):
        return False
    return not minus(left, right)


def atoms(whole: GlobSet) -> tuple[GlobSet, ...]:
    """Return languages of one group or one set of misses each, whose intersection is ``whole``."""
    groups = (GlobSet(frozenset((group,)), NO_PATTERN) for group in sorted(whole.groups, key=sorted))
    return (*groups, *((GlobSet(frozenset[Group](), whole.misses),) if whole.misses else ()))


def negated(atom: GlobSet) -> GlobSet:
    """Return the complement of one of ``atoms``."""
    if atom.misses:
        return _plain(frozenset((atom.misses,)), NO_PATTERN)
    (group,) = atom.groups
    return _plain(frozenset[Group](), group)
