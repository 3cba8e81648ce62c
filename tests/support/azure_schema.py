"""Check whether Azure could send a made-up resource, by the SDK's models: their fields, types and enum values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from importlib import import_module
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from azure_sdk import model
from spoilt import Json

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "map": dict,
    "list": list,
}
_OF_PYTHON = {str: "text", int: "integer", float: "number", bool: "boolean", bytes: "text", datetime: "time"}
_OF_MSREST = {
    "str": "text",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "bool": "boolean",
    "iso-8601": "time",
    "duration": "text",
    "object": "any",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
_ENUM = re.compile(r":vartype (\w+):\s+(?:list\[)?str\s+or\s+~[\w.]+\.(\w+)")


@dataclass
class Shape:
    """The allowed form of a value.

    ``of``: the items of a list or map. ``words``: the values of an enum. ``variants``: value of the discriminator →
    shape.
    """

    kind: str
    fields: dict[str, Shape] = field(default_factory=dict[str, "Shape"])
    required: frozenset[str] = frozenset()
    of: Shape | None = None
    words: frozenset[str] = frozenset()
    discriminator: str = ""
    variants: Mapping[str, Shape] = field(default_factory=dict[str, "Shape"])
    model: type | None = None
    """The model whose shape is read only when it is needed, because models contain one another."""

    def whole(self) -> Shape:
        """Return the shape with its fields."""
        return shape(self.model) if self.model else self


_SECONDS, _ANYTHING = Shape("integer"), Shape("any")


def shape_of(package: str, name: str) -> Shape:
    """Return the shape of a model by its package and name."""
    return shape(model(package, name))


def faults(expected: Shape, value: Json, place: str, *, odd: bool = False) -> Iterator[str]:
    """Yield the faults of ``value``. ``odd``: allow words that are not in an enum."""
    expected = expected.whole()
    if expected.kind == "any" or value is None:
        return
    kind = "text" if expected.kind == "time" else expected.kind
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{place}: {value!r} is no {expected.kind}"
    elif isinstance(value, dict):
        yield from _of_object(expected, value, place, odd=odd)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from faults(expected.of or _ANYTHING, one, f"{place}[{number}]", odd=odd)
    elif expected.words and not odd and value not in expected.words:
        yield f"{place}: {value!r} is none of {', '.join(sorted(expected.words))}"
    elif expected.kind == "time" and not _TIME.fullmatch(str(value)):
        yield f"{place}: {value!r} is no time"


def _of_object(expected: Shape, value: dict[str, Json], place: str, *, odd: bool) -> Iterator[str]:
    if expected.of:
        for key, part in value.items():
            yield from faults(expected.of, part, f"{place}.{key}", odd=odd)
        return
    if expected.discriminator:
        expected = expected.variants.get(str(value.get(expected.discriminator)), expected).whole()
    for key, part in value.items():
        if key in expected.fields:
            yield from faults(expected.fields[key], part, f"{place}.{key}", odd=odd)
        else:
            yield f"{place}.{key}: there is no such field"
    for key in sorted(expected.required - value.keys()):
        yield f"{place}.{key} is missing"


@cache
def shape(one: type) -> Shape:
    """Return the shape of a model's objects."""
    return _of_msrest(one) if hasattr(one, "_attribute_map") else _of_typespec(one)


def _of_typespec(one: type) -> Shape:
    """Return the shape of a model with annotated fields, as TypeSpec's generator writes it."""
    models = import_module(one.__module__.rpartition(".")[0])
    hints = get_type_hints(one, localns={"_models": models})
    found = Shape("object")
    for cls in one.__mro__:
        for name, value in vars(cls).items():
            if not hasattr(value, "_rest_name_input"):
                continue
            held = _held(value)
            wire = str(held["_rest_name_input"] or name)
            found.fields.setdefault(wire, _SECONDS if held["_format"] == "unix-timestamp" else _hinted(hints[name]))
            is_optional = NoneType in get_args(hints[name]) or hints[name] is Any
            if not is_optional and "read" in (held["_visibility"] or ["read"]):
                found.required |= {wire}
            if held["_is_discriminator"]:
                found.discriminator = wire
                found.variants = {key: Shape("object", model=of) for key, of in getattr(one, "__mapping__", {}).items()}
    return found


def _held(value: object) -> dict[str, Any]:
    return vars(value)


def _hinted(hint: Any) -> Shape:  # noqa: ANN401 - an annotation
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        kinds = [item for item in inner if item is not NoneType]
        words = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum)]
        return _hinted(words[0] if words else kinds[0]) if words or len(kinds) == 1 else Shape("any")
    if origin in {list, dict}:
        return Shape("list" if origin is list else "map", of=_hinted(inner[-1]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Shape("text", words=frozenset(str(member.value) for member in hint))
    if isinstance(hint, type) and "models" in hint.__module__:
        return Shape("object", model=hint)
    return Shape(_OF_PYTHON.get(hint, "any"))


def _of_msrest(one: type) -> Shape:
    """Return the shape of a model with a table of fields, as AutoRest writes it: "properties.scope" is nested."""
    models = import_module(one.__module__.rpartition(".")[0])
    enums = dict(_ENUM.findall(one.__doc__ or ""))
    table: dict[str, dict[str, str]] = getattr(one, "_attribute_map")  # noqa: B009 - a protected name
    found = Shape("object")
    for name, inner_shape in table.items():
        *above, last = re.split(r"(?<!\\)\.", inner_shape["key"])
        place = found
        for step in above:
            place = place.fields.setdefault(step, Shape("object"))
        place.fields[last.replace("\\.", ".")] = _named(inner_shape["type"], models, enums.get(name, ""))
    return found


def _named(kind: str, models: object, enum: str) -> Shape:
    if kind[0] in "[{":
        return Shape("list" if kind[0] == "[" else "map", of=_named(kind[1:-1], models, enum))
    if enum:
        return _hinted(getattr(models, enum))
    return Shape(_OF_MSREST[kind]) if kind in _OF_MSREST else Shape("object", model=getattr(models, kind))
