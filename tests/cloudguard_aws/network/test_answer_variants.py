"""Answers without resources that other answers name, one call per case: a failing row never passes because of them.

The node is open at its own address, the API through a balancer, and etcd's volume is not encrypted.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_aws import ADAPTER
from moto_fixtures.aws.builder import REGION, WORLD, Account
from moto_fixtures.aws.installers import CLUSTER, kops

API, NODE, DISK = "api-server-access", "node-access", "etcd-encryption"
FAILING = (API, NODE, DISK)


@pytest.fixture
def open_cluster(inner_account: Account) -> Account:
    a = inner_account
    vpc = a.vpc()
    public, private = a.subnet(vpc, public=True), a.subnet(vpc)
    masters, nodes, front = (a.group(vpc, name) for name in ("masters", "nodes", "front"))
    nodes.allow("tcp/22", WORLD)
    front.allow("tcp/443", WORLD)
    masters.allow("tcp/6443", front)
    master = a.host("m", private, [masters], kops.control_plane, encrypted=False)
    a.host("n", public, [nodes], kops.node, public=True)
    a.listener(a.nlb("api", public, [front]), 443, [master], 6443)
    return a


def verdicts(a: Account) -> dict[str, Verdict]:
    request = CollectRequest(cluster=CLUSTER, options={"region": (REGION,)}, client=a.session)
    report = pipeline.evaluate(ADAPTER.collect(request), Declarations(admin_cidrs=()))
    return {row: report.row(row).verdict for row in FAILING}


def test_complete_answers_fail_these_rows(open_cluster: Account) -> None:
    assert verdicts(open_cluster) == dict.fromkeys(FAILING, Verdict.FAIL)


LACKING = [
    ("ec2.DescribeSecurityGroups", "SecurityGroups"),
    ("ec2.DescribeSubnets", "Subnets"),
    ("ec2.DescribeVpcs", "Vpcs"),
    ("ec2.DescribeRouteTables", "RouteTables"),
    ("ec2.DescribeNetworkAcls", "NetworkAcls"),
    ("ec2.DescribeNetworkInterfaces", "NetworkInterfaces"),
    ("ec2.DescribeVolumes", "Volumes"),
    ("elastic-load-balancing-v2.DescribeLoadBalancers", "LoadBalancers"),
    ("elastic-load-balancing-v2.DescribeListeners", "Listeners"),
]


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(("event", "key"), LACKING)
def test_an_empty_answer_never_makes_a_failing_row_pass(open_cluster: Account, event: str, key: str) -> None:
    def shorten(parsed: dict[str, Any], **_rest: object) -> None:
        parsed[key] = []

    cast("Any", open_cluster.session).events.register(f"after-call.{event}", shorten)
    found = verdicts(open_cluster)
    assert Verdict.PASS not in found.values(), found
