"""A count of working threads, which shows when all threads wait for answers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

A = TypeVar("A")
_UNLIMITED: Final = 1_000_000
"""More threads than any run needs. A pool starts one only if none of its threads is idle."""


@dataclass(slots=True)
class _Crew:
    """The threads of one ``gather``. ``left``: how many still work. ``awaited``: the starting thread waits for them."""

    left: int
    awaited: bool = False


class Workers:
    """Counts the threads that work. Threads that wait, for an answer or for another thread, do not count.

    A thread that wakes another thread counts it before, so that the count is never too low. ``when_idle`` is called
    each time the count reaches zero, by any thread and without ``lock``.
    """

    def __init__(self, when_idle: Callable[[], None]) -> None:
        self.lock = threading.Lock()
        self._working = 0
        self._when_idle = when_idle
        self._gathers = 0
        self._pool: ThreadPoolExecutor | None = None

    @property
    def idle(self) -> bool:
        """Whether no thread works. Read this only with ``lock`` held."""
        return self._working <= 0

    def add(self, number: int) -> None:
        """Add threads that start or are about to be woken to the count. Call this only with ``lock`` held."""
        self._working += number

    def leave(self) -> None:
        """Remove the calling thread from the count, because it ends or is about to wait."""
        with self.lock:
            self._working -= 1
            idle = self.idle
        if idle:
            self._when_idle()

    def gather(self, thunks: Sequence[Callable[[], A]], most: int) -> list[A]:
        """Run ``thunks`` and return their results in order. Raises the first error in that order. May be nested.

        The first one runs in the calling thread, and the others run in at most ``most`` further threads.
        """
        if len(thunks) <= 1:
            return [thunk() for thunk in thunks]
        first, *others = thunks
        tasks = deque((Future[A](), thunk) for thunk in others)
        futures = [future for future, _ in tasks]
        crew = _Crew(min(len(others), most))
        with self.lock:
            self.add(crew.left)
        with self._threads() as pool:
            for _ in range(crew.left):
                pool.submit(self._work, tasks, crew)
            try:
                result = first()
            finally:
                self._join(futures, crew)
        return [result, *(future.result() for future in futures)]

    @contextmanager
    def _threads(self) -> Generator[ThreadPoolExecutor]:
        """Yield the pool of all ``gather`` that run now. The last of them ends its threads."""
        with self.lock:
            self._gathers += 1
            pool = self._pool = self._pool or ThreadPoolExecutor(_UNLIMITED, thread_name_prefix="cloudguard")
        try:
            yield pool
        finally:
            with self.lock:
                self._gathers -= 1
                is_last = not self._gathers
                if is_last:
                    self._pool = None
            if is_last:
                pool.shutdown()

    def _work(self, tasks: deque[tuple[Future[A], Callable[[], A]]], crew: _Crew) -> None:
        """Run tasks until none is left. If a thread waits for the crew, the last worker leaves its count to it."""
        while tasks:
            try:
                future, thunk = tasks.popleft()
            except IndexError:  # another thread took it
                break
            try:
                future.set_result(thunk())
            except BaseException as error:  # noqa: BLE001 - passed on to the waiting thread
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
    """Return a finished future with the result of ``work``, or with the error that it raised."""
    done = Future[A]()
    try:
        done.set_result(work())
    except BaseException as error:  # noqa: BLE001 - passed on with the result
        done.set_exception(error)
    return done
