"""Typed access to the cloud's JSON answers; a part that is not what it should be raises AnswerError.

``Reader.mapped`` turns that into a Gap that names the item. A field that is left out, or null, is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

A = TypeVar("A")
Item = Mapping[str, Any]
"""A JSON object as a provider's API answers it."""
NOTHING: Item = {}
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Answer:
    """The items of all pages of an answer; ``faults``: what the cloud says that it left out, one text each."""

    items: list[Item]
    faults: tuple[str, ...] = ()


class AnswerError(ValueError):
    """A part of an answer that is missing, or not of its type."""


def objects(name: str, values: Iterable[object]) -> Iterator[Item]:
    """Yield the items of an answer; raises AnswerError, which names the call, for one that is no object."""
    for value in values:
        if not isinstance(value, dict):
            message = f"{name} answered with what is no object"
            raise AnswerError(message)
        yield cast("Item", value)


def text(item: Item, key: str) -> str:
    """Return a text, "" where it is left out."""
    value = item.get(key)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise _wrong(key, value, "a text")


def required(item: Item, key: str) -> str:
    """Return a text that must be there."""
    value = text(item, key)
    if not value:
        message = f"{key} is missing"
        raise AnswerError(message)
    return value


def number(item: Item, key: str, default: int | None = None) -> int:
    """Return an integer, which JSON may carry as a text of digits; without ``default`` it must be there."""
    value = item.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value is None and default is not None:
        return default
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    raise _wrong(key, value, "a number")


def port(item: Item, key: str, default: int | None = None) -> int:
    """Return a port; without ``default`` it must be there."""
    value = number(item, key, default)
    if not 0 <= value <= _LAST_PORT:
        message = f"{key} is {value}, not a port"
        raise AnswerError(message)
    return value


def flag(item: Item, key: str, *, default: bool = False) -> bool:
    """Return a boolean."""
    value = item.get(key)
    if isinstance(value, bool):
        return value
    if value is None:
        return default
    raise _wrong(key, value, "true or false")


def choice(item: Item, key: str, meanings: Mapping[str, A]) -> A:
    """Return the meaning of a word, which must be one of ``meanings``."""
    value = text(item, key)
    if value not in meanings:
        message = f"{key} is {value[:40]!r}, none of {', '.join(meanings)}"
        raise AnswerError(message)
    return meanings[value]


def part(item: Item, *path: str) -> Item:
    """Return an inner object by its path."""
    for key in path:
        value = item.get(key)
        if value is None:
            return NOTHING
        if not isinstance(value, dict):
            raise _wrong(key, value, "an object")
        item = cast("Item", value)
    return item


def parts(item: Item, key: str) -> Sequence[Item]:
    """Return a list of objects."""
    found = _listed(item, key) if key in item else ()
    for value in found:
        if not isinstance(value, dict):
            raise _wrong(key, value, "a list of objects", within=True)
    return cast("Sequence[Item]", found)


def texts(item: Item, key: str) -> Sequence[str]:
    """Return a list of texts."""
    found = _listed(item, key) if key in item else ()
    for value in found:
        if not isinstance(value, str):
            raise _wrong(key, value, "a list of texts", within=True)
    return cast("Sequence[str]", found)


def text_map(item: Item, key: str) -> Mapping[str, str]:
    """Return an object of texts, as labels are."""
    found = part(item, key)
    for value in found.values():
        if not isinstance(value, str):
            raise _wrong(key, value, "an object of texts", within=True)
    return cast("Mapping[str, str]", found)


def _listed(item: Item, key: str) -> Sequence[object]:
    value = item.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _wrong(key, value, "a list")
    return cast("list[object]", value)


_KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a fraction",
    dict: "an object",
    list: "a list",
}


def _wrong(key: str, value: object, expected: str, *, within: bool = False) -> AnswerError:
    """Say what stands where; never the value, which may be anything."""
    if value is None and not within:
        return AnswerError(f"{key} is missing")
    kind = _KINDS.get(type(value), "null" if value is None else "something else")
    return AnswerError(f"{key} {'holds' if within else 'is'} {kind}, not {expected}")
