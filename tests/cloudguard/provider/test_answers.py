"""Typed access to answers: a value of the wrong type is an error that names the field and the type, never the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

import pytest

from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.answers import (
    NOTHING,
    Answer,
    AnswerError,
    Item,
    child,
    children,
    choice,
    flag,
    number,
    objects,
    required,
    text,
    texts,
)
from cloudguard.provider.reader import Reader

ITEM: Item = {
    "name": "a",
    "size": 3,
    "count": "12",
    "on": True,
    "tags": ["x"],
    "rows": [{"y": 1}],
    "in": {"z": {"q": "w"}},
}


def test_parts_of_an_answer_are_read_with_their_types() -> None:
    assert (text(ITEM, "name"), required(ITEM, "name")) == ("a", "a")
    assert (number(ITEM, "size"), number(ITEM, "count"), number({"n": "-1"}, "n")) == (3, 12, -1)
    assert flag(ITEM, "on")
    assert (list(texts(ITEM, "tags")), list(children(ITEM, "rows"))) == (["x"], [{"y": 1}])
    assert child(ITEM, "in", "z") == {"q": "w"}
    assert choice(ITEM, "name", {"a": 1}) == 1


@pytest.mark.parametrize("item", [{}, {"x": None}])
def test_a_missing_part_is_empty(item: Item) -> None:
    assert (text(item, "x"), number(item, "x", 7), flag(item, "x", default=True)) == ("", 7, True)
    assert (list(texts(item, "x")), list(children(item, "x")), child(item, "x", "y")) == ([], [], NOTHING)


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: text(ITEM, "size"), "size is a number, not a text"),
        (lambda: required(ITEM, "none"), "none is missing"),
        (lambda: required({"x": ""}, "x"), "x is missing"),
        (lambda: number(ITEM, "name"), "name is a text, not a number"),
        (lambda: number(ITEM, "on"), "on is true or false, not a number"),
        (lambda: number(ITEM, "none"), "none is missing"),
        (lambda: flag(ITEM, "name"), "name is a text, not true or false"),
        (lambda: child(ITEM, "in", "z", "q"), "q is a text, not an object"),
        (lambda: children(ITEM, "in"), "in is an object, not a list"),
        (lambda: children(ITEM, "tags"), "tags contains a text, not a list of objects"),
        (lambda: texts(ITEM, "rows"), "rows contains an object, not a list of texts"),
        (lambda: texts({"x": [None]}, "x"), "x contains null, not a list of texts"),
        (lambda: choice(ITEM, "name", {"b": 1, "c": 2}), "name is 'a', not one of b, c"),
        (
            lambda: list(objects("ec2:DescribeVpcs", ["a"])),
            "the answer of ec2:DescribeVpcs contains an item that is not an object",
        ),
    ],
)
def test_a_part_of_the_wrong_type_is_an_error(read: Callable[[], object], words: str) -> None:
    with pytest.raises(AnswerError) as raised:
        read()
    assert str(raised.value) == words


class Call:
    """A call of a small cloud."""

    name = "small:List"
    permissions = ("small:List",)


class Small(Reader[Call]):
    """A cloud with one answer, or one error."""

    calls = (Call(),)
    identifiers = ("id", "name")
    threads = 2

    def __init__(self, answer: Answer | Exception) -> None:
        super().__init__()
        self.answer = answer
        self.asked = 0

    def fetch(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
        """Return the answer."""
        del call, parameters
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @staticmethod
    def errors() -> tuple[type[Exception], ...]:
        """Return what ``fetch`` raises."""
        return (OSError, ValueError)

    @staticmethod
    def reason(error: Exception) -> tuple[Reason, str]:
        """Return that it was denied."""
        return Reason.DENIED, str(error)


HIDES = (FactKind.FILTERS,)


def test_an_item_that_cannot_be_read_is_a_gap_with_its_name() -> None:
    api, call = Small(Answer([])), Call()
    items: list[Item] = [{"id": "a", "n": 1}, {"id": "b", "n": "odd"}, {"n": None}, {"id": 7, "name": "d", "n": 4}]
    assert api.mapped(call, items, lambda item: number(item, "n"), hides=HIDES) == (1, 4)
    why = "an item of the answer was left out, because it is not valid: "
    assert api.gaps == (
        Gap("small:List", "*", Reason.FAILED, f"{why}n is missing", HIDES),
        Gap("small:List", "b", Reason.FAILED, f"{why}n is a text, not a number", HIDES),
    )


def test_the_gap_names_the_subject_of_the_call_if_it_is_given() -> None:
    api = Small(Answer([]))
    assert api.mapped(Call(), [{"id": "a"}], lambda item: number(item, "n"), hides=HIDES, about="a policy") == ()
    assert [gap.resource for gap in api.gaps] == ["a policy"]


def test_an_error_of_the_program_is_not_reported_as_a_gap() -> None:
    with pytest.raises(KeyError):
        Small(Answer([])).mapped(Call(), [NOTHING], lambda item: item["x"], hides=HIDES)


def test_a_failed_call_is_a_gap_and_a_partial_answer_has_items_and_a_gap() -> None:
    call = Call()
    api = Small(OSError("no"))
    assert api.read_or_none(call, hides=HIDES) is None
    assert api.gaps == (Gap("small:List", "*", Reason.DENIED, "no", HIDES, "small:List"),)
    api = Small(Answer([ITEM], ("one zone did not answer",)))
    assert api.read(call, hides=HIDES, about="prod") == [ITEM]
    assert api.gaps == (Gap("small:List", "prod", Reason.FAILED, "one zone did not answer", HIDES),)
    with pytest.raises(ValueError, match="did not answer"):
        api.ask(call)


def test_a_prefetch_does_not_wait_for_the_answer() -> None:
    call, may_answer = Call(), Event()

    class Slow(Small):
        def fetch(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
            assert may_answer.wait(60)
            return super().fetch(call, parameters)

    api = Slow(Answer([ITEM]))
    api.prefetch(call)
    assert api.asked == 0
    may_answer.set()
    assert api.read(call, hides=HIDES) == [ITEM]
    assert api.asked == 1


def test_equal_calls_are_made_once_and_a_prefetch_adds_no_gap() -> None:
    call, api = Call(), Small(OSError("no"))
    api.prefetch(call, names=["a"])
    assert api.gaps == ()
    assert api.read(call, hides=HIDES, names=["a"]) == []
    assert (api.asked, len(api.gaps)) == (1, 1)
    api.read(call, hides=HIDES, names=["b"])
    assert api.asked == 2
