"""Requests, and the space of permission sets: actions, their resource formats, and multivalued keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from itertools import count

from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.globs import SEGMENTS, SEPARATOR
from cloudguard.permission_sets.resource_index import ResourceFormats, ResourceIndex
from cloudguard.permission_sets.resource_names import ResourceNames
from cloudguard.values import cached_method, dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource (``name``; "*" for none), in one context.

    The context has the values of each key, or None if the key is absent. ``assuming``: the assumptions that must be
    true for the request to be in a set. Empty: it is certainly in the set.
    """

    action: str
    name: str
    context: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    assuming: tuple[str, ...] = ()


_ANY = "any"
"""The text for the variable parts of a witness's name."""


def _no_context(service: str) -> Mapping[str, str]:
    del service
    return {}


@dataclasses.dataclass(eq=False)
class Space:
    """The space of permission sets. Only sets of one space can be combined.

    ``limit``: the maximum number of steps of one difference (about 20 microseconds each). After that, the rest of the
    difference rests on an assumption.
    """

    table: ActionTable
    resource_formats: ResourceFormats
    multivalued: Callable[[str], bool]
    service_context: Callable[[str], Mapping[str, str]] = _no_context
    """Returns the context values that all requests to a service (lower case) have, by lower-case key."""
    limit: int = 100_000
    preferred_segments: tuple[str, ...] = ()
    """The preferred segments of a witness's name ("" for any)."""
    _serials: count[int] = field(default_factory=lambda: count(1))

    @cached_property
    def _index(self) -> ResourceIndex:
        return ResourceIndex(self.table, self.resource_formats)

    def serial(self) -> int:
        """Return a number for an assumption that is independent of all others."""
        return next(self._serials)

    def names_of(self, action: str) -> tuple[ResourceNames, ...]:
        """Return the names on which ``action`` can be requested."""
        return self._index.names_of(action)

    @cached_method
    def typical_names(self, action: str) -> tuple[tuple[str, ...], ...]:
        """Return a readable name, as segments, for each resource format of ``action``, the simplest first."""
        return tuple(self._typical_names(action))

    def _typical_names(self, action: str) -> Iterator[tuple[str, ...]]:
        for text in sorted(self.resource_formats(action) or (), key=lambda text: (text.count("/"), len(text))):
            segments = text.split(SEPARATOR, SEGMENTS - 1)
            if len(segments) == SEGMENTS:
                preferred = (*self.preferred_segments, *[""] * SEGMENTS)
                placed = (
                    known if segment == "*" and known else segment
                    for segment, known in zip(segments, preferred, strict=False)
                )
                yield tuple(segment.replace("**", _ANY).replace("*", _ANY) for segment in placed)

    def applicable(self, actions: int, names: ResourceNames) -> int:
        """Return the actions of a mask that apply to at least one resource in ``names``, as a mask."""
        return self._index.applicable(actions, names)
