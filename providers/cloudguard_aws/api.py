"""Paged, read-only calls in parallel; a refusal becomes a Gap, and nothing is asked twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cloudguard.adapter import Progress, silent
from cloudguard.model.source import Facet, Gap, Reason, Source
from cloudguard_aws.calls import Call

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

T = TypeVar("T")
Item = dict[str, Any]

THREADS = 16
_MAKING = threading.Lock()
"""A session may not make two clients at once, and two readers may share one session (boto3 guide, resources/clients,
multithreading)."""
_DENIED = ("accessdenied", "unauthorized", "authfailure", "optinrequired", "notauthorized", "forbidden")
_THROTTLED = ("throttl", "requestlimitexceeded", "toomanyrequests", "slowdown", "priorrequestnotcomplete")
_UNSUPPORTED = ("notimplemented", "unknownoperation", "invalidaction", "unsupportedoperation")
_MISSING = ("notfound", "nosuchentity", "resourcenotfound", "malformed")
LONGEST_MESSAGE = 300


class Api:
    """One account and region. Safe to call from threads."""

    def __init__(self, session: boto3.Session, region: str, progress: Progress = silent) -> None:
        self.session: Any = session  # its client() is overloaded by service name, which is a variable here
        self.region = region
        self._progress = progress
        self._gaps: dict[Gap, None] = {}
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._answers: dict[tuple[Any, ...], Future[list[Item]]] = {}
        self._turns = threading.BoundedSemaphore(THREADS)

    def in_region(self, region: str) -> Api:
        """Return a reader of another region; itself, for its own."""
        return self if region == self.region else Api(self.session, region, self._progress)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read, in a stable order."""
        with self._lock:
            return tuple(sorted(self._gaps, key=lambda gap: (gap.call, gap.resource, gap.reason, gap.message)))

    def add_gap(self, gap: Gap) -> None:
        """Record that something was not read, or not told."""
        with self._lock:
            self._gaps[gap] = None

    def read(self, call: Call, *, hides: tuple[Facet, ...], resource: str = "*", **parameters: object) -> list[Item]:
        """Return every item of every page; nothing, and a Gap, when the call is refused."""
        return self.read_or_none(call, hides=hides, resource=resource, **parameters) or []

    def read_or_none(
        self,
        call: Call,
        *,
        hides: tuple[Facet, ...],
        resource: str = "*",
        **parameters: object,
    ) -> list[Item] | None:
        """Return every item of every page; None, and a Gap, when the call is refused."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

        try:
            return self.ask(call, **parameters)
        except (ClientError, BotoCoreError) as error:
            reason, message = explain(error)
            permission = ", ".join(call.permissions) if reason is Reason.DENIED else ""
            self.add_gap(Gap(call.name, resource, reason, message, hides, permission))
            return None

    def ask(self, call: Call, **parameters: object) -> list[Item]:
        """Return every item of every page; raises botocore's errors. Asked once, whoever asks first."""
        key = (call, _frozen(parameters))
        with self._lock:
            known = self._answers.get(key)
            mine = known is None
            answer: Future[list[Item]] = known or Future()
            self._answers[key] = answer
        if mine:
            try:
                answer.set_result(self._fetch(call, parameters))
            except BaseException as error:  # noqa: BLE001 - handed on to whoever waits for the answer
                answer.set_exception(error)
        return answer.result()

    def _fetch(self, call: Call, parameters: dict[str, object]) -> list[Item]:
        """Read every page; at most ``THREADS`` calls are under way at once, however deep gathers are nested."""
        from botocore.exceptions import HTTPClientError  # noqa: PLC0415 - the SDK is loaded on first use
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - likewise

        with self._turns:
            self._progress(call.name)
            try:
                return self._pages(self.client(call.service), call, parameters)
            except ResponseParserError:
                # The SDK's only error outside its own hierarchy; its text holds the whole answer.
                raise HTTPClientError(error=f"the answer to {call.name} cannot be parsed") from None

    def _pages(self, client: Any, call: Call, parameters: dict[str, object]) -> list[Item]:  # noqa: ANN401
        import jmespath  # noqa: PLC0415 - comes with the SDK

        if client.can_paginate(call.method):
            found = client.get_paginator(call.method).paginate(**parameters).search(call.items)
            return [item for item in found if item is not None]
        answer: Any = jmespath.search(call.items, getattr(client, call.method)(**parameters))
        if answer is None:
            return []
        return cast("list[Item]", answer) if isinstance(answer, list) else [answer]

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients at run time
        """Return the client of a service, made once."""
        with _MAKING:
            found = self._clients.get(service)
            if found is None:
                found = self.session.client(service, region_name=self.region, config=settings(service))
                self._clients[service] = found
            return found

    def gather(self, *thunks: Callable[[], T]) -> list[T]:
        """Run ``thunks`` in parallel and return their results in order; may be called from within one."""
        if len(thunks) <= 1:
            return [thunk() for thunk in thunks]
        with ThreadPoolExecutor(min(len(thunks), THREADS), thread_name_prefix="cloudguard-aws") as pool:
            return [future.result() for future in [pool.submit(thunk) for thunk in thunks]]

    def source(self, call: Call, resource: str = "*") -> Source:
        """Return where a fact came from."""
        return Source(call.name, resource)


def settings(service: str) -> Config:
    """Return how a service's client behaves: STS, which is asked first, soon says that nothing can be reached."""
    from botocore.config import Config  # noqa: PLC0415 - the SDK is loaded on first use

    first = service == "sts"
    return Config(
        retries={"total_max_attempts": 2, "mode": "standard"} if first else {"max_attempts": 8, "mode": "adaptive"},
        connect_timeout=3 if first else 5,
        read_timeout=4 if first else 30,
        max_pool_connections=THREADS,
        user_agent_extra="cloudguard",
    )


def explain(error: Exception) -> tuple[Reason, str]:
    """Return why a call failed, and the cloud's words on one line."""
    answer = cast("Mapping[str, Any]", getattr(error, "response", None) or {})
    code = str(answer.get("Error", {}).get("Code", ""))
    words = str(answer.get("Error", {}).get("Message", "")) if code else str(error)
    message = " ".join(f"{code or type(error).__name__}: {words}".split())[:LONGEST_MESSAGE]
    folded = code.lower()
    for reason, marks in ((Reason.DENIED, _DENIED), (Reason.THROTTLED, _THROTTLED), (Reason.MISSING, _MISSING)):
        if any(mark in folded for mark in marks):
            return reason, message
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    unsupported = status in {404, 501} or any(mark in folded for mark in _UNSUPPORTED)
    return Reason.UNSUPPORTED if unsupported else Reason.FAILED, message


def _frozen(value: object) -> object:
    """Return a hashable likeness of a parameter."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value).items()
        return tuple(sorted((name, _frozen(part)) for name, part in pairs))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_frozen(part) for part in cast("Sequence[object]", value))
    return value
