"""An index of the resource formats of actions. It finds the actions that apply to a resource in a set of names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from cloudguard.permission_sets import resource_names
from cloudguard.permission_sets.actions import UNLISTED, ActionTable
from cloudguard.permission_sets.glob_sets import EVERYTHING, GlobSet
from cloudguard.permission_sets.globs import SEGMENTS
from cloudguard.permission_sets.resource_names import EVERY_NAME, NO_RESOURCE, ResourceNames

ResourceFormats = Callable[[str], Iterable[str] | None]
"""Returns the resource formats of an action ("service:Action"). Empty: it takes no resource. None: unknown."""

_LAST = SEGMENTS - 1
_ORDER = (2, 4, 3, 1, 0)
"""The segments except the last, ordered so that the segment that excludes most formats comes first."""


@dataclass(slots=True)
class ResourceIndex:
    """The index. Formats have numbers, and sets of formats are masks. An action's formats are read on first use."""

    table: ActionTable
    resource_formats: ResourceFormats
    _unread: int = 0
    """The actions whose formats are not read yet."""
    _numbers: dict[ResourceNames, int] = field(default_factory=dict[ResourceNames, int])
    _actions: list[int] = field(default_factory=list[int])
    """By format: the actions that take it."""
    _segments: tuple[dict[GlobSet, int], ...] = ()
    """For each segment except the last, by its glob set: the formats that have it there."""
    _last: list[GlobSet] = field(default_factory=list[GlobSet])
    """By format: its last segment."""
    _overlaps: dict[tuple[int, GlobSet], int] = field(default_factory=dict[tuple[int, GlobSet], int])
    """A cache of ``_overlapping``, emptied when a format is added."""
    _known: dict[ResourceNames, tuple[int, int]] = field(default_factory=dict[ResourceNames, tuple[int, int]])
    """By names: the actions that ``applicable`` has tested, and the actions among them that apply."""

    def __post_init__(self) -> None:
        self._unread = self.table.everything
        self._segments = tuple(dict[GlobSet, int]() for _ in _ORDER)

    def names_of(self, action: str) -> tuple[ResourceNames, ...]:
        """Return the names on which ``action`` can be requested."""
        formats = None if action.endswith(UNLISTED) else self.resource_formats(action)
        if formats is None:
            return (EVERY_NAME,)
        return tuple(map(resource_names.resource_format, formats)) or (NO_RESOURCE,)

    def applicable(self, actions: int, names: ResourceNames) -> int:
        """Return the actions of a mask that apply to at least one resource in ``names``, as a mask."""
        if names == EVERY_NAME:
            return actions
        self._read(actions)
        examined, mask = self._known.get(names, (0, 0))
        if actions & ~examined:
            mask |= self._find(names, actions & ~examined)
            self._known[names] = (examined | actions, mask)
        return actions & mask

    def _read(self, actions: int) -> None:
        fresh = actions & self._unread
        self._unread ^= fresh
        for action, bit in self.table.items(fresh):
            for names in self.names_of(action):
                self._actions[self._number(names)] |= bit

    def _number(self, names: ResourceNames) -> int:
        """Return the number of a format. A new format is added."""
        number = self._numbers.get(names)
        if number is None:
            number = self._numbers[names] = len(self._numbers)
            self._actions.append(0)
            *segments, last = names.segments
            for segment, formats in zip(segments, self._segments, strict=True):
                formats[segment] = formats.get(segment, 0) | (1 << number)
            self._last.append(last)
            self._overlaps.clear()
        return number

    def _find(self, names: ResourceNames, actions: int) -> int:
        formats = (1 << len(self._actions)) - 1
        for index in _ORDER:
            segment = names.segments[index]
            if segment is not EVERYTHING:
                formats &= self._overlapping(index, segment)
        left, last = actions, names.segments[_LAST]
        for number in _bit_numbers(formats):
            if left & self._actions[number] and not last.isdisjoint(self._last[number]):
                left &= ~self._actions[number]
        return actions & ~left

    def _overlapping(self, index: int, segment: GlobSet) -> int:
        """Return the formats whose segment ``index`` overlaps ``segment``."""
        mask = self._overlaps.get((index, segment))
        if mask is None:
            mask = 0
            for other, formats in self._segments[index].items():
                if not segment.isdisjoint(other):
                    mask |= formats
            self._overlaps[index, segment] = mask
        return mask


def _bit_numbers(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        mask ^= bit
        yield bit.bit_length() - 1
