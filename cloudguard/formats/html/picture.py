"""Pictures as values that a template draws: stations below one another, with links between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

from cloudguard.formats.escaping import cut, visible
from cloudguard.values import dataclass

MOST_LETTERS: Final = 40
"""The largest number of characters in a line of a picture. The page has the complete text next to it."""
_INDENTED_LETTERS, _FEWEST_LETTERS, _SMALLER_LETTERS = 3, 12, 6
_LEFT, _INDENT, _TEXT = 14, 22, 22
_TALL, _LOW = 46, 30
_TOP = 20
"""The distance of the first station from the top, in units of the picture: pixels if the picture is not scaled."""


class Look(StrEnum):
    """The style of a station and of the link to it."""

    PLAIN = "plain"
    ATTRIBUTED = "attributed"
    """A ring: the finding is attributed to the station."""
    FOLDED = "folded"
    """A small dot: the station lets everything pass, or is only a note."""
    UNKNOWN = "unknown"
    """Dashed: it is not known whether anything passes."""
    LATENT = "latent"
    """Grey: nothing passes today."""


@dataclass(frozen=True, slots=True)
class Step:
    """A station before it has a position: ``word`` is its kind, ``detail`` is a second line of text ("": none).

    ``depth`` is its indentation in a tree, from 0.
    """

    word: str
    name: str
    detail: str = ""
    look: Look = Look.PLAIN
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Station:
    """A step, its texts shortened, at its position; ``text_x`` is the left end of its lines of text."""

    x: int
    y: int
    text_x: int
    step: Step


@dataclass(frozen=True, slots=True)
class Link:
    """A line between two stations; ``path`` is the data of an SVG path."""

    path: str
    look: Look


@dataclass(frozen=True, slots=True)
class Picture:
    """Stations and links; ``label`` describes the picture in one line for screen readers."""

    height: int
    stations: tuple[Station, ...]
    links: tuple[Link, ...]
    label: str


def chain(steps: Sequence[Step]) -> Picture:
    """Return the picture of a chain: each step is linked to the step before it."""
    stations = _placed(steps)
    links = tuple(_link(before, after) for before, after in pairwise(stations))
    return _picture(stations, links, " → ".join(f"{step.word} {step.name}".strip() for step in steps))


def tree(steps: Sequence[Step]) -> Picture:
    """Return the picture of a tree: each step is linked to the last step before it with a smaller depth."""
    stations, links, path = _placed(steps), list[Link](), list[Station]()
    for step, station in zip(steps, stations, strict=True):
        del path[step.depth :]
        links += [_link(path[-1], station)] if path else []
        path.append(station)
    label = "; ".join(" ".join(filter(None, (step.word, step.name, step.detail))) for step in steps)
    return _picture(stations, tuple(links), label)


def _placed(steps: Iterable[Step]) -> tuple[Station, ...]:
    stations, y = list[Station](), _TOP
    for step in steps:
        x, room = _LEFT + step.depth * _INDENT, MOST_LETTERS - step.depth * _INDENTED_LETTERS
        word = cut(visible(step.word), room)
        name = cut(visible(step.name), max(room - len(word), _FEWEST_LETTERS))
        detail = cut(visible(step.detail), room + _SMALLER_LETTERS)
        stations.append(Station(x, y, x + _TEXT, replace(step, word=word, name=name, detail=detail)))
        y += _TALL if step.detail else _LOW
    return tuple(stations)


def _link(before: Station, after: Station) -> Link:
    turn = "" if before.x == after.x else f"H{after.x}"
    return Link(f"M{before.x} {before.y}V{after.y}{turn}", after.step.look)


def _picture(stations: tuple[Station, ...], links: tuple[Link, ...], label: str) -> Picture:
    last = stations[-1]
    return Picture(last.y + (_TALL if last.step.detail else _LOW) - _TOP, stations, links, label)
