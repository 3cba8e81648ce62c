"""Converts facts to dicts, lists and JSON's plain types. This needs no pydantic, whose import takes a tenth of a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, get_args, get_type_hints

from cloudguard.model.text_forms import TextForm

if TYPE_CHECKING:
    from typing import Any


def plain(value: Any, form: TextForm | None = None) -> Any:  # noqa: ANN401 - facts and JSON have many types
    """Return ``value`` as JSON's plain types; ``form`` is the text form of a value, or of each item of a sequence."""
    type_ = type(value)
    if value is None or type_ in {str, int, bool}:
        return value
    if type_ in {tuple, list}:
        return [plain(item, form) for item in value]
    if form:
        return form.write(value)
    if hasattr(type_, "__dataclass_fields__"):
        return {name: plain(getattr(value, name), form) for name, form in _members(type_)}
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return value.value if isinstance(value, Enum) else [plain(item) for item in value]


@cache
def _members(type_: type[Any]) -> tuple[tuple[str, TextForm | None], ...]:
    """Return the fields of a dataclass, each with the text form in its annotation."""
    hints = get_type_hints(type_, include_extras=True)
    return tuple((field.name, _form(hints[field.name])) for field in fields(type_))


def _form(hint: object) -> TextForm | None:
    """Return the text form in an annotation, or in a part of it: ``tuple[Addresses, ...]``."""
    annotated = (item for item in getattr(hint, "__metadata__", ()) if isinstance(item, TextForm))
    return next(annotated, None) or next(filter(None, map(_form, get_args(hint))), None)
