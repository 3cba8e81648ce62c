"""Turns values into JSON by a walk over their types. A field keeps its name, unless the type's shape changes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field, fields, is_dataclass
from enum import Enum
from typing import Any, TypeAlias, cast

from cloudguard.results.facts import ServiceSet, with_escaped_surrogates
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a JSON object that is not a field of the type, or replaces a field.

    ``type`` is the type of the member's value, for the JSON Schema. ``of`` computes this value from the object and
    from the subject of the whole document. If it returns None and the member is ``optional``, the member is left out.
    """

    type: Any
    of: Callable[[Any, Any], object]
    optional: bool = False


def computed(type_: Any, of: Callable[[Any], object], *, optional: bool = False) -> Member:  # noqa: ANN401 - any type
    """Return a member whose value is computed from the object alone."""
    return Member(type_, lambda value, _subject: of(value), optional)


@dataclass(frozen=True, slots=True)
class Shape:
    """The differences between a type and its JSON object.

    ``left_out`` are fields without a member, ``members`` are additional or replaced members by name. The members
    ``first`` come first. Files of older versions may lack the members ``added``, and fields with a default.
    """

    left_out: frozenset[str] = frozenset()
    members: Mapping[str, Member] = field(default_factory=dict[str, Member])
    first: tuple[str, ...] = ()
    added: frozenset[str] = frozenset()


Shapes: TypeAlias = Mapping[type, Shape]
_PLAIN = Shape()
_NONE: Shapes = {}


def document(value: object, subject: object = None, shapes: Shapes = _NONE) -> object:
    """Return ``value`` as dicts, lists and JSON's plain types.

    ``subject`` is the subject of the whole document, for example a report; it is passed to ``Member.of``.
    """
    if is_dataclass(value) and not isinstance(value, type | ServiceSet):
        return _object(value, subject, shapes)
    if isinstance(value, Mapping):
        members = cast("Mapping[object, object]", value)
        return {str(name): document(member, subject, shapes) for name, member in members.items()}
    if isinstance(value, tuple | list):
        return [document(item, subject, shapes) for item in cast("list[object]", value)]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, ServiceSet) else value


def _object(value: Any, subject: object, shapes: Shapes) -> dict[str, object]:  # noqa: ANN401 - any dataclass
    shape = shapes.get(value.__class__, _PLAIN)
    names = (each.name for each in fields(value))
    members: dict[str, object] = {name: getattr(value, name) for name in names if name not in shape.left_out}
    members |= {name: member.of(value, subject) for name, member in shape.members.items()}
    for name, member in shape.members.items():
        if member.optional and members[name] is None:
            del members[name]
    order = (*shape.first, *(name for name in members if name not in shape.first))
    return {name: document(members[name], subject, shapes) for name in order if name in members}


def text(value: object) -> str:
    """Return the result of ``document`` as JSON text in ASCII.

    A lone surrogate, which readers refuse, becomes the text of its escape.
    """
    clean = json.loads(with_escaped_surrogates(json.dumps(value, ensure_ascii=False)))
    return json.dumps(clean, indent=2, ensure_ascii=True) + "\n"
