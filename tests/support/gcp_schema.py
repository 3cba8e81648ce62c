"""Check whether Google could send a made-up resource: its properties, their types, enums and patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from gcp_discovery import Schema, schema

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


def faults(api: str, told: Schema, value: Any, place: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the faults of ``value`` according to the schema ``told`` of an API."""
    if "$ref" in told:
        told = schema(api, told["$ref"])
    kind = told.get("type", "any")
    if kind != "any" and (not isinstance(value, _KINDS[kind]) or (kind == "integer" and isinstance(value, bool))):
        yield f"{place}: {value!r} is no {kind}"
        return
    if isinstance(value, dict):
        yield from _of_object(api, told, cast("dict[str, Any]", value), place)
    elif isinstance(value, list):
        for number, item in enumerate(_items(value)):
            yield from faults(api, told.get("items", {}), item, f"{place}[{number}]")
    elif isinstance(value, str):
        yield from _of_text(told, value, place)


def _items(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return list(value)


def _of_object(api: str, told: Schema, value: dict[str, Any], place: str) -> Iterator[str]:
    properties, others = told.get("properties"), told.get("additionalProperties")
    if properties is None and others is None:
        return
    for key, part in value.items():
        if properties and key in properties:
            yield from faults(api, properties[key], part, f"{place}.{key}")
        elif others is not None:
            yield from faults(api, others, part, f"{place}.{key}")
        else:
            yield f"{place}.{key}: there is no such property"


def _of_text(told: Schema, value: str, place: str) -> Iterator[str]:
    if "enum" in told and value not in told["enum"]:
        yield f"{place}: {value!r} is none of {', '.join(told['enum'])}"
    if "pattern" in told and not re.search(f"^(?:{told['pattern']})$", value):
        yield f"{place}: {value!r} does not fit {told['pattern']}"
    if told.get("format") in {"int64", "uint64"} and not re.fullmatch(r"-?\d+", value):
        yield f"{place}: {value!r} is no {told['format']}"
    if told.get("format") == "google-datetime" and not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", value):
        yield f"{place}: {value!r} is no time"
