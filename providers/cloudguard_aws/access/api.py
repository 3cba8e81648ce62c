"""Paged, read-only calls; a refusal becomes a Gap."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import Answer, AnswerError, Item, objects
from cloudguard.provider.port import Progress, Stop, StoppedError, silent
from cloudguard.provider.reader import LONGEST_MESSAGE, Reader
from cloudguard.provider.sharing.merging import Part
from cloudguard.provider.sharing.shared_answers import SharedAnswers
from cloudguard_aws.access.answer_shape import refuse_foreign
from cloudguard_aws.access.calls import MOST_VALUES, WORLDWIDE, Call
from cloudguard_aws.access.parts import part_of, with_values

if TYPE_CHECKING:
    from botocore.config import Config

    from cloudguard_aws.access.session import Session

THREADS = 16
_MAKING = threading.Lock()
"""A session may not make two clients at once, and two readers may share one session (boto3 guide, resources/clients,
multithreading)."""
_DENIED = ("accessdenied", "unauthorized", "authfailure", "optinrequired", "notauthorized", "forbidden")
_CUT_SHORT = "the answer is cut short: it says that there is more, and not how to ask for that"
_THROTTLED = ("throttl", "requestlimitexceeded", "toomanyrequests", "slowdown", "priorrequestnotcomplete")
_UNSUPPORTED = ("notimplemented", "unknownoperation", "invalidaction", "unsupportedoperation")
_MISSING = ("notfound", "nosuchentity", "resourcenotfound", "malformed")


class Api(Reader[Call]):
    """One account and region. Safe to call from threads."""

    identifiers = (
        *("SecurityGroupRuleId", "NetworkInterfaceId", "InstanceId", "VolumeId", "SnapshotId", "NatGatewayId"),
        *("ListenerArn", "TargetGroupArn", "LoadBalancerArn", "LoadBalancerName", "AutoScalingGroupName"),
        *("RouteTableId", "NetworkAclId", "VpcPeeringConnectionId", "PrefixListId", "SubnetId", "GroupId", "VpcId"),
        *("LaunchTemplateId", "LaunchConfigurationName", "KeyId", "PolicyArn", "PolicyName", "Arn", "arn", "name"),
        *("ResourceId", "Id"),
    )

    def __init__(  # noqa: PLR0913, PLR0917 - who asks and where, and what every reader takes
        self,
        session: Session,
        region: str,
        progress: Progress = silent,
        stop: Stop | None = None,
        assume_empty: frozenset[str] = frozenset(),
        shared: SharedAnswers | None = None,
    ) -> None:
        super().__init__(THREADS, progress, stop, assume_empty, shared)
        self.session: Any = session  # its client() is overloaded by service name, which is a variable here
        self.region = region
        self._clients = self.shared.once((session, region), dict[str, Any])

    def in_region(self, region: str) -> Api:
        """Return a reader of another region; itself, for its own."""
        if region == self.region:
            return self
        return Api(self.session, region, self.progress, self.stop, self.assume_empty, self.shared)

    def whose(self, call: Call) -> Hashable:
        """Return whose session asks, and which region answers."""
        return self.session, "" if call.service in WORLDWIDE else call.region or self.region

    def part(self, call: Call, parameters: Mapping[str, Any]) -> Part | None:
        """Return which values of a filter, or of a list of names, a call asks for."""
        return part_of(call, parameters, self.whose(call), self._same_for_all)

    def with_values(self, call: Call, parameters: Mapping[str, Any], values: Sequence[str]) -> Mapping[str, Any]:
        """Return the parameters of a call for other values of its filter or list of names."""
        return with_values(call, parameters, values)

    def _same_for_all(self, error: BaseException) -> bool:
        reasons = {Reason.DENIED, Reason.THROTTLED, Reason.UNSUPPORTED, Reason.STOPPED}
        return isinstance(error, self.errors()) and self.explain(error)[0] in reasons

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
            return self.read_or_none(call, hides=hides, about=page[0] if len(page) == 1 else "*", **given)

        answers = self.gather(*(partial(read, page) for page in pages))
        if any(answer is None for answer in answers):
            return None
        return [item for answer in answers for item in answer or ()]

    def fetch(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
        """Ask AWS, page by page; raises botocore's errors, ValueError for an answer that cannot be parsed."""
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - the SDK is loaded on first use

        try:
            return self._pages(self.client(call.service, call.region), call, parameters)
        except AnswerError:
            raise
        except NotImplementedError:  # by an imitation of AWS within this process
            message = f"{call.name} is not implemented by what answers"
            raise ValueError(message) from None
        except (ResponseParserError, AttributeError, KeyError, TypeError, ValueError):
            # What the SDK's parsers raise for a wrong shape; the first one's text holds the whole answer.
            message = f"the answer to {call.name} cannot be parsed"
            raise ValueError(message) from None

    def errors(self) -> tuple[type[Exception], ...]:
        """Return what ``fetch`` may raise."""
        return errors()

    def explain(self, error: Exception) -> tuple[Reason, str]:
        """Return why a call failed, and the cloud's words on one line."""
        return explain(error)

    def _pages(self, client: Any, call: Call, parameters: Mapping[str, Any]) -> Answer:  # noqa: ANN401
        import jmespath  # noqa: PLC0415 - comes with the SDK

        expression: Any = jmespath.compile(call.items)
        with _MAKING:  # the first to ask lists the SDK's files, and threads that do so at once slow one another down
            paged = client.can_paginate(call.method)
        if paged:
            pages: Any = client.get_paginator(call.method).paginate(**parameters)
        else:
            pages = (getattr(client, call.method)(**parameters),)
        items, page = list[Item](), dict[str, Any]()
        for page in pages:
            found: Any = expression.search(page)
            found = [found] if isinstance(found, dict) else found or ()
            items += objects(call.name, (item for item in found if item is not None))
        return Answer(items, (_CUT_SHORT,) if page.get("IsTruncated") is True else ())

    def client(self, service: str, region: str = "") -> Any:  # noqa: ANN401 - boto3 makes clients at run time
        """Return the client of a service in ``region`` (""; the reader's own), made once."""
        with _MAKING:
            found = self._clients.get(service)
            if found is None:
                found = self.session.client(service, region_name=region or self.region, config=settings(service))
                self._clients[service] = found
                found.meta.events.register("before-parse", refuse_foreign, unique_id="cloudguard")
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


def errors() -> tuple[type[Exception], ...]:
    """Return what a call may raise."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    return BotoCoreError, ClientError, ValueError


def explain(error: Exception) -> tuple[Reason, str]:
    """Return why a call failed, and the cloud's words on one line."""
    if isinstance(error, StoppedError):
        return Reason.STOPPED, str(error)
    answer = cast("Mapping[str, Any]", getattr(error, "response", None) or {})
    code = str(answer.get("Error", {}).get("Code", ""))
    words = str(answer.get("Error", {}).get("Message", "")) if code else str(error)
    message = " ".join(f"{code or type(error).__name__}: {words}".split())[:LONGEST_MESSAGE]
    folded = code.lower()
    for reason, codes in ((Reason.DENIED, _DENIED), (Reason.THROTTLED, _THROTTLED), (Reason.MISSING, _MISSING)):
        if any(part in folded for part in codes):
            return reason, message
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    unsupported = status in {404, 501} or any(mark in folded for mark in _UNSUPPORTED)
    return Reason.UNSUPPORTED if unsupported else Reason.FAILED, message
