"""Which actions can be asked for on some resource in a given name: an index over the resource forms they take."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile

from cloudguard.permission_sets import glob_sets, resource_names
from cloudguard.permission_sets.actions import UNLISTED, ActionTable
from cloudguard.permission_sets.glob_sets import EVERYTHING, GlobSet
from cloudguard.permission_sets.globs import SEGMENTS
from cloudguard.permission_sets.resource_names import EVERY_NAME, NO_NAME, Name

ResourceFormats = Callable[[str], Iterable[str] | None]
"""Resource forms of an action ("service:Action"): none if it takes no resource; None if that is not known."""

_LAST = SEGMENTS - 1
_ORDER = (2, 4, 3, 1, 0)
"""The segments with few forms, the most telling first."""


@dataclass(slots=True)
class ResourceIndex:
    """Forms are numbered and kept as masks; an action's are read when they are first asked for."""

    table: ActionTable
    forms: ResourceFormats
    _unread: int = 0
    _numbers: dict[Name, int] = field(default_factory=dict[Name, int])
    _actions: list[int] = field(default_factory=list[int])
    """By a form's number: the actions that take it."""
    _parts: tuple[dict[GlobSet, int], ...] = ()
    """By segment but the last: which forms have a language there."""
    _last: list[GlobSet] = field(default_factory=list[GlobSet])
    """By a form's number: its last segment."""
    _heads: dict[str, int] = field(default_factory=dict[str, int])
    """By how last segments begin: the forms."""
    _sorted: list[str] = field(default_factory=list[str])
    """Those beginnings, in order."""
    _begun: dict[str, int] = field(default_factory=dict[str, int])
    """By how a name's last segment begins: the forms that can begin so; forgotten when a form is added."""
    _met: dict[tuple[int, GlobSet], int] = field(default_factory=dict[tuple[int, GlobSet], int])
    _live: dict[Name, tuple[int, int]] = field(default_factory=dict[Name, tuple[int, int]])
    """Actions that were asked for on a name, and those of them that can be."""

    def __post_init__(self) -> None:
        self._unread = self.table.everything
        self._parts = tuple(dict[GlobSet, int]() for _ in _ORDER)

    def names_of(self, action: str) -> tuple[Name, ...]:
        """Return the names that a request for ``action`` can be about."""
        forms = None if action.endswith(UNLISTED) else self.forms(action)
        if forms is None:
            return (EVERY_NAME,)
        return tuple(map(resource_names.resource_format, forms)) or (NO_NAME,)

    def live(self, actions: int, name: Name) -> int:
        """Return those of ``actions`` that can be asked for on some resource in ``name``."""
        if name == EVERY_NAME:
            return actions
        self._read(actions)
        asked, found = self._live.get(name, (0, 0))
        if actions & ~asked:
            found |= self._find(name, actions & ~asked)
            self._live[name] = (asked | actions, found)
        return actions & found

    def _read(self, actions: int) -> None:
        fresh = actions & self._unread
        self._unread ^= fresh
        for action, bit in self.table.named(fresh):
            for name in self.names_of(action):
                self._actions[self._number(name)] |= bit

    def _number(self, name: Name) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self._numbers)
            self._actions.append(0)
            self._last.append(name[_LAST])
            for part, known in zip(name, self._parts, strict=False):
                known[part] = known.get(part, 0) | (1 << number)
            head = glob_sets.head(name[_LAST])
            if head not in self._heads:
                insort(self._sorted, head)
            self._heads[head] = self._heads.get(head, 0) | (1 << number)
            self._begun.clear()
            self._met.clear()
        return number

    def _find(self, name: Name, actions: int) -> int:
        """Return those of ``actions`` that a form which meets ``name`` is about."""
        alive = (1 << len(self._actions)) - 1
        for index in _ORDER:
            if name[index] is not EVERYTHING:
                alive &= self._meeting(index, name[index])
        left, last = actions, name[_LAST]
        for number in _ones(alive & self._beginning(glob_sets.head(last))):
            if left & self._actions[number] and glob_sets.overlap(last, self._last[number]):
                left &= ~self._actions[number]
        return actions & ~left

    def _beginning(self, head: str) -> int:
        """Return the forms whose last segment can begin with ``head``, as far as it goes."""
        found = self._begun.get(head)
        if found is None:
            found = 0
            for end in range(len(head)):
                found |= self._heads.get(head[:end], 0)
            first = bisect_left(self._sorted, head)
            for other in takewhile(lambda other: other.startswith(head), islice(self._sorted, first, None)):
                found |= self._heads[other]
            self._begun[head] = found
        return found

    def _meeting(self, index: int, part: GlobSet) -> int:
        """Return the forms that meet ``part`` in a segment."""
        key = (index, part)
        found = self._met.get(key)
        if found is None:
            found = 0
            for shape, forms in self._parts[index].items():
                if glob_sets.overlap(part, shape):
                    found |= forms
            self._met[key] = found
        return found


def _ones(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        mask ^= bit
        yield bit.bit_length() - 1
