"""What every provider's reader does: calls in parallel, none made twice; what failed or is not understood is a Gap."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from cloudguard.errors import UsageError
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.provider.answers import Answer, Item
from cloudguard.provider.port import Progress, Stop, StoppedError
from cloudguard.provider.sharing.merging import Part
from cloudguard.provider.sharing.shared_answers import Asked, SharedAnswers

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


CallT = TypeVar("CallT", bound=Call)


def checked_calls(names: Iterable[str], calls: Iterable[Call]) -> frozenset[str]:
    """Return ``names``; raises UsageError for one that is no call of the provider's."""
    wanted, known = frozenset(names), sorted({call.name for call in calls})
    for name in sorted(wanted.difference(known)):
        near = get_close_matches(name, known, n=1)
        message = f"assume_empty: the provider makes no call {name!r}"
        raise UsageError(message, hint=f"Did you mean {near[0]!r}?" if near else "Gaps name the calls that were made")
    return wanted


class Reader(ABC, Generic[CallT]):
    """The calls of one caller, at most ``threads`` at once, until ``stop`` is set. Safe to call from threads.

    Calls in ``assume_empty`` (names) are not made, and taken as answered with nothing. ``shared``: the answers that
    other readers of the run got, and this one's.
    """

    identifiers: ClassVar[tuple[str, ...]]
    """Fields that identify an item, the most telling first: what a Gap names an item by."""

    def __init__(
        self,
        threads: int,
        progress: Progress,
        stop: Stop | None = None,
        assume_empty: frozenset[str] = frozenset(),
        shared: SharedAnswers | None = None,
    ) -> None:
        self.progress = progress
        self.assume_empty = assume_empty
        self._assumed: set[str] = set()
        self.stop = stop or Stop()
        self.shared = shared or SharedAnswers()
        self._threads = threads
        self._gaps: dict[Gap, None] = {}
        self._lock = threading.Lock()

    def whose(self, call: CallT) -> Hashable:
        """Return what tells apart two readers whose same calls have different answers: who asks, and where."""
        del call
        return None

    def part(self, call: CallT, parameters: Mapping[str, Any]) -> Part | None:
        """Return which values of a list a call asks for, None where it does not."""
        del call, parameters
        return None

    def with_values(self, call: CallT, parameters: Mapping[str, Any], values: Sequence[str]) -> Mapping[str, Any]:
        """Return the parameters of a call for other values of its list; only for calls that have a ``part``."""
        raise NotImplementedError

    @abstractmethod
    def fetch(self, call: CallT, parameters: Mapping[str, Any]) -> Answer:
        """Ask the cloud, page by page; raises one of ``errors``."""

    @abstractmethod
    def errors(self) -> tuple[type[Exception], ...]:
        """Return what ``fetch`` may raise: the SDK's errors, and ValueError: no answer, or one that can't be parsed."""

    @abstractmethod
    def explain(self, error: Exception) -> tuple[Reason, str]:
        """Return why a call failed, and the cloud's words on one line."""

    def read(
        self,
        call: CallT,
        *,
        hides: tuple[FactKind, ...],
        about: str = "*",
        **parameters: Any,  # noqa: ANN401 - the SDK's
    ) -> list[Item]:
        """Return every item of every page; nothing, and a Gap, when the call fails."""
        return self.read_or_none(call, hides=hides, about=about, **parameters) or []

    def read_or_none(
        self,
        call: CallT,
        *,
        hides: tuple[FactKind, ...],
        about: str = "*",
        **parameters: Any,  # noqa: ANN401 - the SDK's
    ) -> list[Item] | None:
        """Return every item of every page; None, and a Gap, when the call fails.

        What the cloud says that it left out (a zone that does not answer) is a Gap beside what it gave.
        """
        try:
            answer = self._answer(call, parameters)
        except StoppedError as error:
            self.failed(call, about, (Reason.STOPPED, str(error)), hides)
            return None
        except self.errors() as error:
            self.failed(call, about, self.explain(error), hides)
            return None
        for fault in answer.faults:
            self.failed(call, about, (Reason.FAILED, fault), hides)
        return answer.items

    def ask(self, call: CallT, **parameters: Any) -> list[Item]:  # noqa: ANN401 - the SDK's
        """Return every item of every page; raises one of ``errors``, also where the answer is incomplete."""
        answer = self._answer(call, parameters)
        if answer.faults:
            raise ValueError("; ".join(answer.faults))
        return answer.items

    def prefetch(self, call: CallT, **parameters: Any) -> None:  # noqa: ANN401 - the SDK's
        """Ask now what will be read later, and wait for no answer; a later ``read`` of the same call reports errors."""
        if call.name not in self.assume_empty:
            self._asked(call, parameters)

    def mapped(
        self,
        call: CallT,
        items: Iterable[Item],
        make: Callable[[Item], A],
        *,
        hides: tuple[FactKind, ...],
        about: str = "",
    ) -> tuple[A, ...]:
        """Return ``make(item)`` of each item.

        An item for which it raises ValueError is not understood: it is left out, and a Gap says what that ``hides``.
        The Gap names what the call was ``about``, else the item by one of ``identifiers``.
        """
        found = list[A]()
        for item in items:
            try:
                found.append(make(item))
            except ValueError as error:
                named = (str(item[key]) for key in self.identifiers if isinstance(item.get(key), str) and item[key])
                message = f"an item of the answer is not understood and left out: {error}"
                self.failed(call, about or next(named, "*"), (Reason.FAILED, message[:LONGEST_MESSAGE]), hides)
        return tuple(found)

    def listed(
        self,
        call: CallT,
        make: Callable[[Item], A],
        *,
        hides: tuple[FactKind, ...],
        about: str = "*",
        **parameters: Any,  # noqa: ANN401 - the SDK's
    ) -> tuple[A, ...]:
        """Return ``make(item)`` of each item that a call answers: what ``read`` reads, as ``mapped`` maps it."""
        items = self.read(call, hides=hides, about=about, **parameters)
        return self.mapped(call, items, make, hides=hides, about="" if about == "*" else about)

    def missed(
        self, call: CallT, about: str, why: str, hides: tuple[FactKind, ...], reason: Reason = Reason.MISSING
    ) -> None:
        """Record that an answer lacks something that is known to be there, or that what it says is not followed."""
        self.add_gap(Gap(call.name, about, reason, why, hides))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read, in a stable order."""
        with self._lock:
            return tuple(sorted(self._gaps, key=lambda gap: (gap.call, gap.resource, gap.reason, gap.message)))

    @property
    def assumed_empty(self) -> tuple[str, ...]:
        """The calls that would have been made, sorted, but for what the caller assumes."""
        return tuple(sorted(self._assumed))

    def add_gap(self, gap: Gap) -> None:
        """Record that something was not read, or is not known."""
        with self._lock:
            self._gaps[gap] = None

    def failed(self, call: CallT, resource: str, why: tuple[Reason, str], hides: tuple[FactKind, ...]) -> None:
        """Record that a call failed; where it was denied, with the permission that it takes."""
        reason, message = why
        permission = ", ".join(call.permissions) if reason is Reason.DENIED else ""
        self.add_gap(Gap(call.name, resource, reason, message, hides, permission))

    def _answer(self, call: CallT, parameters: Mapping[str, Any]) -> Answer:
        """Return a call's answer, or raise its error."""
        self.stop.check()
        if call.name in self.assume_empty:
            self._assumed.add(call.name)
            return Answer([])
        return self.shared.answer(self._asked(call, parameters), self.stop)

    def _asked(self, call: CallT, parameters: Mapping[str, Any]) -> Asked:
        """Fetch a call once; all callers share its answer or error."""
        whose = self.whose(call)
        turns = self.shared.turns(whose, self._threads)

        def fetch(values: Sequence[str] | None) -> Answer:
            with turns:  # so many at once, however deep gathers are nested
                self.stop.check()
                self.progress(call.name)
                return self.fetch(call, parameters if values is None else self.with_values(call, parameters, values))

        return self.shared.ask((whose, call, _frozen(parameters)), fetch, self.part(call, parameters))

    def gather(self, *thunks: Callable[[], A]) -> list[A]:
        """Run ``thunks`` in parallel, one of them here, and return their results in order; may be nested."""
        return self.shared.workers.gather(thunks, self._threads)

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

    def source(self, call: CallT, resource: str = "*") -> Source:
        """Return where a fact came from."""
        return Source(call.name, resource)


def _frozen(value: object) -> Hashable:
    """Return a hashable likeness of a parameter."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value).items()
        return tuple(sorted((name, _frozen(part)) for name, part in pairs))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_frozen(part) for part in cast("Sequence[object]", value))
    return value
