"""The common part of every provider's reader: parallel calls, each made once; every failure becomes a Gap."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast, overload

from cloudguard.errors import UsageError
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.provider.answers import Answer, Item
from cloudguard.provider.port import CollectRequest, Progress, StoppedError, silent
from cloudguard.provider.sharing.merging import PartialCall
from cloudguard.provider.sharing.shared_answers import SharedAnswers, SharedCall

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

LONGEST_MESSAGE = 300
"""The largest number of characters of the cloud's message that a Gap keeps."""


class Call(Protocol):
    """A call of the cloud's API, as the provider declares it."""

    @property
    def name(self) -> str:
        """The call's name: "ec2:DescribeInstances"."""
        ...

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions that the call needs."""
        ...


CallT = TypeVar("CallT", bound=Call)


def checked_calls(names: Iterable[str], calls: Iterable[Call]) -> frozenset[str]:
    """Return ``names``. Raises UsageError if a name is not in ``calls``, the provider's calls."""
    wanted, known = frozenset(names), sorted({call.name for call in calls})
    for name in sorted(wanted.difference(known)):
        near = get_close_matches(name, known, n=1)
        message = f"assume_empty: the provider has no call {name!r}"
        raise UsageError(message, hint=f"Did you mean {near[0]!r}?" if near else "Gaps name the calls that were made")
    return wanted


def permissions_of(calls: Iterable[Call]) -> list[str]:
    """Return the permissions that ``calls`` need, sorted."""
    return sorted({permission for call in calls for permission in call.permissions})


class Reader(ABC, Generic[CallT]):
    """Makes the calls of one caller for a request. Thread-safe.

    It makes calls until ``request.stop`` is set. Calls in ``request.assume_empty`` are not made; their answer is taken
    as empty. ``request.shared``: the answers of all readers of the run. Raises UsageError if ``assume_empty`` has a
    name that is not in ``calls``.
    """

    calls: ClassVar[Sequence[Call]]
    """All calls of the provider."""
    identifiers: ClassVar[tuple[str, ...]]
    """Fields that identify an item in a Gap, the most specific first."""
    threads: ClassVar[int]
    """The largest number of calls at a time."""

    def __init__(self, progress: Progress = silent, request: CollectRequest | None = None) -> None:
        request = request or CollectRequest()
        self.progress = progress
        self.assume_empty = checked_calls(request.assume_empty, self.calls)
        self._assumed: set[str] = set()
        self.stop = request.stop
        self.shared = request.shared or SharedAnswers()
        self.request = replace(request, shared=self.shared)
        self._gaps: dict[Gap, None] = {}
        self._lock = threading.Lock()

    def caller_key(self, call: CallT) -> Hashable:
        """Return a key for who makes the call and where. Calls with equal keys and parameters have equal answers."""
        del call
        return None

    def partial_call(self, call: CallT, parameters: Mapping[str, Any]) -> PartialCall | None:
        """Return the list of values that a call asks for, as a PartialCall. None if the call has no such list."""
        del call, parameters
        return None

    def with_values(self, call: CallT, parameters: Mapping[str, Any], values: Sequence[str]) -> Mapping[str, Any]:
        """Return the parameters of a call with ``values`` as its list. Used only for partial calls."""
        raise NotImplementedError

    @abstractmethod
    def fetch(self, call: CallT, parameters: Mapping[str, Any]) -> Answer:
        """Make a call, page by page. Raises one of ``errors``."""

    @staticmethod
    @abstractmethod
    def errors() -> tuple[type[Exception], ...]:
        """Return the errors that ``fetch`` may raise.

        These are the SDK's errors, and ValueError for a missing answer or an answer that cannot be parsed.
        """

    @staticmethod
    @abstractmethod
    def reason(error: Exception) -> tuple[Reason, str]:
        """Return the reason why a call failed, and the cloud's message."""

    @classmethod
    def explain(cls, error: Exception) -> tuple[Reason, str]:
        """Return the reason why a call failed, and the cloud's message as one line."""
        if isinstance(error, StoppedError):
            return Reason.STOPPED, str(error)
        reason, message = cls.reason(error)
        return reason, " ".join(message.split())[:LONGEST_MESSAGE]

    def read(
        self,
        call: CallT,
        *,
        hides: tuple[FactKind, ...],
        about: str = "*",
        **parameters: Any,  # noqa: ANN401 - the SDK's
    ) -> list[Item]:
        """Return all items of all pages. If the call fails, record a Gap and return an empty list."""
        return self.read_or_none(call, hides=hides, about=about, **parameters) or []

    def read_or_none(
        self,
        call: CallT,
        *,
        hides: tuple[FactKind, ...],
        about: str = "*",
        **parameters: Any,  # noqa: ANN401 - the SDK's
    ) -> list[Item] | None:
        """Return all items of all pages. If the call fails, record a Gap and return None.

        If the cloud says that a part of the answer is missing (for example a zone that does not answer), that part
        becomes a Gap too.
        """
        try:
            answer = self._answer(call, parameters)
        except self.errors() as error:
            self.failed(call, about, self.explain(error), hides)
            return None
        for fault in answer.faults:
            self.failed(call, about, (Reason.FAILED, fault), hides)
        return answer.items

    def ask(self, call: CallT, **parameters: Any) -> list[Item]:  # noqa: ANN401 - the SDK's
        """Return all items of all pages. Raises one of ``errors``; ValueError if the answer is incomplete."""
        answer = self._answer(call, parameters)
        if answer.faults:
            raise ValueError("; ".join(answer.faults))
        return answer.items

    def prefetch(self, call: CallT, **parameters: Any) -> None:  # noqa: ANN401 - the SDK's
        """Start a call that will be read later, without waiting. A later ``read`` of the same call reports errors."""
        if call.name not in self.assume_empty:
            self._shared_call(call, parameters)

    def mapped(
        self,
        call: CallT,
        items: Iterable[Item],
        make: Callable[[Item], A],
        *,
        hides: tuple[FactKind, ...],
        about: str = "",
    ) -> tuple[A, ...]:
        """Return ``make(item)`` for each item.

        If ``make`` raises ValueError, the item is left out and a Gap is recorded. ``hides``: the kinds of facts that
        the Gap hides. The Gap names the resource ``about``, or else the item by one of ``identifiers``.
        """
        mapped = list[A]()
        for item in items:
            try:
                mapped.append(make(item))
            except ValueError as error:
                named = (str(item[key]) for key in self.identifiers if isinstance(item.get(key), str) and item[key])
                message = f"an item of the answer was left out, because it is not valid: {error}"
                self.failed(call, about or next(named, "*"), (Reason.FAILED, message[:LONGEST_MESSAGE]), hides)
        return tuple(mapped)

    def listed(
        self,
        call: CallT,
        make: Callable[[Item], A],
        *,
        hides: tuple[FactKind, ...],
        about: str = "*",
        **parameters: Any,  # noqa: ANN401 - the SDK's
    ) -> tuple[A, ...]:
        """Return ``make(item)`` for each item of a call's answer: ``read`` followed by ``mapped``."""
        items = self.read(call, hides=hides, about=about, **parameters)
        return self.mapped(call, items, make, hides=hides, about="" if about == "*" else about)

    def listed_or_none(
        self,
        call: CallT,
        make: Callable[[Item], A],
        *,
        hides: tuple[FactKind, ...],
        about: str = "*",
        **parameters: Any,  # noqa: ANN401 - the SDK's
    ) -> tuple[A, ...] | None:
        """Return ``make(item)`` for each item of a call's answer. None if the call failed or an item is not valid."""
        items = self.read_or_none(call, hides=hides, about=about, **parameters)
        made = self.mapped(call, items or (), make, hides=hides, about="" if about == "*" else about)
        return None if items is None or len(made) < len(items) else made

    def missed(
        self, call: CallT, about: str, why: str, hides: tuple[FactKind, ...], reason: Reason = Reason.MISSING
    ) -> None:
        """Record a Gap: an answer lacks something that is known to exist, or refers to something that is not read."""
        self.add_gap(Gap(call.name, about, reason, why, hides))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All gaps, in a stable order."""
        with self._lock:
            return tuple(sorted(self._gaps, key=lambda gap: (gap.call, gap.resource, gap.reason, gap.message)))

    @property
    def assumed_empty(self) -> tuple[str, ...]:
        """The sorted names of the calls that were not made because of ``assume_empty``."""
        return tuple(sorted(self._assumed))

    def add_gap(self, gap: Gap) -> None:
        """Record a Gap: something was not read, or is not known."""
        with self._lock:
            self._gaps[gap] = None

    def failed(self, call: CallT, resource: str, why: tuple[Reason, str], hides: tuple[FactKind, ...]) -> None:
        """Record a Gap for a failed call. If the call was denied, the Gap names the permission that it needs."""
        reason, message = why
        permission = ", ".join(call.permissions) if reason is Reason.DENIED else ""
        self.add_gap(Gap(call.name, resource, reason, message, hides, permission))

    def _answer(self, call: CallT, parameters: Mapping[str, Any]) -> Answer:
        """Return the answer to a call, or raise its error."""
        self.stop.check()
        if call.name in self.assume_empty:
            self._assumed.add(call.name)
            return Answer([])
        return self.shared.answer(self._shared_call(call, parameters), self.stop)

    def _shared_call(self, call: CallT, parameters: Mapping[str, Any]) -> SharedCall:
        """Make a call once. All readers with the same call share its answer or error."""
        caller_key = self.caller_key(call)
        call_slots = self.shared.call_slots(caller_key, self.threads)

        def fetch(values: Sequence[str] | None) -> Answer:
            with call_slots:  # limits the calls at a time, also in nested gathers
                self.stop.check()
                self.progress(call.name)
                return self.fetch(call, parameters if values is None else self.with_values(call, parameters, values))

        return self.shared.ask((caller_key, call, _frozen(parameters)), fetch, self.partial_call(call, parameters))

    def gather(self, *thunks: Callable[[], A]) -> list[A]:
        """Run ``thunks`` in parallel, one of them in this thread, and return their results in order. May be nested."""
        return self.shared.workers.gather(thunks, self.threads)

    @overload
    def parallel(self, first: Callable[[], A], second: Callable[[], B], /) -> tuple[A, B]: ...
    @overload
    def parallel(
        self, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], /
    ) -> tuple[A, B, C]: ...
    @overload
    def parallel(
        self, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], fourth: Callable[[], D], /
    ) -> tuple[A, B, C, D]: ...
    def parallel(self, *reads: Callable[[], object]) -> tuple[object, ...]:
        """Run reads of different types in parallel, and return their results."""
        return tuple(self.gather(*reads))

    def source(self, call: CallT, resource: str = "*") -> Source:
        """Return the source of a fact: the call and the resource."""
        return Source(call.name, resource)


def _frozen(value: object) -> Hashable:
    """Return a parameter in a hashable form."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value).items()
        return tuple(sorted((name, _frozen(member)) for name, member in pairs))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_frozen(item) for item in cast("Sequence[object]", value))
    return value
