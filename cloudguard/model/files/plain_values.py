"""Converts facts to dicts, lists and JSON's plain types, without pydantic, whose import takes a tenth of a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, cast, get_args, get_type_hints

from cloudguard.model.text_forms import TextForm

if TYPE_CHECKING:
    from typing import Any

    from _typeshed import DataclassInstance


def plain(value: Any, text_form: TextForm | None = None) -> Any:  # noqa: ANN401 - facts and JSON have many types
    """Return ``value`` as JSON's plain types; ``text_form`` is that of the value, or of each of its items."""
    type_ = value.__class__
    if value is None or type_ in {str, int, bool}:
        return value
    if type_ in {tuple, list}:
        return [plain(item, text_form) for item in value]
    if text_form:
        return text_form.write(value)
    if is_dataclass(value):
        return {name: plain(getattr(value, name), text_form) for name, text_form in _members(type_)}
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in cast("Mapping[str, Any]", value).items()}
    return value.value if isinstance(value, Enum) else [plain(item) for item in value]


@cache
def _members(type_: type[DataclassInstance]) -> tuple[tuple[str, TextForm | None], ...]:
    """Return the fields of a dataclass, each with the text form in its annotation."""
    hints = get_type_hints(type_, include_extras=True)
    return tuple((field.name, _text_form(hints[field.name])) for field in fields(type_))


def _text_form(hint: object) -> TextForm | None:
    """Return the text form in an annotation, or in a part of it: ``tuple[Addresses, ...]``."""
    annotated = (item for item in getattr(hint, "__metadata__", ()) if isinstance(item, TextForm))
    return next(annotated, None) or next(filter(None, map(_text_form, get_args(hint))), None)
