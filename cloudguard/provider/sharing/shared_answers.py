"""Answers by call and parameters, shared by the readers of one run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from cloudguard.provider.answers import Answer, Item
from cloudguard.provider.port import Stop
from cloudguard.provider.sharing.merging import Fetch, PartialCall, merged
from cloudguard.provider.sharing.workers import Workers, tried

T = TypeVar("T")
AT_ONCE = 64
"""The largest number of readings at a time. Each reading takes about a dozen threads."""


@dataclass(slots=True, eq=False)
class SharedCall:
    """A call that was made or will be made. ``waiting``: the number of threads that wait for its answer."""

    answer: Future[Answer] = field(default_factory=Future[Answer])
    waiting: int = 0


class _Answered(NamedTuple):
    """A partial call that was answered: each item of the answer with its own values."""

    partial_call: PartialCall
    items: Sequence[tuple[Item, frozenset[str]]]
    faults: tuple[str, ...]


class _KeptBack(NamedTuple):
    """A call that is delayed until it can be merged with similar calls."""

    partial_call: PartialCall
    fetch: Fetch
    asked: SharedCall


class SharedAnswers:
    """Answers by call and parameters. Each call is made once; later callers get the same answer or the same error.

    ``merging``: a ``PartialCall`` is delayed until all threads wait for answers. It is then merged with
    the calls that differ only in that list. No call is made for a part of what another call was answered. Thread-safe.
    """

    def __init__(self, *, merging: bool = False) -> None:
        self.workers = Workers(self._send)
        self._merging = merging
        self._asked: dict[Hashable, SharedCall] = {}
        self._kept_back: list[_KeptBack] = []
        self._answered: dict[Hashable, list[_Answered]] = {}
        self._kept: dict[Hashable, object] = {}
        self._call_slots: dict[Hashable, threading.BoundedSemaphore] = {}
        self._making = threading.Lock()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the result of ``make``, which runs only once for ``key``. ``make`` must not use the shared answers."""
        with self._making:
            if key not in self._kept:
                self._kept[key] = make()
            return cast("T", self._kept[key])

    def call_slots(self, caller_key: Hashable, most: int) -> threading.BoundedSemaphore:
        """Return the semaphore that limits the readers with the key ``caller_key`` to ``most`` calls at a time."""
        with self.workers.lock:
            return self._call_slots.setdefault(caller_key, threading.BoundedSemaphore(most))

    def together(self, thunks: Sequence[Callable[[], T]]) -> list[T]:
        """Run readings that share these answers in parallel, and return their results in order."""
        with self.workers.lock:
            self.workers.add(1)
        try:
            return self.workers.gather(thunks, AT_ONCE)
        finally:
            self.workers.leave()

    def ask(self, key: Hashable, fetch: Fetch, partial_call: PartialCall | None) -> SharedCall:
        """Return the call with this ``key``. Start it with ``fetch`` if nobody has started it.

        ``partial_call``: the call with its list of values, if it has one. ``fetch`` takes the values to ask for; None
        means the call's own values.
        """
        with self.workers.lock:
            known = self._asked.get(key)
            if known:
                return known
            call = self._asked[key] = SharedCall()
            if self._merging and partial_call:
                for answered in self._answered.get(partial_call.call, ()):
                    if answered.partial_call.covers(partial_call):
                        call.answer.set_result(Answer(partial_call.share(answered.items), answered.faults))
                        return call
                self._kept_back.append(_KeptBack(partial_call, fetch, call))
                return call
            self.workers.add(1)
        self._begin(partial(self._settle, fetch, call))
        return call

    def answer(self, call: SharedCall, stop: Stop) -> Answer:
        """Wait for the answer and return it, or raise its error. Raises StoppedError if the reading stops first."""
        with self.workers.lock:
            waits = not call.answer.done()
            call.waiting += waits
        if waits:
            self.workers.leave()
        return stop.result(call.answer)

    def _send(self) -> None:
        """Make the delayed calls, if all threads still wait for answers."""
        with self.workers.lock:
            if not self.workers.idle:
                return
            kept_back, self._kept_back = self._kept_back, []
            alike: dict[Hashable, list[_KeptBack]] = {}
            for delayed_call in kept_back:
                alike.setdefault(delayed_call.partial_call.call, []).append(delayed_call)
            self.workers.add(len(alike))
        for group in alike.values():
            self._begin(partial(self._settle_all, group))

    def _settle_all(self, group: Sequence[_KeptBack]) -> None:
        """Merge calls that differ only in one list. If the merged call fails, make each call by itself.

        The calls are not repeated if they all fail with that error (``same_for_all``).
        """
        (partial_call, fetch, _), *others = group
        if others:
            answers = tried(
                partial(merged, [delayed_call.partial_call for delayed_call in group], fetch, self.workers.gather)
            )
            error = answers.exception()
            if error is None or partial_call.same_for_all(error):
                for number, delayed_call in enumerate(group):
                    self._answer(
                        delayed_call.asked, answers if error else tried(partial(answers.result().__getitem__, number))
                    )
                self.workers.leave()
                return
        with self.workers.lock:
            self.workers.add(len(others))
        for delayed_call in group:
            self._begin(partial(self._settle, delayed_call.fetch, delayed_call.asked, delayed_call.partial_call))

    def _settle(self, fetch: Fetch, call: SharedCall, partial_call: PartialCall | None = None) -> None:
        answer = tried(partial(fetch, None))
        if partial_call and not answer.exception():
            items = [(item, frozenset(partial_call.of(item))) for item in answer.result().items]
            with self.workers.lock:
                self._answered.setdefault(partial_call.call, []).append(
                    _Answered(partial_call, items, answer.result().faults)
                )
        self._answer(call, answer)
        self.workers.leave()

    def _answer(self, call: SharedCall, future: Future[Any]) -> None:
        """Give the answer, or its error, to all waiting threads, and count these threads as working."""
        with self.workers.lock:
            self.workers.add(call.waiting)
            call.waiting = 0
            if error := future.exception():
                call.answer.set_exception(error)
            else:
                call.answer.set_result(future.result())

    @staticmethod
    def _begin(work: Callable[[], None]) -> None:
        """Run ``work`` in a daemon thread, because a call may hang and must not delay the end of the process."""
        threading.Thread(target=work, daemon=True).start()
