"""Answers by call and parameters, for the readers of one account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from cloudguard.provider.answers import Answer
from cloudguard.provider.port import Stop
from cloudguard.provider.sharing.merging import Fetch, Part, merged
from cloudguard.provider.sharing.workers import Workers, tried

T = TypeVar("T")
AT_ONCE = 64
"""So many readings share their calls at once: each takes a dozen threads."""


@dataclass(slots=True, eq=False)
class Asked:
    """A call that was made or will be: its answer, and how many threads wait for it."""

    answer: Future[Answer] = field(default_factory=Future[Answer])
    waiting: int = 0


class _KeptBack(NamedTuple):
    """A call that waits for others like it."""

    part: Part
    fetch: Fetch
    asked: Asked


class SharedAnswers:
    """Answers by call and parameters. A call is made once; who asks again gets the same answer, or the same error.

    ``merging``: a call for a ``Part`` of a list is kept back until nobody can go on without an answer, and then made
    as one with those that differ from it in that list alone. Safe to use from threads.
    """

    def __init__(self, *, merging: bool = False) -> None:
        self.workers = Workers(self._send)
        self._merging = merging
        self._asked: dict[Hashable, Asked] = {}
        self._kept_back: list[_KeptBack] = []
        self._kept: dict[Hashable, object] = {}
        self._turns: dict[Hashable, threading.BoundedSemaphore] = {}
        self._making = threading.Lock()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` makes, which is called once for ``key``; it may ask nothing that is shared."""
        with self._making:
            if key not in self._kept:
                self._kept[key] = make()
            return cast("T", self._kept[key])

    def turns(self, whose: Hashable, most: int) -> threading.BoundedSemaphore:
        """Return what lets ``most`` calls of one reader, or of those like it, be made at once."""
        with self.workers.lock:
            return self._turns.setdefault(whose, threading.BoundedSemaphore(most))

    def together(self, thunks: Sequence[Callable[[], T]]) -> list[T]:
        """Run readings that share these answers, and return their results in order."""
        with self.workers.lock:
            self.workers.add(1)
        try:
            return self.workers.gather(thunks, AT_ONCE)
        finally:
            self.workers.leave()

    def ask(self, key: Hashable, fetch: Fetch, part: Part | None) -> Asked:
        """Return the call of ``key``, which is made by ``fetch`` if it is the first; ``part``: of which list it asks.

        ``fetch`` takes the values to ask for, None for those of the call itself.
        """
        with self.workers.lock:
            known = self._asked.get(key)
            if known:
                return known
            asked = self._asked[key] = Asked()
            if self._merging and part:
                self._kept_back.append(_KeptBack(part, fetch, asked))
                return asked
            self.workers.add(1)
        self._begin(partial(self._settle, fetch, asked))
        return asked

    def answer(self, asked: Asked, stop: Stop) -> Answer:
        """Wait for an answer, or raise its error; raises StoppedError if the reading is ended before it comes."""
        with self.workers.lock:
            waits = not asked.answer.done()
            asked.waiting += waits
        if waits:
            self.workers.leave()
        return stop.result(asked.answer)

    def _send(self) -> None:
        """Make the calls that were kept back, if still nobody can go on without them."""
        with self.workers.lock:
            if not self.workers.idle:
                return
            kept_back, self._kept_back = self._kept_back, []
            alike: dict[Hashable, list[_KeptBack]] = {}
            for one in kept_back:
                alike.setdefault(one.part.call, []).append(one)
            self.workers.add(len(alike))
        for group in alike.values():
            self._begin(partial(self._settle_all, group))

    def _settle_all(self, group: Sequence[_KeptBack]) -> None:
        """Make calls that differ in one list alone as one; each by itself where that fails and may not for all."""
        (part, fetch, _), *others = group
        if others:
            answers = tried(partial(merged, [one.part for one in group], fetch, self.workers.gather))
            error = answers.exception()
            if error is None or part.same_for_all(error):
                for number, one in enumerate(group):
                    self._tell(one.asked, answers if error else tried(partial(answers.result().__getitem__, number)))
                self.workers.leave()
                return
        with self.workers.lock:
            self.workers.add(len(others))
        for one in group:
            self._begin(partial(self._settle, one.fetch, one.asked))

    def _settle(self, fetch: Fetch, asked: Asked) -> None:
        self._tell(asked, tried(partial(fetch, None)))
        self.workers.leave()

    def _tell(self, asked: Asked, found: Future[Any]) -> None:
        """Hand an answer, or its error, to all who wait for it; they count as working from here on."""
        with self.workers.lock:
            self.workers.add(asked.waiting)
            asked.waiting = 0
            if error := found.exception():
                asked.answer.set_exception(error)
            else:
                asked.answer.set_result(found.result())

    @staticmethod
    def _begin(work: Callable[[], None]) -> None:
        """Run ``work`` in a thread that neither callers nor the end of the process wait for: a call may hang."""
        threading.Thread(target=work, daemon=True).start()
