"""Documents with one random fact removed or made unknown: an element of a list, a list, or a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from random import Random
from typing import Final, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"
Place: TypeAlias = "tuple[str | int, ...]"

UNKNOWN_WORD: Final = "never-heard-of"


def places(document: Json, above: Place = ()) -> Iterator[Place]:
    """Yield the place of every element of a list, and of every list and text that is not empty."""
    for step, value in children(document).items():
        if isinstance(document, list) or (value and isinstance(value, list | str)):
            yield (*above, step)
        yield from places(value, (*above, step))


def children(document: Json) -> Mapping[str | int, Json]:
    """Return index → item of a list, or key → value of an object; empty for any other value."""
    if isinstance(document, dict):
        return dict[str | int, Json](document.items())
    return dict(enumerate(document)) if isinstance(document, list) else {}


def drawn_places(document: Json, draw: Random) -> Iterator[Place]:
    """Yield random places without end.

    All kinds of places (paths with equal keys) have the same probability, so that long lists are not preferred.
    """
    kinds: dict[tuple[str, ...], list[Place]] = {}
    for place in places(document):
        kinds.setdefault(tuple("*" if isinstance(step, int) else step for step in place), []).append(place)
    names = sorted(kinds)
    while True:
        yield draw.choice(kinds[draw.choice(names)])


def spoilt(document: Json, place: Place) -> Json:
    """Return a copy without the element at ``place``, or with an empty list or ``UNKNOWN_WORD`` there."""
    copy = deepcopy(document)
    above, step = at(copy, place[:-1]), place[-1]
    if isinstance(above, list) and isinstance(step, int):
        del above[step]
    elif isinstance(above, dict) and isinstance(step, str):
        above[step] = [] if isinstance(above[step], list) else UNKNOWN_WORD
    return copy


def at(document: Json, place: Place) -> Json:
    """Return the value at ``place``. Raises KeyError if there is none."""
    for step in place:
        document = children(document)[step]
    return document


def texts(document: Json) -> Iterator[str]:
    """Yield every text in ``document``, without keys."""
    if isinstance(document, str):
        yield document
    for value in children(document).values():
        yield from texts(value)


def named_at(document: Json, place: Place) -> frozenset[str]:
    """Return the texts at ``place``, and the ids and names of the objects that contain it."""
    found = set(texts(at(document, place)))
    for length in range(len(place)):
        part = at(document, place[:length])
        if isinstance(part, dict):
            found |= {value for key in ("id", "name") if isinstance(value := part.get(key), str)}
    return frozenset(found)
