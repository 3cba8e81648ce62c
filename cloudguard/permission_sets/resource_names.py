"""Sets of resource names with six colon-separated segments, and the patterns that policies contain for them.

Actions that take no resource are requested on the name ``*``. It is stored as a star and five empty segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cloudguard.permission_sets.glob_sets import EVERYTHING, NOTHING, GlobSet, glob_set
from cloudguard.permission_sets.globs import MANY, SEGMENTS, SEPARATOR, format_pattern, literal, matches, pattern, wild

_LAST = SEGMENTS - 1
_CACHE_SIZE = 1 << 14


class ResourceNames:
    """A set of names: each segment of a name is in the glob set for that segment."""

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
        return texts is not None and all(text in segment for segment, text in zip(self.segments, texts, strict=True))

    def is_empty(self) -> bool | None:
        """Whether the set has no name. None: undecided."""
        states = [segment.is_empty() for segment in self.segments]
        return True if True in states else None if None in states else False

    def __bool__(self) -> bool:
        """Whether the set may have names: False only if it is certainly empty."""
        return self.is_empty() is not True

    def __and__(self, other: ResourceNames) -> ResourceNames:
        """Return the intersection, or ``NO_NAMES`` if it is certainly empty."""
        if other is EVERY_NAME:
            return self
        segments: list[GlobSet] = []
        for left, right in zip(self.segments, other.segments, strict=True):
            segment = left & right
            if segment is NOTHING:
                return NO_NAMES
            segments.append(segment)
        return ResourceNames(tuple(segments))

    def __sub__(self, other: ResourceNames) -> tuple[ResourceNames, ...]:
        """Return the difference as disjoint parts. If this set is not certainly empty, no part is."""
        return self.divided(other)[0]

    def divided(self, other: ResourceNames) -> tuple[tuple[ResourceNames, ...], ResourceNames]:
        """Return the parts outside ``other``, split one segment at a time, and the part inside ``other``."""
        outside: list[ResourceNames] = []
        segments = self.segments
        for index, (left, right) in enumerate(zip(self.segments, other.segments, strict=True)):
            if left is right or right is EVERYTHING:
                continue
            differences = left - right
            if differences:
                common = left & right
                if common is NOTHING:
                    return (self,), NO_NAMES
                outside += (
                    ResourceNames((*segments[:index], difference, *segments[index + 1 :])) for difference in differences
                )
                segments = (*segments[:index], common, *segments[index + 1 :])
        return tuple(outside), ResourceNames(segments)

    def __le__(self, other: ResourceNames) -> bool:
        """Whether every name is certainly in ``other``."""
        for left, right in zip(self.segments, other.segments, strict=True):
            if left is not right and right is not EVERYTHING and not left <= right:
                return False
        return True

    def isdisjoint(self, other: ResourceNames) -> bool:
        """Whether it is certain that no name is in both sets."""
        for left, right in zip(self.segments, other.segments, strict=True):
            if left is not EVERYTHING and right is not EVERYTHING and left.isdisjoint(right):
                return True
        return False

    def __str__(self) -> str:
        """A pattern: "n:p:disk:*:*:volume/*". A segment with several patterns is in brackets."""
        if self == EVERY_NAME:
            return "*"
        texts = ("*" if segment == EVERYTHING else str(segment) for segment in self.segments)
        return joined(tuple(f"({text})" if " " in text else text for text in texts))

    def __repr__(self) -> str:
        return f"ResourceNames({':'.join(map(str, self.segments))})"


EVERY_NAME = ResourceNames((EVERYTHING,) * SEGMENTS)
NO_NAMES = ResourceNames((NOTHING,) * SEGMENTS)
_STAR = literal("*")
NO_RESOURCE = ResourceNames((glob_set([[_STAR]]), *[glob_set([[literal("")]])] * _LAST))
"""The set with only the name ``*``, which requests without a resource have."""


def segments_of(name: str) -> tuple[str, ...] | None:
    """Return the segments of a name, or None if it has fewer than six."""
    if name == "*":
        return ("*", *[""] * _LAST)
    segments = tuple(name.split(SEPARATOR, _LAST))
    return segments if len(segments) == SEGMENTS else None


def joined(segments: tuple[str, ...]) -> str:
    """Return the name that consists of ``segments``."""
    return "*" if segments == ("*", *[""] * _LAST) else SEPARATOR.join(segments)


@lru_cache(maxsize=_CACHE_SIZE)
def resource_format(text: str) -> ResourceNames:
    """Return the names of a resource format: ``*`` is a run without a colon, ``**`` in the last segment is any run."""
    segments = text.split(SEPARATOR, _LAST)
    if len(segments) < SEGMENTS:
        return EVERY_NAME
    first = (glob_set([[pattern(wild(segment))]]) for segment in segments[:-1])
    return ResourceNames((*first, glob_set([[format_pattern(segments[-1])]])))


@lru_cache(maxsize=_CACHE_SIZE)
def resource_pattern(parts: str) -> tuple[ResourceNames, ...]:
    """Return the names of a policy's resource pattern (joined ``wild`` and ``escaped`` texts), as a union of sets.

    A wildcard at the end of a segment may match the colons after it. Other wildcards match no colon.
    """
    resource_names: list[ResourceNames] = []
    for texts in dict.fromkeys(_alignments(parts, 0)):
        segments = tuple(glob_set([[pattern(text)]]) for text in texts)
        if SEPARATOR in parts and "*" in segments[0]:
            segments = (glob_set([[pattern(texts[0])]], [_STAR]), *segments[1:])
        names = ResourceNames(segments)
        if not any(names <= wide for wide in resource_names):
            resource_names.append(names)
    star = SEPARATOR not in parts and not parts.endswith(MANY) and matches(pattern(parts), "*")
    return (*resource_names, NO_RESOURCE) if star else tuple(resource_names)


def _alignments(rest: str, depth: int) -> Iterator[tuple[str, ...]]:
    """Yield the ways to split a pattern into the segments from ``depth`` on. The split at its own colons is first."""
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
