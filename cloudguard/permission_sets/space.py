"""The space that permission sets live in: the actions, the resource forms each of them takes, its multivalued keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.globs import SEGMENTS, SEPARATOR
from cloudguard.permission_sets.resource_index import ResourceFormats, ResourceIndex
from cloudguard.permission_sets.resource_names import Name


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


_ANY = "any"
"""What a witness is called whose name does not matter."""


@dataclass(slots=True, eq=False)
class Space:
    """Sets can be combined only within one space.

    ``limit``: steps of one difference (about 20 microseconds each); beyond it what is left stays, in doubt.
    """

    table: ActionTable
    forms: ResourceFormats
    multivalued: Callable[[str], bool] = no_key
    limit: int = 100_000
    home: tuple[str, ...] = ()
    """Values that a witness's name prefers, segment by segment ("" for any)."""
    _serials: count[int] = field(default_factory=lambda: count(1))
    _index: ResourceIndex = field(init=False)

    def __post_init__(self) -> None:
        self._index = ResourceIndex(self.table, self.forms)

    def serial(self) -> int:
        """Return a number for a doubt that is like no other."""
        return next(self._serials)

    def names_of(self, action: str) -> tuple[Name, ...]:
        """Return the names that a request for ``action`` can be about."""
        return self._index.names_of(action)

    def typical(self, action: str) -> Iterator[tuple[str, ...]]:
        """Yield a readable name of each form that ``action`` takes, at home, in segments; the plainest first."""
        for form in sorted(self.forms(action) or (), key=lambda text: (text.count("/"), len(text))):
            parts = form.split(SEPARATOR, SEGMENTS - 1)
            if len(parts) == SEGMENTS:
                home = (*self.home, *[""] * SEGMENTS)
                places = (at if part == "*" and at else part for part, at in zip(parts, home, strict=False))
                yield tuple(part.replace("**", _ANY).replace("*", _ANY) for part in places)

    def live(self, actions: int, name: Name) -> int:
        """Return those of ``actions`` that can be asked for on some resource in ``name``."""
        return self._index.live(actions, name)
