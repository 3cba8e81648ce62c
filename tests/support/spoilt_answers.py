"""The recorded answers of one run of an adapter, replayed with one part of one answer spoilt."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from cloudguard.provider.answers import Answer
from cloudguard.provider.reader import Call, Reader
from spoilt import UNKNOWN_WORD, Json, Place, children

_OTHERS: Final[tuple[Any, ...]] = ([], {}, "", UNKNOWN_WORD, -1, 2.5, True, [None], ["", 7], {"name": []})
Key = tuple[str, str]


@dataclass(frozen=True)
class Spoilt:
    """A spoilt answer. ``how``: the kind of change. ``path``: its place. ``item``: the original item."""

    call: str
    how: str
    path: tuple[str | int, ...]
    item: Mapping[str, Any]

    def strings(self, keys: tuple[str, ...]) -> Iterator[str]:
        """Yield the texts that identify the item: its fields ``keys``, or the last part of each if it is a link."""
        for key in keys:
            value = self.item.get(key)
            if isinstance(value, str) and value:
                yield value.rpartition("/")[2]


@dataclass
class Recording:
    """Recorded answers and errors by call and parameters. ``spoilt`` replaces the answer of one key."""

    answers: dict[Key, Answer] = field(default_factory=dict[Key, Answer])
    errors: dict[Key, Exception] = field(default_factory=dict[Key, Exception])
    spoilt: dict[Key, Answer] = field(default_factory=dict[Key, Answer])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recording(self, fetch: Any) -> Any:  # noqa: ANN401 - a method of a reader's
        """Return a ``fetch`` that records the answers and errors of ``fetch``."""

        def noting(reader: Reader[Any], call: Call, parameters: Mapping[str, Any]) -> Answer:
            key = _key(call, parameters)
            try:
                answer: Answer = fetch(reader, call, parameters)
            except reader.errors() as error:
                with self._lock:
                    self.errors[key] = error
                raise
            with self._lock:
                self.answers[key] = answer
            return answer

        return noting

    def replaying(self) -> Any:  # noqa: ANN401 - a method of a reader's
        """Return a ``fetch`` that returns or raises what was recorded."""

        def given(reader: Reader[Any], call: Call, parameters: Mapping[str, Any]) -> Answer:
            del reader
            return self._replay(call, parameters)

        return given

    def _replay(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
        """Return a recorded answer, or raise the recorded error. Raises ValueError if the call was not recorded."""
        key = _key(call, parameters)
        if key in self.errors:
            raise self.errors[key]
        answer = self.spoilt.get(key) or self.answers.get(key)
        if answer is None:
            message = f"{key} was not asked for before"
            raise ValueError(message)
        return answer

    def spoil(self, random: Random) -> Spoilt:
        """Spoil one part of one answer. An earlier spoilt part is restored."""
        key = random.choice(sorted(key for key, answer in self.answers.items() if answer.items))
        items: list[Any] = copy.deepcopy(self.answers[key].items)
        path = random.choice([*_places(items)])
        where: Any = items
        for step in path[:-1]:
            where = where[step]
        how = _spoil(where, path[-1], random)
        self.spoilt = {key: Answer(items, self.answers[key].faults)}
        place = path[0]
        assert isinstance(place, int)
        return Spoilt(key[0], how, path, self.answers[key].items[place])


def _key(call: Call, parameters: Mapping[str, Any]) -> Key:
    return call.name, repr(sorted(parameters.items()))


def _places(value: Json, path: Place = ()) -> Iterator[Place]:
    """Yield the place of every part of an answer."""
    if path:
        yield path
    for key, part in children(value).items():
        yield from _places(part, (*path, key))


def _spoil(where: Any, key: str | int, random: Random) -> str:  # noqa: ANN401 - JSON
    """Drop a part, or replace it. Items of an answer stay objects, because the reader ensures this."""
    how = random.choice(("drop", "null", "word", "other"))
    is_item = isinstance(key, int) and isinstance(where[key], dict)
    if how == "drop" or (is_item and how != "other"):
        del where[key]
        return "drop"
    if is_item:
        where[key] = {}
        return "drop"
    if how == "other":
        where[key] = random.choice(_OTHERS)
    else:
        where[key] = None if how == "null" else UNKNOWN_WORD
    return how
