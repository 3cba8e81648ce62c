"""Makes JSON of values by a walk over their types: each field under its own name, but for what a type's shape says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any, TypeAlias, cast

from cloudguard.formats.escaping import spelt_out
from cloudguard.results.facts import ServiceSet


@dataclass(frozen=True, slots=True)
class Further:
    """A member of a type's object that is no field of the type, or says a field otherwise.

    ``type`` is the type of its value, for the JSON Schema. ``of`` makes the value, from the object's own value and what
    the whole document is about; where it makes None of an ``optional`` one, the member is left out.
    """

    type: Any
    of: Callable[[Any, Any], object]
    optional: bool = False


def own(type_: Any, of: Callable[[Any], object], *, optional: bool = False) -> Further:  # noqa: ANN401 - any type
    """Return a member that is made of the object's own value alone."""

    def made(value: object, about: object) -> object:
        del about
        return of(value)

    return Further(type_, made, optional)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a type's object differs from the type: fields that are ``left_out``, members that are ``further``.

    The members ``first`` stand first. Files of older versions lack those that are ``added``, and fields with a default.
    """

    left_out: frozenset[str] = frozenset()
    further: Mapping[str, Further] = field(default_factory=dict[str, Further])
    first: tuple[str, ...] = ()
    added: frozenset[str] = frozenset()


Shapes: TypeAlias = Mapping[type, Shape]
_PLAIN = Shape()


def document(value: object, about: object, shapes: Shapes) -> object:
    """Return ``value`` as JSON's own types; ``about`` is what the whole document is about, a report for one."""
    if is_dataclass(value) and not isinstance(value, type | ServiceSet):
        return _object(value, about, shapes)
    if isinstance(value, Mapping):
        members = cast("Mapping[object, object]", value)
        return {str(name): document(member, about, shapes) for name, member in members.items()}
    if isinstance(value, tuple | list):
        return [document(item, about, shapes) for item in cast("list[object]", value)]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, ServiceSet) else value


def _object(value: Any, about: object, shapes: Shapes) -> dict[str, object]:  # noqa: ANN401 - any dataclass
    shape = shapes.get(value.__class__, _PLAIN)
    names = (one.name for one in fields(value))
    members: dict[str, object] = {name: getattr(value, name) for name in names if name not in shape.left_out}
    members |= {name: further.of(value, about) for name, further in shape.further.items()}
    for name, further in shape.further.items():
        if further.optional and members[name] is None:
            del members[name]
    order = (*shape.first, *(name for name in members if name not in shape.first))
    return {name: document(members[name], about, shapes) for name in order if name in members}


def text(made: object) -> str:
    """Return JSON's own types as JSON in ASCII; a lone surrogate, which no reader takes, as the text of its escape."""
    clean = json.loads(spelt_out(json.dumps(made, ensure_ascii=False)))
    return json.dumps(clean, indent=2, ensure_ascii=True) + "\n"
