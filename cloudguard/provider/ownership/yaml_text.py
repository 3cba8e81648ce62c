"""Write YAML of texts, numbers, booleans, lists and tables. Every text is quoted as in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import cast


def yaml_text(value: Mapping[str, object]) -> str:
    """Return a YAML document. Keys that are identifiers are not quoted."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: object, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, member in cast("Mapping[str, object]", value).items():
            name = key if key.isidentifier() else json.dumps(key)
            yield from _field(f"{indent}{name}:", member, f"{indent}  ")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for member in cast("Sequence[object]", value):
            first, *rest = [*_lines(member, f"{indent}  ")] or [f"{indent}  {{}}"]
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from rest
    else:
        yield f"{indent}{json.dumps(value)}"


def _field(name: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value:
        yield name
        yield from _lines(cast("object", value), indent)
    elif isinstance(value, Mapping):
        yield f"{name} {{}}"
    elif isinstance(value, list | tuple):
        yield f"{name} []"
    else:
        yield f"{name} {json.dumps(value)}"
