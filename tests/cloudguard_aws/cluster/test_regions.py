"""The regions where the cluster is searched, and fast errors if some regions cannot be read."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
import pytest

from cloudguard.errors import AccessError, ClusterNotFoundError
from cloudguard.fleet.reading import read_targets
from cloudguard.fleet.target import Target
from cloudguard.provider.port import CollectRequest, Stop, silent
from cloudguard_aws import ADAPTER
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_VPCS
from cloudguard_aws.access.session import open_session
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import kops
from refused_calls import refusal, response

ROLE = "arn:aws:iam::123456789012:role/auditor"
SOON = 10


def answer(session: boto3.Session, event: str, status: int, code: str, *, only: str = "") -> None:
    """Answer ``event`` ("ec2.DescribeInstances") with an error if the URL contains ``only``."""

    def refuse(request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
        if only not in str(request.url):
            return None
        return response(request.url, status, *refusal(event.partition(".")[0], code, "no"))

    bus: Any = session.events
    bus.register_first(f"before-send.{event}", refuse)


def one_node(a: Account) -> None:
    subnet = a.subnet(a.vpc())
    a.host("node", subnet, [a.group(subnet.vpc, "nodes")], kops.node)


def request(a: Account, cluster: str = "", *regions: str) -> CollectRequest:
    return CollectRequest(cluster=cluster, options={"region": regions}, client=a.session)


@pytest.mark.parametrize(
    ("event", "call"), [("eks.ListClusters", "eks:ListClusters"), ("ec2.DescribeInstances", "ec2:DescribeInstances")]
)
def test_an_incomplete_list_of_clusters_is_an_error(inner_account: Account, event: str, call: str) -> None:
    one_node(inner_account)
    answer(inner_account.session, event, 403, "AccessDeniedException")
    with pytest.raises(AccessError, match="could not list all clusters") as caught:
        ADAPTER.discover(request(inner_account, "", REGION))
    assert f"{call} in {REGION}" in caught.value.message
    assert ("Clusters found: prod" in caught.value.hint) is (event == "eks.ListClusters")


def test_regions_that_do_not_answer_can_be_left_out_with_the_flag(inner_account: Account) -> None:
    one_node(inner_account)
    answer(inner_account.session, "ec2.DescribeInstances", 403, "UnauthorizedOperation", only="ap-south-1")
    with pytest.raises(AccessError, match="in ap-south-1") as caught:
        ADAPTER.discover(request(inner_account, "", REGION, "ap-south-1"))
    assert "--region" in caught.value.hint
    (cluster,) = ADAPTER.discover(request(inner_account, "", REGION, "us-east-1"))
    assert (cluster.name, cluster.region, cluster.hosts) == ("prod", REGION, (("node", 1),))


def test_every_enabled_region_is_searched_unless_regions_are_given(inner_account: Account) -> None:
    one_node(inner_account)
    (cluster,) = ADAPTER.discover(request(inner_account))
    assert (cluster.name, cluster.region) == ("prod", REGION)
    answer(inner_account.session, "ec2.DescribeInstances", 403, "UnauthorizedOperation", only="ap-south-1")
    with pytest.raises(AccessError, match="in ap-south-1"):
        ADAPTER.discover(request(inner_account))


def test_clusters_of_several_regions_are_sorted_by_region_and_name(inner_account: Account) -> None:
    a = inner_account
    one_node(a)
    subnet = a.subnet(a.vpc("10.3.0.0/16"))
    a.eks("another", [subnet], a.role("eks", service="eks"))
    clusters = ADAPTER.discover(request(a, "", REGION))
    assert [(cluster.name, cluster.installer, cluster.hosts) for cluster in clusters] == [
        ("another", "eks", ()),
        ("prod", "kops", (("node", 1),)),
    ]


def test_a_cluster_is_not_called_missing_if_regions_do_not_answer(inner_account: Account) -> None:
    answer(inner_account.session, "ec2.DescribeInstances", 403, "UnauthorizedOperation", only="ap-")
    with pytest.raises(AccessError, match=r"'prod' was not found, and [0-9]+ regions did not answer") as caught:
        ADAPTER.collect(request(inner_account, "prod"))
    assert "ec2:DescribeInstances" in caught.value.message
    assert "--region" in caught.value.hint


def test_a_missing_cluster_is_searched_elsewhere_only_if_regions_can_be_listed(inner_account: Account) -> None:
    answer(inner_account.session, "ec2.DescribeRegions", 403, "UnauthorizedOperation")
    with pytest.raises(ClusterNotFoundError, match=f"'prod' in {REGION}. No cluster"):
        ADAPTER.collect(request(inner_account, "prod"))


def test_clusters_with_one_name_in_several_regions_are_all_checked(
    inner_account: Account,
) -> None:
    session, regions = inner_account.session, (REGION, "us-east-1", "ap-south-1")
    for region in regions[:2]:
        there = cast("Any", boto3.Session(region_name=region))  # the stubs know services only by literal
        one_node(Account(there, clients={"ec2": there.client("ec2")}))
    answer(session, "ec2.DescribeInstances", 403, "UnauthorizedOperation", only="ap-south-1")
    with pytest.raises(ClusterNotFoundError, match=f"'prod' are in {REGION} and us-east-1"):
        ADAPTER.collect(request(inner_account, "prod", *regions))
    collecteds = read_targets(
        [Target("aws", {"region": regions}, ("prod",))],
        lambda cluster: CollectRequest(cluster.name, {**cluster.target.options, **cluster.options}, client=session),
        Stop(),
        silent,
    )
    assert [collected.snapshot and collected.snapshot.cluster.regions for collected in collecteds] == [
        (REGION,),
        ("us-east-1",),
        None,
    ]
    assert (collecteds[2].name, "ec2:DescribeInstances" in str(collecteds[2].error)) == ("prod (aws ap-south-1)", True)


def test_two_infrastructure_ids_with_one_name_are_two_clusters(inner_account: Account) -> None:
    a = inner_account
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "hosts")
    for infra in ("prod-x7k2p", "prod-bcdfg"):
        a.host(f"{infra}-master-0", subnet, [group], {f"kubernetes.io/cluster/{infra}": "owned"})
    with pytest.raises(ClusterNotFoundError, match="prod-bcdfg, prod-x7k2p") as caught:
        ADAPTER.collect(request(a, "prod", REGION))
    assert "--cluster" in caught.value.hint
    assert ADAPTER.collect(request(a, "prod-x7k2p", REGION)).cluster.installer == "openshift"


@pytest.mark.parametrize("role", ["", ROLE])
def test_an_endpoint_that_is_down_is_reported_soon(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    started = time.monotonic()
    options = {"region": (REGION,)} | ({"role-arn": (role,)} if role else {})
    with pytest.raises(AccessError, match="can't be reached") as caught:
        ADAPTER.collect(CollectRequest(cluster="prod", options=options))
    assert str(port) in caught.value.message
    assert time.monotonic() - started < SOON


def test_a_silent_endpoint_is_reported_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(AccessError, match="can't be reached"):
            ADAPTER.collect(CollectRequest(cluster="prod", options={"region": (REGION,)}))
        assert time.monotonic() - started < SOON + 2


@pytest.mark.parametrize(
    ("code", "hint"),
    [("InvalidClientTokenId", f"{REGION} is enabled"), ("ExpiredToken", "log in again"), ("AuthFailure", "enabled")],
)
def test_rejected_credentials_are_an_error_with_a_hint(inner_account: Account, code: str, hint: str) -> None:
    answer(inner_account.session, "sts.GetCallerIdentity", 403, code)
    with pytest.raises(AccessError, match="does not accept the credentials") as caught:
        ADAPTER.collect(request(inner_account, "prod", REGION))
    assert hint in caught.value.hint


def test_an_unknown_caller_does_not_stop_the_collection(inner_account: Account) -> None:
    one_node(inner_account)
    answer(inner_account.session, "sts.GetCallerIdentity", 400, "Throttling")
    snapshot = ADAPTER.collect(request(inner_account, "prod", REGION))
    assert snapshot.cluster.scanned_by == ""
    assert [gap.call for gap in snapshot.gaps if not gap.hides] == ["sts:GetCallerIdentity"]


@pytest.mark.usefixtures("inner_account")
def test_credentials_of_an_assumed_role_are_renewed() -> None:
    asked: list[str] = []

    def grant(request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
        asked.append(str(request.url))
        soon = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        parts = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x", "SessionToken": "y", "Expiration": soon}
        inner = "".join(f"<{key}>{value}</{key}>" for key, value in parts.items())
        body = f"<AssumeRoleResult><Credentials>{inner}</Credentials></AssumeRoleResult>"
        return response(
            request.url, 200, {"Content-Type": "text/xml"}, f"<AssumeRoleResponse>{body}</AssumeRoleResponse>".encode()
        )

    base = boto3.Session()
    bus: Any = base.events
    bus.register_first("before-send.sts.AssumeRole", grant)
    api = Api(open_session(CollectRequest(options={"role-arn": (ROLE,)}, client=base)), REGION)
    for state in ("available", "pending"):
        api.read(DESCRIBE_VPCS, hides=(), Filters=[{"Name": "state", "Values": [state]}])
    assert len(asked) > 1
    assert api.gaps == ()
