"""Typed access to the cloud's JSON answers. A value of the wrong type raises AnswerError.

``Reader.mapped`` turns the error into a Gap that names the item. A missing field, or null, counts as empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from cloudguard.values import dataclass

A = TypeVar("A")
Item = Mapping[str, Any]
"""A JSON object from an answer of the cloud's API."""
NOTHING: Item = {}
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Answer:
    """The items of all pages of an answer. ``faults``: one text for each part that the cloud says is missing."""

    items: list[Item]
    faults: tuple[str, ...] = ()


class AnswerError(ValueError):
    """A part of an answer is missing, or has the wrong type."""


def objects(name: str, values: Iterable[object]) -> Iterator[Item]:
    """Yield the items of an answer. Raises AnswerError, with the call's ``name``, if an item is not an object."""
    for value in values:
        if not isinstance(value, dict):
            message = f"the answer of {name} contains an item that is not an object"
            raise AnswerError(message)
        yield cast("Item", value)


def text(item: Item, key: str) -> str:
    """Return a text; "" if it is missing. Raises AnswerError if it is not a text."""
    value = item.get(key)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise _wrong(key, value, "a text")


def required(item: Item, key: str) -> str:
    """Return a text. Raises AnswerError if it is missing or empty."""
    value = text(item, key)
    if not value:
        message = f"{key} is missing"
        raise AnswerError(message)
    return value


def number(item: Item, key: str, default: int | None = None) -> int:
    """Return an integer, also from a text of digits. Raises AnswerError if it is missing without a ``default``."""
    value = item.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value is None and default is not None:
        return default
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    raise _wrong(key, value, "a number")


def port(item: Item, key: str, default: int | None = None) -> int:
    """Return a port. Raises AnswerError if it is out of range, or missing without a ``default``."""
    value = number(item, key, default)
    if not 0 <= value <= _LAST_PORT:
        message = f"{key} is {value}, not a port"
        raise AnswerError(message)
    return value


def flag(item: Item, key: str, *, default: bool = False) -> bool:
    """Return a boolean; ``default`` if it is missing. Raises AnswerError if it is not a boolean."""
    value = item.get(key)
    if isinstance(value, bool):
        return value
    if value is None:
        return default
    raise _wrong(key, value, "true or false")


def choice(item: Item, key: str, meanings: Mapping[str, A]) -> A:
    """Return the meaning of the word in a field. Raises AnswerError if the word is not a key of ``meanings``."""
    value = text(item, key)
    if value not in meanings:
        message = f"{key} is {value[:40]!r}, not one of {', '.join(meanings)}"
        raise AnswerError(message)
    return meanings[value]


def child(item: Item, *path: str) -> Item:
    """Return the inner object at ``path``; an empty object if it is missing."""
    for key in path:
        value = item.get(key)
        if value is None:
            return NOTHING
        if not isinstance(value, dict):
            raise _wrong(key, value, "an object")
        item = cast("Item", value)
    return item


def children(item: Item, key: str) -> Sequence[Item]:
    """Return a list of objects; empty if it is missing. Raises AnswerError if an item is not an object."""
    members = _list_at(item, key) if key in item else ()
    for value in members:
        if not isinstance(value, dict):
            raise _wrong(key, value, "a list of objects", within=True)
    return cast("Sequence[Item]", members)


def texts(item: Item, key: str) -> Sequence[str]:
    """Return a list of texts; empty if it is missing. Raises AnswerError if an item is not a text."""
    members = _list_at(item, key) if key in item else ()
    for value in members:
        if not isinstance(value, str):
            raise _wrong(key, value, "a list of texts", within=True)
    return cast("Sequence[str]", members)


def text_map(item: Item, key: str) -> Mapping[str, str]:
    """Return an object whose values are texts, for example labels. Raises AnswerError if a value is not a text."""
    table = child(item, key)
    for value in table.values():
        if not isinstance(value, str):
            raise _wrong(key, value, "an object of texts", within=True)
    return cast("Mapping[str, str]", table)


def _list_at(item: Item, key: str) -> Sequence[object]:
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
    """Return an error that names the field and its type. It never shows the value, which may be secret."""
    if value is None and not within:
        return AnswerError(f"{key} is missing")
    kind = _KINDS.get(type(value), "null" if value is None else "something else")
    return AnswerError(f"{key} {'contains' if within else 'is'} {kind}, not {expected}")
