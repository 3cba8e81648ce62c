"""Frozen dataclasses behave as those of the standard library, and cached methods compute each value once."""

from __future__ import annotations

import copy
import dataclasses
import gc
import weakref
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, replace
from typing import Any

import pytest

from cloudguard import values

Decorator = Callable[..., Callable[[type[Any]], type[Any]]]


def made_with(decorator: Decorator, *, slots: bool) -> type[Any]:
    """Return a class with every kind of field that the project uses, two of them inherited."""
    inherited = {"__annotations__": {"id": "str", "names": "tuple[str, ...]"}, "names": ()}
    base = decorator(frozen=True, slots=slots)(type("Base", (), inherited))
    defaults: dict[str, Any] = {
        "numbers": field(default_factory=list[int]),
        "secret": field(default="", repr=False),
        "note": field(default="", compare=False),
        "length": field(init=False),
        "kind": field(default="rule", init=False),
        "last": field(default=False, kw_only=True),
    }
    members = {"__annotations__": dict.fromkeys(defaults, "object"), "__post_init__": _set_length, **defaults}
    return decorator(frozen=True, slots=slots)(type("Value", (base,), members))


def _set_length(value: Any) -> None:  # noqa: ANN401 - made of any class
    object.__setattr__(value, "length", len(value.id))


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("sg-1",), {}),
    (("sg-1", ("a", "b")), {"last": True}),
    (("sg-1",), {"names": ("a", "b"), "last": True}),
    (("sg-2", (), [1, 2], "password", "a note"), {}),
    (("sg-2", (), [1, 2]), {"secret": "password", "note": "another note"}),
    ((), {}),
    (("sg-1",), {"unknown": 1}),
    (("sg-1", (), [], "", "", True), {}),
]


def outcome(type_: type[Any], call: tuple[tuple[Any, ...], dict[str, Any]]) -> object:
    """Return the fields and the text of the object, or the type of the error."""
    try:
        value = type_(*call[0], **call[1])
    except TypeError as error:
        return type(error)
    return dataclasses.asdict(value), repr(value), dataclasses.asdict(replace(value, id="sg-3", last=True))


@pytest.mark.parametrize("slots", [True, False])
def test_objects_equal_those_of_the_standard_library(*, slots: bool) -> None:
    ours, standard = made_with(values.dataclass, slots=slots), made_with(dataclasses.dataclass, slots=slots)
    assert [outcome(ours, call) for call in CALLS] == [outcome(standard, call) for call in CALLS]
    made = [[type_(*call[0], **call[1]) for call in CALLS[:5]] for type_ in (ours, standard)]
    equal = [[[object_ == other for other in objects] for object_ in objects] for objects in made]
    assert equal[0] == equal[1]
    assert made[0][0] != made[1][0]
    assert hasattr(made[0][0], "__dict__") is hasattr(made[1][0], "__dict__")


@pytest.mark.parametrize("slots", [True, False])
def test_each_object_has_its_own_default(*, slots: bool) -> None:
    type_ = made_with(values.dataclass, slots=slots)
    type_("sg-1").numbers.append(1)
    assert type_("sg-1").numbers == []


@pytest.mark.parametrize("slots", [True, False])
def test_objects_cannot_be_changed(*, slots: bool) -> None:
    value = made_with(values.dataclass, slots=slots)("sg-1")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'id'"):
        value.id = "sg-2"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'id'"):
        del value.id
    assert copy.deepcopy(value) == value
    assert copy.deepcopy(value).numbers is not value.numbers


@values.dataclass(frozen=True, slots=True)
class Plain:
    """A class without methods of its own."""

    name: str
    port: int = 0


@values.dataclass(frozen=True, slots=True)
class Written:
    """A class whose own methods count."""

    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and other.name.lower() == self.name.lower()

    def __hash__(self) -> int:
        return hash(self.name.lower())

    def __repr__(self) -> str:
        return self.name


@values.dataclass(frozen=True, eq=False)
class Same:
    """A class whose objects equal only themselves."""

    name: str


def test_equal_objects_have_one_hash() -> None:
    assert len({Plain("a"), Plain("a"), Plain("a", 1), Plain("b")}) == 3
    assert len({Same("a"), Same("a")}) == 2


def test_methods_of_the_class_are_kept() -> None:
    assert (len({Written("A"), Written("a")}), repr(Written("A"))) == (1, "A")


def test_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="not frozen"):
        values.dataclass(frozen=False)


class Counting:
    """An object that counts the computations of a cached method."""

    def __init__(self) -> None:
        self.computed = 0

    @values.cached_method
    def doubled(self, number: int, *, plus: int = 0) -> int:
        """Return twice ``number``, and ``plus``."""
        self.computed += 1
        return 2 * number + plus


def test_each_object_computes_a_cached_method_once_for_equal_arguments() -> None:
    first, second = Counting(), Counting()
    assert [first.doubled(2), first.doubled(2), first.doubled(3), first.doubled(2, plus=1)] == [4, 4, 6, 5]
    assert (first.computed, second.doubled(2), second.computed) == (3, 4, 1)


def test_a_cached_method_does_not_keep_its_object() -> None:
    value = Counting()
    value.doubled(1)
    gone = weakref.ref(value)
    gc.disable()
    try:
        del value
        assert gone() is None
    finally:
        gc.enable()
