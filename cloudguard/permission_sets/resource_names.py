"""Sets of resource names of six colon-separated segments, and the patterns that policies write for them.

Actions that take no resource are requested on the name ``*``, kept here as a star and five empty segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cloudguard.permission_sets.glob_sets import EVERYTHING, NOTHING, GlobSet, glob_set
from cloudguard.permission_sets.globs import MANY, SEGMENTS, SEPARATOR, format_pattern, literal, matches, pattern, wild

_LAST = SEGMENTS - 1
_CACHE_SIZE = 1 << 14


class ResourceNames:
    """The names whose every segment is in the glob set of that segment."""

    __slots__ = ("_hash", "segments")

    def __init__(self, segments: tuple[GlobSet, ...]) -> None:
        self.segments = segments
        self._hash = hash(segments)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, ResourceNames) and self.segments == other.segments)

    def __contains__(self, name: str) -> bool:
        texts = segments_of(name)
        return texts is not None and all(text in part for part, text in zip(self.segments, texts, strict=True))

    def is_empty(self) -> bool | None:
        """Whether there is no such name; None: undecided."""
        states = [part.is_empty() for part in self.segments]
        return True if True in states else None if None in states else False

    def __bool__(self) -> bool:
        """True unless there certainly is no such name."""
        return self.is_empty() is not True

    def __and__(self, other: ResourceNames) -> ResourceNames:
        """``NO_NAMES`` if the intersection is certainly empty."""
        if other is EVERY_NAME:
            return self
        segments: list[GlobSet] = []
        for left, right in zip(self.segments, other.segments, strict=True):
            part = left & right
            if part is NOTHING:
                return NO_NAMES
            segments.append(part)
        return ResourceNames(tuple(segments))

    def __sub__(self, other: ResourceNames) -> tuple[ResourceNames, ...]:
        """Disjoint parts, of which none is certainly empty if this is not."""
        return self.divided(other)[0]

    def divided(self, other: ResourceNames) -> tuple[tuple[ResourceNames, ...], ResourceNames]:
        """Return the parts outside of ``other``, one segment at a time, and the part inside."""
        outside: list[ResourceNames] = []
        segments = self.segments
        for index, (left, right) in enumerate(zip(self.segments, other.segments, strict=True)):
            if left is right or right is EVERYTHING:
                continue
            parts = left - right
            if parts:
                common = left & right
                if common is NOTHING:
                    return (self,), NO_NAMES
                outside += (ResourceNames((*segments[:index], part, *segments[index + 1 :])) for part in parts)
                segments = (*segments[:index], common, *segments[index + 1 :])
        return tuple(outside), ResourceNames(segments)

    def __le__(self, other: ResourceNames) -> bool:
        """Whether every name is certainly in ``other``."""
        for left, right in zip(self.segments, other.segments, strict=True):
            if left is not right and right is not EVERYTHING and not left <= right:
                return False
        return True

    def isdisjoint(self, other: ResourceNames) -> bool:
        """Whether certainly no name is in both."""
        for left, right in zip(self.segments, other.segments, strict=True):
            if left is not EVERYTHING and right is not EVERYTHING and left.isdisjoint(right):
                return True
        return False

    def __repr__(self) -> str:
        return f"ResourceNames({':'.join(map(str, self.segments))})"


EVERY_NAME = ResourceNames((EVERYTHING,) * SEGMENTS)
NO_NAMES = ResourceNames((NOTHING,) * SEGMENTS)
_STAR = literal("*")
NO_RESOURCE = ResourceNames((glob_set([[_STAR]]), *[glob_set([[literal("")]])] * _LAST))
"""The name ``*`` alone, of requests without a resource."""


def segments_of(name: str) -> tuple[str, ...] | None:
    """Return the segments of a name; None if it has fewer than six."""
    if name == "*":
        return ("*", *[""] * _LAST)
    segments = tuple(name.split(SEPARATOR, _LAST))
    return segments if len(segments) == SEGMENTS else None


def joined(segments: tuple[str, ...]) -> str:
    """Return the name of ``segments``."""
    return "*" if segments == ("*", *[""] * _LAST) else SEPARATOR.join(segments)


@lru_cache(maxsize=_CACHE_SIZE)
def resource_format(text: str) -> ResourceNames:
    """Read a resource format: ``*`` is a run without a colon; ``**``, in the last segment, any run."""
    segments = text.split(SEPARATOR, _LAST)
    if len(segments) < SEGMENTS:
        return EVERY_NAME
    first = (glob_set([[pattern(wild(segment))]]) for segment in segments[:-1])
    return ResourceNames((*first, glob_set([[format_pattern(segments[-1])]])))


@lru_cache(maxsize=_CACHE_SIZE)
def resource_pattern(parts: str) -> tuple[ResourceNames, ...]:
    """Read a policy's resource pattern (joined ``wild`` and ``escaped`` texts) as a union of sets of names.

    A wildcard that ends its segment may match the colons after it; others match none.
    """
    found: list[ResourceNames] = []
    for texts in dict.fromkeys(_alignments(parts, 0)):
        segments = tuple(glob_set([[pattern(text)]]) for text in texts)
        if SEPARATOR in parts and "*" in segments[0]:
            segments = (glob_set([[pattern(texts[0])]], [_STAR]), *segments[1:])
        names = ResourceNames(segments)
        if not any(names <= wide for wide in found):
            found.append(names)
    star = SEPARATOR not in parts and not parts.endswith(MANY) and matches(pattern(parts), "*")
    return (*found, NO_RESOURCE) if star else tuple(found)


def _alignments(rest: str, depth: int) -> Iterator[tuple[str, ...]]:
    """Yield the ways to divide a pattern into the segments from ``depth`` on; first the one at its own colons."""
    if depth == _LAST:
        yield (rest,)
        return
    first, colon, others = rest.partition(SEPARATOR)
    if not colon:
        if first.endswith(MANY):
            yield (first, *[MANY] * (_LAST - depth))
        return
    for following in _alignments(others, depth + 1):
        yield (first, *following)
    if first.endswith(MANY):
        for following in _alignments(MANY + colon + others, depth + 1):
            yield (first, *following)
