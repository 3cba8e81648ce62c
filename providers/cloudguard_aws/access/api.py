"""Paged, read-only calls; a refusal becomes a Gap."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.port import Progress, silent
from cloudguard.provider.reader import LONGEST_MESSAGE, Reader
from cloudguard_aws.access.calls import Call

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

Item = dict[str, Any]

THREADS = 16
MOST_VALUES = 200
"""Values that one filter of an EC2 call takes (EC2 API reference, Filter)."""
_MAKING = threading.Lock()
"""A session may not make two clients at once, and two readers may share one session (boto3 guide, resources/clients,
multithreading)."""
_DENIED = ("accessdenied", "unauthorized", "authfailure", "optinrequired", "notauthorized", "forbidden")
_THROTTLED = ("throttl", "requestlimitexceeded", "toomanyrequests", "slowdown", "priorrequestnotcomplete")
_UNSUPPORTED = ("notimplemented", "unknownoperation", "invalidaction", "unsupportedoperation")
_MISSING = ("notfound", "nosuchentity", "resourcenotfound", "malformed")


class Api(Reader):
    """One account and region. Safe to call from threads."""

    def __init__(self, session: boto3.Session, region: str, progress: Progress = silent) -> None:
        super().__init__(THREADS, progress)
        self.session: Any = session  # its client() is overloaded by service name, which is a variable here
        self.region = region
        self._clients: dict[str, Any] = {}

    def in_region(self, region: str) -> Api:
        """Return a reader of another region; itself, for its own."""
        return self if region == self.region else Api(self.session, region, self.progress)

    def read(self, call: Call, *, hides: tuple[FactKind, ...], resource: str = "*", **parameters: object) -> list[Item]:
        """Return every item of every page; nothing, and a Gap, when the call is refused."""
        return self.read_or_none(call, hides=hides, resource=resource, **parameters) or []

    def read_or_none(
        self,
        call: Call,
        *,
        hides: tuple[FactKind, ...],
        resource: str = "*",
        **parameters: object,
    ) -> list[Item] | None:
        """Return every item of every page; None, and a Gap, when the call is refused."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

        try:
            return self.ask(call, **parameters)
        except (ClientError, BotoCoreError) as error:
            self.failed(call, resource, explain(error), hides)
            return None

    def matching(
        self, call: Call, name: str, values: Iterable[str], *, hides: tuple[FactKind, ...], **parameters: object
    ) -> list[Item]:
        """Return what the filter ``name`` matches any of ``values``; a refusal is a Gap."""
        return self.matching_or_none(call, name, values, hides=hides, **parameters) or []

    def matching_or_none(
        self, call: Call, name: str, values: Iterable[str], *, hides: tuple[FactKind, ...], **parameters: object
    ) -> list[Item] | None:
        """Return what the filter ``name`` matches any of ``values``; None, and a Gap, where any part was refused."""
        wanted = sorted(values)
        pages = [wanted[start : start + MOST_VALUES] for start in range(0, len(wanted), MOST_VALUES)]

        def read(page: list[str]) -> list[Item] | None:
            given = parameters | {call.filters: [{"Name": name, "Values": page}]}
            return self.read_or_none(call, hides=hides, resource=page[0] if len(page) == 1 else "*", **given)

        answers = self.gather(*(partial(read, page) for page in pages))
        if any(answer is None for answer in answers):
            return None
        return [item for answer in answers for item in answer or ()]

    def ask(self, call: Call, **parameters: object) -> list[Item]:
        """Return every item of every page; raises botocore's errors. Asked once, whoever asks first."""
        return self.once(call, _frozen(parameters), lambda: self._fetch(call, parameters))

    def _fetch(self, call: Call, parameters: dict[str, object]) -> list[Item]:
        from botocore.exceptions import HTTPClientError  # noqa: PLC0415 - the SDK is loaded on first use
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - likewise

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


def _frozen(value: object) -> Hashable:
    """Return a hashable likeness of a parameter."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value).items()
        return tuple(sorted((name, _frozen(part)) for name, part in pairs))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_frozen(part) for part in cast("Sequence[object]", value))
    return value
