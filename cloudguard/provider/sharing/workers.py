"""Threads that are counted, so that it is known when all of them wait for answers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

A = TypeVar("A")


@dataclass(slots=True)
class _Crew:
    """The threads of one ``gather``: how many still work, and whether the thread that began them waits for them."""

    left: int
    awaited: bool = False


class Workers:
    """Counts the threads that work: those that wait, for an answer or for one another, do not.

    Who wakes a thread counts it before, so that the count is never too low. ``when_idle`` is called, by any thread and
    without ``lock``, each time nobody works.
    """

    def __init__(self, when_idle: Callable[[], None]) -> None:
        self.lock = threading.Lock()
        self._working = 0
        self._when_idle = when_idle

    @property
    def idle(self) -> bool:
        """Whether nobody works; to be asked with ``lock`` held."""
        return self._working <= 0

    def add(self, number: int) -> None:
        """Count threads that begin, or are about to be woken; to be called with ``lock`` held."""
        self._working += number

    def leave(self) -> None:
        """Count the calling thread no more: it ends, or is about to wait."""
        with self.lock:
            self._working -= 1
            idle = self.idle
        if idle:
            self._when_idle()

    def gather(self, thunks: Sequence[Callable[[], A]], most: int) -> list[A]:
        """Run ``thunks``, the first in the calling thread and the others in at most ``most``; return their results.

        They are in order. Raises the first error in that order; may be nested.
        """
        if len(thunks) <= 1:
            return [thunk() for thunk in thunks]
        first, *others = thunks
        tasks = deque((Future[A](), thunk) for thunk in others)
        futures = [future for future, _ in tasks]
        crew = _Crew(min(len(others), most))
        with self.lock:
            self.add(crew.left)
        with ThreadPoolExecutor(crew.left, thread_name_prefix="cloudguard") as pool:
            for _ in range(crew.left):
                pool.submit(self._work, tasks, crew)
            try:
                result = first()
            finally:
                self._join(futures, crew)
        return [result, *(future.result() for future in futures)]

    def _work(self, tasks: deque[tuple[Future[A], Callable[[], A]]], crew: _Crew) -> None:
        """Run tasks until none is left; the last of a crew hands its place to the thread that waits for the crew."""
        while tasks:
            try:
                future, thunk = tasks.popleft()
            except IndexError:  # another thread took it
                break
            try:
                future.set_result(thunk())
            except BaseException as error:  # noqa: BLE001 - handed on to who waits for the result
                future.set_exception(error)
        with self.lock:
            crew.left -= 1
            if crew.awaited and not crew.left:
                return
        self.leave()

    def _join(self, futures: Sequence[Future[Any]], crew: _Crew) -> None:
        with self.lock:
            crew.awaited = crew.left > 0
        if crew.awaited:
            self.leave()
        wait(futures)


def tried(work: Callable[[], A]) -> Future[A]:
    """Return the result of ``work``, or what it raised."""
    done = Future[A]()
    try:
        done.set_result(work())
    except BaseException as error:  # noqa: BLE001 - handed on to whoever waits for the result
        done.set_exception(error)
    return done
