"""The space that permission sets live in: the actions, the resource forms each of them takes, its multivalued keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count

from cloudguard.sets import languages, names
from cloudguard.sets.actions import ActionTable
from cloudguard.sets.names import EVERY_NAME, NO_NAME, Name

Forms = Callable[[str], Iterable[str] | None]
"""Resource forms of an action ("service:Action"): none if it takes no resource; None if that is not known."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``name`` is the resource's, "*" for none; a key's values are None where it is absent.

    ``assuming``: what must be true for it to be a member, where that is not decided.
    """

    action: str
    name: str
    context: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    assuming: tuple[str, ...] = ()

    def values(self, key: str) -> tuple[str, ...] | None:
        """Return the values of a key (lower case), None where it is absent."""
        return dict(self.context).get(key)


def no_key(key: str) -> bool:
    """Say that ``key`` is not multivalued."""
    del key
    return False


@dataclass(slots=True, eq=False)
class Space:
    """Sets can be combined only within one space.

    ``limit``: steps of one difference (about 20 microseconds each); beyond it what is left stays, in doubt.
    """

    table: ActionTable
    forms: Forms
    multivalued: Callable[[str], bool] = no_key
    limit: int = 100_000
    _serials: count[int] = field(default_factory=lambda: count(1))
    _groups: dict[str, list[tuple[int, tuple[Name, ...]]]] = field(default_factory=dict)
    _live: dict[tuple[Name, str], int] = field(default_factory=dict)
    _service_masks: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._service_masks = [(service, self.table.service_mask(service)) for service in self.table.services]

    def serial(self) -> int:
        """Return a number for a doubt that is like no other."""
        return next(self._serials)

    def names_of(self, action: str) -> tuple[Name, ...]:
        """Return the names that a request for ``action`` can be about."""
        forms = self.forms(action)
        if forms is None:
            return (EVERY_NAME,)
        return tuple(map(names.form, forms)) or (NO_NAME,)

    def _grouped(self, service: str, mask: int) -> list[tuple[int, tuple[Name, ...]]]:
        """Return the actions of a service by the names that they take."""
        found = self._groups.get(service)
        if found is None:
            by_names: dict[tuple[Name, ...], int] = {}
            for action in self.table.names(mask):
                taken = self.names_of(action)
                by_names[taken] = by_names.get(taken, 0) | (self.table.bit(action) or 0)
            found = self._groups[service] = [(group, taken) for taken, group in by_names.items()]
        return found

    def live(self, actions: int, name: Name) -> int:
        """Return those of ``actions`` that can be asked for on some resource in ``name``."""
        if name == EVERY_NAME:
            return actions
        result = 0
        for service, mask in self._service_masks:
            if actions & mask:
                key = (name, service)
                live = self._live.get(key)
                if live is None:
                    groups = self._grouped(service, mask)
                    live = sum(group for group, taken in groups if any(_meets(name, form) for form in taken))
                    self._live[key] = live
                result |= actions & live
        return result


def _meets(name: Name, form: Name) -> bool:
    return all(languages.meet(part, shape) is not languages.NOTHING for part, shape in zip(name, form, strict=True))
