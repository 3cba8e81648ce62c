"""Calls to AWS: all pages, each call once, in parallel. A refusal becomes a gap that lists the hidden facts."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, Event, Lock, Thread
from time import sleep
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from moto import mock_aws

from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.provider.port import CollectRequest, Stop, StoppedError
from cloudguard.provider.reader import LONGEST_MESSAGE
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import THREADS, Api
from moto_fixtures.aws.builder import REGION, Account
from refused_calls import refusal, response

HOSTS = (FactKind.HOSTS,)


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    """A session of an empty account inside this process."""
    with mock_aws():
        yield boto3.Session()


def refuse(session: boto3.Session, event: str, status: int, code: str, message: str = "no") -> list[str]:
    """Answer ``event`` ("ec2.DescribeVpcs") with an error from now on. Return the list that records its requests."""
    asked: list[str] = []

    def answer(event_name: str, request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
        asked.append(event_name)
        return response(request.url, status, *refusal(event.split(".", maxsplit=1)[0], code, message))

    cast("Any", session.events).register_first(f"before-send.{event}", answer)
    return asked


@pytest.mark.parametrize(
    ("call", "event", "code", "permission"),
    [
        (calls.DESCRIBE_VPCS, "ec2.DescribeVpcs", "UnauthorizedOperation", "ec2:DescribeVpcs"),
        (calls.LIST_CLUSTERS, "eks.ListClusters", "AccessDeniedException", "eks:ListClusters"),
        (
            calls.CLASSIC_DESCRIBE_LOAD_BALANCERS,
            "elastic-load-balancing.DescribeLoadBalancers",
            "AccessDenied",
            "elasticloadbalancing:DescribeLoadBalancers",
        ),
    ],
)
def test_a_denied_call_is_a_gap_that_names_the_permission(
    session: boto3.Session, call: calls.Call, event: str, code: str, permission: str
) -> None:
    refuse(session, event, 403, code, "not authorized\n to perform")
    api = Api(session, REGION)
    assert api.read(call, hides=HOSTS, about="prod") == []
    assert api.gaps == (Gap(call.name, "prod", Reason.DENIED, f"{code}: not authorized to perform", HOSTS, permission),)


def test_a_refused_call_differs_from_an_empty_answer(session: boto3.Session) -> None:
    refuse(session, "ec2.DescribeVpcs", 403, "UnauthorizedOperation")
    api = Api(session, REGION)
    assert api.read_or_none(calls.DESCRIBE_VPCS, hides=HOSTS) is None
    assert api.read_or_none(calls.DESCRIBE_NAT_GATEWAYS, hides=HOSTS) == []
    assert [gap.call for gap in api.gaps] == ["ec2:DescribeVpcs"]


def test_an_unsupported_call_is_a_gap(session: boto3.Session) -> None:
    refuse(session, "eks.ListClusters", 404, "UnknownOperationException")
    api = Api(session, REGION)
    assert api.read(calls.LIST_CLUSTERS, hides=HOSTS) == []
    assert [(gap.reason, gap.permission) for gap in api.gaps] == [(Reason.UNSUPPORTED, "")]


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("UnauthorizedOperation", 403, Reason.DENIED),
        ("AccessDeniedException", 400, Reason.DENIED),
        ("AuthFailure", 401, Reason.DENIED),
        ("OptInRequired", 401, Reason.DENIED),
        ("Throttling", 400, Reason.THROTTLED),
        ("ThrottlingException", 400, Reason.THROTTLED),
        ("RequestLimitExceeded", 503, Reason.THROTTLED),
        ("NoSuchEntity", 404, Reason.MISSING),
        ("InvalidInstanceID.NotFound", 400, Reason.MISSING),
        ("ResourceNotFoundException", 404, Reason.MISSING),
        ("InvalidAction", 400, Reason.UNSUPPORTED),
        ("501", 501, Reason.UNSUPPORTED),
        ("InternalError", 500, Reason.FAILED),
        ("ValidationError", 400, Reason.FAILED),
    ],
)
def test_the_error_code_decides_the_reason(code: str, status: int, reason: Reason) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert Api.explain(ClientError(answer, "DescribeVpcs")) == (reason, f"{code}: m")


def test_a_network_error_is_a_failed_call() -> None:
    url = "https://ec2.eu-west-1.amazonaws.com/"
    assert Api.explain(EndpointConnectionError(endpoint_url=url))[0] is Reason.FAILED
    reason, message = Api.explain(ReadTimeoutError(endpoint_url=url))
    assert reason is Reason.FAILED
    assert "timeout" in message.lower()


def test_a_message_is_one_short_line() -> None:
    answer: Any = {"Error": {"Code": "AccessDenied", "Message": "a\nb\t" + "c" * 9999}, "ResponseMetadata": {}}
    message = Api.explain(ClientError(answer, "DescribeVpcs"))[1]
    assert message.startswith("AccessDenied: a b c")
    assert len(message) == LONGEST_MESSAGE


def test_equal_calls_in_parallel_are_made_once(session: boto3.Session) -> None:
    asked = refuse(session, "ec2.DescribeVpcs", 403, "UnauthorizedOperation")
    seen: list[str] = []

    def progress(step: str) -> None:
        seen.append(step)

    api = Api(session, REGION, progress)
    filters: list[dict[str, object]] = [{"Name": "state", "Values": ["available"]}]
    api.gather(*[lambda: api.read(calls.DESCRIBE_VPCS, hides=HOSTS, Filters=filters) for _ in range(40)])
    assert len(asked) == 1
    assert seen == ["ec2:DescribeVpcs"]
    assert len(api.gaps) == 1
    api.read(calls.DESCRIBE_VPCS, hides=HOSTS)
    assert len(asked) == 2, "other parameters are another question"


def test_a_refusal_that_hides_two_facts_is_a_gap_for_both(session: boto3.Session) -> None:
    refuse(session, "ec2.DescribeVpcs", 403, "UnauthorizedOperation")
    api = Api(session, REGION)
    api.read(calls.DESCRIBE_VPCS, hides=HOSTS)
    api.read(calls.DESCRIBE_VPCS, hides=(FactKind.ROUTES,))
    assert {facet for gap in api.gaps for facet in gap.hides} == {FactKind.HOSTS, FactKind.ROUTES}


def test_every_page_is_read(inner_account: Account) -> None:
    vpc = inner_account.vpc()
    subnet, group = inner_account.subnet(vpc), inner_account.group(vpc, "nodes")
    made = {inner_account.host(f"node-{number}", subnet, [group]).id for number in range(6)}
    api = Api(boto3.Session(), REGION)
    pages: list[str] = []

    def note(event_name: str, **_rest: object) -> None:
        pages.append(event_name)

    api.client("ec2").meta.events.register_first("before-send.ec2.DescribeInstances", note)
    found = api.read(calls.DESCRIBE_INSTANCES, hides=HOSTS, PaginationConfig={"PageSize": 5})
    assert {item["InstanceId"] for item in found} == made
    assert len(pages) == 2


def test_gathered_reads_keep_their_order_and_their_errors(session: boto3.Session) -> None:
    api = Api(session, REGION)

    def slow(number: int) -> int:
        sleep((5 - number) / 200)
        return number

    assert api.gather(*[lambda number=number: slow(number) for number in range(5)]) == [0, 1, 2, 3, 4]
    assert api.gather() == []
    with pytest.raises(ZeroDivisionError):
        api.gather(lambda: 1, lambda: 1 // 0)


def test_nested_gathers_do_not_block_each_other_or_exceed_the_limit(session: boto3.Session) -> None:
    running, most, lock = 0, 0, Lock()

    def count(change: int) -> None:
        nonlocal running, most
        with lock:
            running += change
            most = max(most, running)

    def before(**_rest: object) -> None:
        count(1)
        sleep(0.002)
        count(-1)

    cast("Any", session.events).register_first("before-send.ec2.DescribeVpcs", before)
    api = Api(session, REGION)

    def read(number: int) -> int:
        return len(api.read(calls.DESCRIBE_VPCS, hides=HOSTS, Filters=[{"Name": "cidr", "Values": [str(number)]}]))

    def inner(first: int) -> list[int]:
        return api.gather(*[lambda item=one: read(first * 10 + item) for one in range(10)])

    found = api.gather(*[lambda first=first: inner(first) for first in range(20)])
    assert found == [[0] * 10] * 20
    assert 1 < most <= THREADS


def test_threads_share_one_client(session: boto3.Session) -> None:
    api, start, made = Api(session, REGION), Barrier(8), list[int]()

    def ask() -> None:
        start.wait()
        made.append(id(api.client("ec2")))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def test_clients_retry_and_have_timeouts(session: boto3.Session) -> None:
    config = Api(session, REGION).client("ec2").meta.config
    assert config.retries["mode"] == "adaptive"
    assert config.retries["total_max_attempts"] == 8 + 1
    assert (config.connect_timeout, config.read_timeout) == (5, 30)
    assert "cloudguard" in config.user_agent_extra


def test_sources_name_the_call(session: boto3.Session) -> None:
    api = Api(session, REGION)
    assert api.source(calls.DESCRIBE_INSTANCES) == Source("ec2:DescribeInstances", "*")
    assert api.source(calls.DESCRIBE_KEY, "key-1") == Source("kms:DescribeKey", "key-1")


def test_the_sdk_has_every_declared_call() -> None:
    session = cast("Any", boto3.Session())
    known = {
        service: session.client(service, region_name=REGION).meta.method_to_api_mapping
        for service in {call.service for call in calls.CALLS}
    }
    assert [call.name for call in calls.CALLS if known[call.service].get(call.method) != call.operation] == []


def test_a_call_that_hangs_is_abandoned_when_the_reading_stops(session: boto3.Session) -> None:
    hanging, stop = Event(), Stop()

    def hang(**_rest: object) -> None:
        hanging.set()
        Event().wait(60)

    cast("Any", session.events).register_first("before-send.ec2.DescribeVpcs", hang)
    api = Api(session, REGION, request=CollectRequest(stop=stop))

    def end() -> None:
        hanging.wait(30)
        stop.set("the run was interrupted")

    Thread(target=end, daemon=True).start()
    assert api.gather(*[lambda: api.read(calls.DESCRIBE_VPCS, hides=HOSTS)] * 3) == [[], [], []]
    assert api.read(calls.DESCRIBE_SUBNETS, hides=HOSTS) == []
    assert {(gap.call, gap.reason, gap.message, gap.permission) for gap in api.gaps} == {
        (call, Reason.STOPPED, "the run was interrupted", "") for call in ("ec2:DescribeVpcs", "ec2:DescribeSubnets")
    }
    with pytest.raises(StoppedError) as raised:
        api.ask(calls.DESCRIBE_VPCS)
    assert Api.explain(raised.value) == (Reason.STOPPED, "the run was interrupted")
