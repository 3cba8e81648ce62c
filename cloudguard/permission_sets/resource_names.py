"""Resource names of six colon-separated segments, and the patterns that policies write for them.

Actions that take no resource are asked for on the name ``*``, kept here as a star and five empty segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cloudguard.permission_sets.glob_sets import EVERYTHING, GlobSet, contains, glob_set, inside
from cloudguard.permission_sets.globs import MANY, SEGMENTS, SEPARATOR, literal, matches, pattern, shaped, wild

Name = tuple[GlobSet, ...]
"""A language a segment."""

EVERY_NAME: Name = (EVERYTHING,) * SEGMENTS
_STAR = literal("*")
_EMPTY = glob_set([[literal("")]])
NO_NAME: Name = (glob_set([[_STAR]]), *[_EMPTY] * (SEGMENTS - 1))
"""The name ``*`` alone: no resource is meant."""
_LAST = SEGMENTS - 1


def split(text: str) -> tuple[str, ...] | None:
    """Return the segments of one name; None when it has fewer than six."""
    if text == "*":
        return ("*", *[""] * _LAST)
    parts = tuple(text.split(SEPARATOR, _LAST))
    return parts if len(parts) == SEGMENTS else None


def written(segments: tuple[str, ...]) -> str:
    """Return the name of ``segments``."""
    return "*" if segments == ("*", *[""] * _LAST) else SEPARATOR.join(segments)


def has(name: Name, segments: tuple[str, ...]) -> bool:
    """Whether ``name`` holds the name made of ``segments``."""
    return all(contains(part, text) for part, text in zip(name, segments, strict=True))


@lru_cache(maxsize=1 << 14)
def resource_format(text: str) -> Name:
    """Read the form of a kind of resource: ``*`` is a run without a colon; ``**``, in the last segment, any run."""
    parts = text.split(SEPARATOR, _LAST)
    if len(parts) < SEGMENTS:
        return EVERY_NAME
    first = (glob_set([[pattern(wild(part))]]) for part in parts[:-1])
    return (*first, glob_set([[shaped(parts[-1])]]))


@lru_cache(maxsize=1 << 14)
def patterned(marked: str) -> tuple[Name, ...]:
    """Read a policy's resource pattern (joined ``wild`` and ``plain`` texts) as a union of names.

    A wildcard that ends its segment may run over the colons after it; others keep to their segment.
    """
    found: list[Name] = []
    for parts in dict.fromkeys(_alignments(marked, 0)):
        name = tuple(glob_set([[pattern(part)]]) for part in parts)
        if SEPARATOR in marked and contains(name[0], "*"):
            name = (glob_set([[pattern(parts[0])]], [_STAR]), *name[1:])
        if not any(covers(wide, name) for wide in found):
            found.append(name)
    bare = SEPARATOR not in marked and not marked.endswith(MANY) and matches(pattern(marked), "*")
    return (*found, NO_NAME) if bare else tuple(found)


def covers(wide: Name, narrow: Name) -> bool:
    """Whether ``narrow`` is known to be within ``wide``."""
    return all(inside(part, whole) for part, whole in zip(narrow, wide, strict=True))


def _alignments(rest: str, depth: int) -> Iterator[tuple[str, ...]]:
    """Yield the ways to lay a pattern over the segments from ``depth`` on, the one without overrun first."""
    if depth == _LAST:
        yield (rest,)
        return
    head, colon, tail = rest.partition(SEPARATOR)
    if not colon:
        if head.endswith(MANY):
            yield (head, *[MANY] * (_LAST - depth))
        return
    for following in _alignments(tail, depth + 1):
        yield (head, *following)
    if head.endswith(MANY):
        for following in _alignments(MANY + colon + tail, depth + 1):
            yield (head, *following)
