"""Readings share answers: each call is made once, parts of a list are merged, and each error stays with its reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest

from cloudguard.provider.answers import Answer, Item
from cloudguard.provider.port import Stop, StoppedError
from cloudguard.provider.sharing.merging import PartialCall
from cloudguard.provider.sharing.shared_answers import SharedAnswers

NAMES = tuple(f"vpc-{number}" for number in range(5))


class Cloud:
    """A cloud with an item for each of ``NAMES``. It records each call; a call with a name in ``broken`` fails."""

    def __init__(self, *broken: str, refused: bool = False) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.shared = SharedAnswers(merging=True)
        self._broken = {*broken}
        self._refused = refused

    def read(self, *names: str, most: int = 200) -> list[Item]:
        """Ask for the items with these names, as a reader does."""

        def fetch(values: Sequence[str] | None) -> Answer:
            wanted = names if values is None else tuple(values)
            self.asked.append(wanted)
            if self._refused or self._broken.intersection(wanted):
                raise ValueError(" ".join(wanted))
            return Answer([{"id": name} for name in NAMES if any(fnmatchcase(name, value) for value in wanted)])

        call = PartialCall("list", names, _id, most, lambda error: self._refused and isinstance(error, ValueError))
        return self.shared.answer(self.shared.ask(names, fetch, call), Stop()).items

    def together(self, *thunks: Callable[[], Any]) -> list[Any]:
        """Run readings that share answers."""
        return self.shared.together(thunks)


def _id(item: Mapping[str, Any]) -> Sequence[str]:
    return (item["id"],)


def _error(work: Callable[[], object]) -> str:
    try:
        work()
    except ValueError as error:
        return str(error)
    return ""


def test_requests_for_parts_of_a_list_are_merged_and_each_gets_its_part() -> None:
    cloud = Cloud()
    found = cloud.together(*(partial(cloud.read, name) for name in NAMES), partial(cloud.read, *NAMES[:2]))
    assert [[item["id"] for item in items] for items in found] == [*([name] for name in NAMES), [*NAMES[:2]]]
    assert cloud.asked == [NAMES]


def test_equal_requests_are_made_once() -> None:
    cloud = Cloud()
    cloud.together(*[partial(cloud.read, NAMES[0])] * 3)
    cloud.together(partial(cloud.read, NAMES[0]))
    assert cloud.asked == [NAMES[:1]]


def test_no_call_is_made_for_a_part_of_what_a_pattern_was_answered() -> None:
    cloud = Cloud()
    cloud.read("vpc-*")
    assert cloud.together(partial(cloud.read, "vpc-1"), partial(cloud.read, "vpc-7", "vpc-0")) == [
        [{"id": "vpc-1"}],
        [{"id": "vpc-0"}],
    ]
    assert cloud.asked == [("vpc-*",)]


@pytest.mark.parametrize("names", [("vpc-*",), ("vpc-1", "subnet-1"), ("*",), ("vpc-??",)])
def test_a_call_is_made_for_what_no_earlier_call_included(names: tuple[str, ...]) -> None:
    cloud = Cloud()
    cloud.read("vpc-?")
    cloud.read(*names)
    assert cloud.asked == [("vpc-?",), names]


def test_a_part_of_an_answer_has_the_faults_of_the_answer() -> None:
    shared = SharedAnswers(merging=True)
    whole, call = (PartialCall("list", (value,), _id, 1, lambda _: False) for value in ("*", "a"))
    answers = [
        shared.answer(shared.ask(call.values, lambda _: Answer([], ("cut short",)), call), Stop())
        for call in (whole, call)
    ]
    assert [answer.faults for answer in answers] == [("cut short",), ("cut short",)]


def test_a_list_that_is_too_long_for_one_call_takes_several() -> None:
    cloud = Cloud()
    found = cloud.together(*(partial(cloud.read, name, most=2) for name in NAMES))
    assert [len(items) for items in found] == [1] * len(NAMES)
    assert sorted(map(len, cloud.asked)) == [1, 2, 2]


def test_readings_with_nested_parallel_calls_do_not_block_each_other() -> None:
    cloud = Cloud()

    def reading(number: int) -> list[list[Item]]:
        first, second = NAMES[number], NAMES[(number + 1) % len(NAMES)]
        many: list[Callable[[], list[Item]]] = [partial(cloud.read, first, str(each)) for each in range(20)]
        gather = cloud.shared.workers.gather
        nested, beside = gather((partial(gather, many, 2), lambda: [cloud.read(first)]), 2)
        return [*nested, *beside, cloud.read(second, "x")]

    found = cloud.together(*(partial(reading, number) for number in range(len(NAMES))))
    assert all(len(lists) == 22 for lists in found)
    assert len(cloud.asked) <= 22, "calls that could have been made as one were not"


def test_a_merged_call_that_fails_is_repeated_for_each_part() -> None:
    cloud = Cloud(NAMES[2])
    errors = cloud.together(*(partial(_error, partial(cloud.read, name)) for name in NAMES))
    assert errors == ["", "", NAMES[2], "", ""]
    assert sorted(cloud.asked) == sorted([NAMES, *((name,) for name in NAMES)])


def test_a_refused_call_is_refused_for_all_and_not_repeated() -> None:
    cloud = Cloud(refused=True)
    errors = cloud.together(*(partial(_error, partial(cloud.read, name)) for name in NAMES))
    assert errors == [" ".join(NAMES)] * len(NAMES)
    assert cloud.asked == [NAMES]


def test_an_error_in_one_reading_does_not_stop_the_others() -> None:
    cloud = Cloud()

    def broken() -> None:
        cloud.read(NAMES[0])
        raise RuntimeError

    done = list[list[Item]]()
    with pytest.raises(RuntimeError):
        cloud.together(broken, lambda: done.append(cloud.read(NAMES[1])))
    assert [item["id"] for items in done for item in items] == [NAMES[1]]


def test_a_stop_ends_the_wait_for_a_call_that_hangs() -> None:
    shared, stop, hanging = SharedAnswers(), Stop(), Event()

    def fetch(values: Sequence[str] | None) -> Answer:
        del values
        stop.set("enough")
        hanging.wait(10)
        return Answer([])

    with pytest.raises(StoppedError, match="enough"):
        shared.together([lambda: shared.answer(shared.ask("a", fetch, None), stop)])
    hanging.set()


def test_without_merging_each_call_is_made_at_once() -> None:
    shared, made = SharedAnswers(), list[object]()

    def fetch(values: Sequence[str] | None) -> Answer:
        made.append(values)
        return Answer([])

    call = PartialCall("list", ("a",), _id, 1, lambda _: False)
    reading = Thread(target=lambda: shared.answer(shared.ask("a", fetch, call), Stop()))
    reading.start()
    reading.join(10)
    assert made == [None]


@pytest.mark.parametrize(
    ("value", "text", "taken"),
    [
        ("*vol-1*", "Copied from vol-1 to here", True),
        ("vol-?", "vol-12", False),
        ("a.c", "abc", False),
        ("*", "", True),
    ],
)
def test_a_value_matches_as_in_the_cloud_s_filters(value: str, text: str, taken: bool) -> None:  # noqa: FBT001 - a case
    call = PartialCall("list", (value,), lambda item: (item["text"],), 1, lambda _: False)
    item = {"text": text}
    assert call.share([(item, frozenset((text,)))]) == [item] * taken
