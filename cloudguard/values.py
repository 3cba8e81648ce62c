"""Decorators: ``dataclass`` for frozen classes, and ``cached_method`` for methods that compute each value once.

The standard decorator compiles seven methods for each class. For the 170 classes of a check this took a tenth of its
processor time (Python 3.11). Here ``__init__`` is compiled when the first object is made, and all classes share the
other methods. ``dataclasses.fields`` and ``replace`` work, and type checkers see the standard decorator.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

__all__ = ["cached_method", "dataclass"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from dataclasses import dataclass

    from _typeshed import DataclassInstance

    P = ParamSpec("P")
    Owner = TypeVar("Owner")
    T = TypeVar("T")
else:

    def dataclass(*, frozen: bool, slots: bool = False, eq: bool = True) -> Callable[[type[Any]], type[Any]]:
        """Return a decorator that turns a class into a frozen dataclass. Raises ValueError if ``frozen`` is False."""
        if not frozen:
            message = "classes that are not frozen need the decorator of the standard library"
            raise ValueError(message)

        def decorated(type_: type[Any]) -> type[Any]:
            written = {**vars(type_)}
            class_ = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(type_)
            methods = {
                **_FROZEN,
                **(_STATE if slots else {}),
                **(_compared(class_) if eq else {}),
                "__init__": _first(class_),
            }
            for name, method in methods.items():
                if name not in written:
                    setattr(class_, name, method)
            return class_

        return decorated


def cached_method(method: Callable[Concatenate[Owner, P], T]) -> Callable[Concatenate[Owner, P], T]:
    """Decorate a method so that each object computes its value once for equal arguments, which must be hashable.

    The object holds the values. ``functools.cache`` would hold the object, and so everything that it refers to.
    """
    name = f"values of {method.__qualname__}"

    @wraps(method)
    def cached(self: Owner, /, *arguments: P.args, **named: P.kwargs) -> T:
        values: dict[object, T] = self.__dict__.setdefault(name, {})
        key = (arguments, *named.items()) if named else arguments
        try:
            return values[key]
        except KeyError:
            value = values[key] = method(self, *arguments, **named)
            return value

    return cached


def _first(type_: type[Any]) -> Callable[..., None]:
    """Return an ``__init__`` that compiles the real one at its first call, and replaces itself with it."""

    def __init__(self: object, *values: object, **named: object) -> None:  # noqa: N807 - it becomes a method
        type_.__init__ = _compiled_init(type_)
        type_.__init__(self, *values, **named)

    return __init__


def _compiled_init(type_: type[Any]) -> Callable[..., None]:
    """Return the ``__init__`` that the standard decorator would make."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    positional, named = list[str](), list[str]()
    lines = list[str]()
    for field in fields(type_):
        known[f"_default_{field.name}"] = field.default if field.default_factory is MISSING else field.default_factory
        if field.init:
            (named if field.kw_only else positional).append(_parameter(field))
        lines.extend(_assignment(field))
    lines.extend(["self.__post_init__()"] if hasattr(type_, "__post_init__") else ["pass"])
    parameters = ", ".join(["self", *positional, *(["*", *named] if named else [])])
    exec(f"def __init__({parameters}):\n " + "\n ".join(lines), known)  # noqa: S102 - the text has only fields' names
    init: Callable[..., None] = known["__init__"]
    return init


def _parameter(field: Field[Any]) -> str:
    if field.default_factory is not MISSING:
        return f"{field.name}=_missing"
    return field.name if field.default is MISSING else f"{field.name}=_default_{field.name}"


def _assignment(field: Field[Any]) -> Iterator[str]:
    """Yield the line that sets a field; none if only ``__post_init__`` sets it."""
    name = field.name
    default = f"_default_{name}()" if field.default_factory is not MISSING else f"_default_{name}"
    if field.init and field.default_factory is not MISSING:
        yield f"_set(self, {name!r}, {default} if {name} is _missing else {name})"
    elif field.init:
        yield f"_set(self, {name!r}, {name})"
    elif field.default is not MISSING or field.default_factory is not MISSING:
        yield f"_set(self, {name!r}, {default})"


def _compared(type_: type[Any]) -> dict[str, Callable[..., Any]]:
    """Return the methods that compare and hash objects of ``type_`` by their fields."""
    names = [field.name for field in fields(type_) if field.compare]
    key: Callable[[object], object] = attrgetter(*names) if names else type

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - it becomes a method
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807 - it becomes a method
        return hash(key(self))

    return {"__eq__": __eq__, "__hash__": __hash__}


def _text(self: DataclassInstance) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: object, name: str, value: object) -> None:
    del self, value
    message = f"cannot assign to field {name!r}"
    raise FrozenInstanceError(message)


def _refuse_to_delete(self: object, name: str) -> None:
    del self
    message = f"cannot delete field {name!r}"
    raise FrozenInstanceError(message)


def _state(self: DataclassInstance) -> list[object]:
    return [getattr(self, field.name) for field in fields(self)]


def _set_state(self: DataclassInstance, state: list[object]) -> None:
    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {"__repr__": _text, "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
_STATE = {"__getstate__": _state, "__setstate__": _set_state}
