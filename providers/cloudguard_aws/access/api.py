"""Paged, read-only calls. A call that fails becomes a Gap."""

from __future__ import annotations

import threading
from collections.abc import Generator, Hashable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import Answer, AnswerError, Item, objects
from cloudguard.provider.port import CollectRequest, Progress, silent
from cloudguard.provider.reader import Reader
from cloudguard.provider.sharing.merging import PartialCall
from cloudguard_aws.access.answer_shape import refuse_foreign
from cloudguard_aws.access.calls import CALLS, MOST_VALUES, WORLDWIDE, Call
from cloudguard_aws.access.partial_calls import partial_call_of, with_values

if TYPE_CHECKING:
    from botocore.config import Config

    from cloudguard_aws.access.session import Session

THREADS = 16
_CLIENT_LOCK = threading.Lock()
"""Held while a client is made: a session must not make two clients at once, and two readers may share one session
(boto3 guide, resources/clients, multithreading)."""
_DENIED = ("accessdenied", "unauthorized", "authfailure", "optinrequired", "notauthorized", "forbidden")
_CUT_SHORT = "the answer is incomplete: there are more pages, but no token for the next page"
_THROTTLED = ("throttl", "requestlimitexceeded", "toomanyrequests", "slowdown", "priorrequestnotcomplete")
_UNSUPPORTED = ("notimplemented", "unknownoperation", "invalidaction", "unsupportedoperation")
_MISSING = ("notfound", "nosuchentity", "resourcenotfound", "malformed")


class Api(Reader[Call]):
    """The reader of one account and region. Safe to call from threads."""

    identifiers = (
        *("SecurityGroupRuleId", "NetworkInterfaceId", "InstanceId", "VolumeId", "SnapshotId", "NatGatewayId"),
        *("ListenerArn", "TargetGroupArn", "LoadBalancerArn", "LoadBalancerName", "AutoScalingGroupName"),
        *("RouteTableId", "NetworkAclId", "VpcPeeringConnectionId", "PrefixListId", "SubnetId", "GroupId", "VpcId"),
        *("LaunchTemplateId", "LaunchConfigurationName", "KeyId", "PolicyArn", "PolicyName", "Arn", "arn", "name"),
        *("ResourceId", "Id"),
    )

    calls = CALLS
    threads = THREADS

    def __init__(
        self, session: Session, region: str, progress: Progress = silent, request: CollectRequest | None = None
    ) -> None:
        super().__init__(progress, request)
        self.session: Any = session  # its client() is overloaded by service name, which is a variable here
        self.region = region

    def in_region(self, region: str) -> Api:
        """Return a reader of another region, or this reader if the region is its own."""
        return self if region == self.region else Api(self.session, region, self.progress, self.request)

    def caller_key(self, call: Call) -> Hashable:
        """Return the key of shared answers: the session, and the region that answers ("" for a worldwide service)."""
        return self.session, "" if call.service in WORLDWIDE else call.region or self.region

    def partial_call(self, call: Call, parameters: Mapping[str, Any]) -> PartialCall | None:
        """Return the values of a filter, or of a list of names, that a call asks for."""
        return partial_call_of(call, parameters, self.caller_key(call), self._same_for_all)

    def with_values(self, call: Call, parameters: Mapping[str, Any], values: Sequence[str]) -> Mapping[str, Any]:
        """Return the parameters of a call with other values for its filter or list of names."""
        return with_values(call, parameters, values)

    def _same_for_all(self, error: BaseException) -> bool:
        reasons = {Reason.DENIED, Reason.THROTTLED, Reason.UNSUPPORTED, Reason.STOPPED}
        return isinstance(error, self.errors()) and self.explain(error)[0] in reasons

    def matching(
        self, call: Call, name: str, values: Iterable[str], *, hides: tuple[FactKind, ...], **parameters: object
    ) -> list[Item]:
        """Return the items whose filter ``name`` matches any of ``values``. A failed page is a Gap."""
        return self.matching_or_none(call, name, values, hides=hides, **parameters) or []

    def matching_or_none(
        self, call: Call, name: str, values: Iterable[str], *, hides: tuple[FactKind, ...], **parameters: object
    ) -> list[Item] | None:
        """Return the items whose filter ``name`` matches any of ``values``. None, and a Gap, if any page fails."""

        def read(page: list[str]) -> list[Item] | None:
            filtered = parameters | {call.filters: [{"Name": name, "Values": page}]}
            return self.read_or_none(call, hides=hides, about=page[0] if len(page) == 1 else "*", **filtered)

        answers = self.gather(*(partial(read, page) for page in pages_of(values)))
        if any(answer is None for answer in answers):
            return None
        return [item for answer in answers for item in answer or ()]

    def fetch(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
        """Ask AWS page by page. Raises botocore's errors, and ValueError for an answer that can't be parsed."""
        with parsing(call):
            return self._pages(self.client(call.service, call.region), call, parameters)

    @staticmethod
    def errors() -> tuple[type[Exception], ...]:
        """Return the types of errors that a call may raise."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

        return BotoCoreError, ClientError, ValueError

    @staticmethod
    def reason(error: Exception) -> tuple[Reason, str]:
        """Return the reason for a failed call, and the cloud's message."""
        answer = cast("Mapping[str, Any]", getattr(error, "response", None) or {})
        code = str(answer.get("Error", {}).get("Code", ""))
        words = str(answer.get("Error", {}).get("Message", "")) if code else str(error)
        message, folded = f"{code or type(error).__name__}: {words}", code.lower()
        for reason, codes in ((Reason.DENIED, _DENIED), (Reason.THROTTLED, _THROTTLED), (Reason.MISSING, _MISSING)):
            if any(code in folded for code in codes):
                return reason, message
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        unsupported = status in {404, 501} or any(mark in folded for mark in _UNSUPPORTED)
        return Reason.UNSUPPORTED if unsupported else Reason.FAILED, message

    def _pages(self, client: Any, call: Call, parameters: Mapping[str, Any]) -> Answer:  # noqa: ANN401
        import jmespath  # noqa: PLC0415 - comes with the SDK

        expression: Any = jmespath.compile(call.items)
        with _CLIENT_LOCK:  # the first use lists the SDK's files, and threads that do so at once slow each other down
            paged = client.can_paginate(call.method)
        if paged:
            pages: Any = client.get_paginator(call.method).paginate(**parameters)
        else:
            pages = (getattr(client, call.method)(**parameters),)
        items, page = list[Item](), dict[str, Any]()
        for page in pages:
            selected: Any = expression.search(page)
            selected = [selected] if isinstance(selected, dict) else selected or ()
            items += objects(call.name, (item for item in selected if item is not None))
        return Answer(items, (_CUT_SHORT,) if page.get("IsTruncated") is True else ())

    def client(self, service: str, region: str = "") -> Any:  # noqa: ANN401 - boto3 makes clients at run time
        """Return the client of a service in ``region`` ("": the reader's own region). Each client is made once."""
        where = region or self.region

        def opened() -> Any:  # noqa: ANN401 - as above
            made = self.session.client(service, region_name=where, config=settings(service))
            made.meta.events.register("before-parse", refuse_foreign, unique_id="cloudguard")
            return made

        with _CLIENT_LOCK:
            return self.shared.once((self.session, service, where), opened)


def pages_of(values: Iterable[str], most: int = MOST_VALUES) -> list[list[str]]:
    """Return ``values``, sorted, in lists of at most ``most``: as many as one call accepts."""
    ordered = sorted(values)
    return [ordered[start : start + most] for start in range(0, len(ordered), most)]


@contextmanager
def parsing(call: Call) -> Generator[None]:
    """Raise ValueError in place of the errors of the SDK's parsers, which they raise for an answer of a wrong shape."""
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        yield
    except AnswerError:
        raise
    except NotImplementedError:  # raised by a mock of AWS in this process
        message = f"{call.name} is not supported by the server"
        raise ValueError(message) from None
    except (ResponseParserError, AttributeError, KeyError, TypeError, ValueError):
        # The text of ResponseParserError has the whole answer: drop it.
        message = f"the answer to {call.name} cannot be parsed"
        raise ValueError(message) from None


def settings(service: str) -> Config:
    """Return the configuration of a service's client.

    STS is asked first. Its short timeouts make the program fail early if AWS can't be reached.
    """
    from botocore.config import Config  # noqa: PLC0415 - the SDK is loaded on first use

    first = service == "sts"
    return Config(
        retries={"total_max_attempts": 2, "mode": "standard"} if first else {"max_attempts": 8, "mode": "adaptive"},
        connect_timeout=3 if first else 5,
        read_timeout=4 if first else 30,
        max_pool_connections=THREADS,
        user_agent_extra="cloudguard",
    )
