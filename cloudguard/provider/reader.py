"""What every provider's reader does alike: calls in parallel, none made twice, what failed kept as Gaps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, cast

from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.provider.port import Progress

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

LONGEST_MESSAGE = 300
"""Characters of the cloud's words that a Gap keeps."""


class Call(Protocol):
    """A call as its provider declares it."""

    @property
    def name(self) -> str:
        """Its name: "ec2:DescribeInstances"."""
        ...

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions that it takes."""
        ...


class Reader:
    """The calls of one caller, at most ``threads`` at once. Safe to call from threads."""

    def __init__(self, threads: int, progress: Progress) -> None:
        self.progress = progress
        self._threads = threads
        self._gaps: dict[Gap, None] = {}
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[Any]] = {}
        self._turns = threading.BoundedSemaphore(threads)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read, in a stable order."""
        with self._lock:
            return tuple(sorted(self._gaps, key=lambda gap: (gap.call, gap.resource, gap.reason, gap.message)))

    def add_gap(self, gap: Gap) -> None:
        """Record that something was not read, or not told."""
        with self._lock:
            self._gaps[gap] = None

    def failed(self, call: Call, resource: str, why: tuple[Reason, str], hides: tuple[FactKind, ...]) -> None:
        """Record that a call failed; where it was denied, with the permission that it takes."""
        reason, message = why
        permission = ", ".join(call.permissions) if reason is Reason.DENIED else ""
        self.add_gap(Gap(call.name, resource, reason, message, hides, permission))

    def once(self, call: Call, parameters: Hashable, fetch: Callable[[], A]) -> A:
        """Return what ``fetch`` returned or raise what it raised, for whoever asked first.

        At most as many fetches as there are threads are under way at once, however deep gathers are nested.
        """
        key = (call, parameters)
        with self._lock:
            known = self._answers.get(key)
            answer: Future[A] = known or Future()
            self._answers[key] = answer
        if known is None:
            try:
                with self._turns:
                    self.progress(call.name)
                    answer.set_result(fetch())
            except BaseException as error:  # noqa: BLE001 - handed on to whoever waits for the answer
                answer.set_exception(error)
        return answer.result()

    def gather(self, *thunks: Callable[[], A]) -> list[A]:
        """Run ``thunks`` in parallel, one of them here, and return their results in order; may be nested."""
        if len(thunks) <= 1:
            return [thunk() for thunk in thunks]
        first, *others = thunks
        with ThreadPoolExecutor(min(len(others), self._threads), thread_name_prefix="cloudguard") as pool:
            pending = [pool.submit(thunk) for thunk in others]
            return [first(), *(future.result() for future in pending)]

    def two(self, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
        """Run two reads in parallel, each keeping its type."""
        return cast("tuple[A, B]", self._each(first, second))

    def three(self, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C]) -> tuple[A, B, C]:
        """Run three reads in parallel, each keeping its type."""
        return cast("tuple[A, B, C]", self._each(first, second, third))

    def four(
        self, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], fourth: Callable[[], D]
    ) -> tuple[A, B, C, D]:
        """Run four reads in parallel, each keeping its type."""
        return cast("tuple[A, B, C, D]", self._each(first, second, third, fourth))

    def _each(self, *thunks: Callable[[], object]) -> tuple[object, ...]:
        return tuple(self.gather(*thunks))

    def source(self, call: Call, resource: str = "*") -> Source:
        """Return where a fact came from."""
        return Source(call.name, resource)
