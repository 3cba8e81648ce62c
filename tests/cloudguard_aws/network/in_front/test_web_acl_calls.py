"""The web ACL of an application balancer is asked for where there is one, and screens only what passes it."""

from __future__ import annotations

import pytest

from aws_hosts import api_of
from cloudguard.model.filters import Direction
from cloudguard.results.report import Verdict
from cloudguard_aws.network.in_front.web_acls import read_web_acls
from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scene import check, collect, scenes
from moto_fixtures.aws.scenes import clean

CALL = "wafv2:GetWebACLForResource"


def web_acl(a: Account, balancer: str) -> None:
    """Associate a web ACL that blocks everyone by default."""
    metrics = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
    made = a.call(
        "wafv2",
        "create_web_acl",
        Name="screen",
        Scope="REGIONAL",
        DefaultAction={"Block": {}},
        Rules=[],
        VisibilityConfig=metrics,
    )
    a.call("wafv2", "associate_web_acl", WebACLArn=made["Summary"]["ARN"], ResourceArn=balancer)


@pytest.mark.parametrize("beside", [False, True])
def test_a_web_acl_screens_its_own_balancer_alone(inner_account: Account, *, beside: bool) -> None:
    a = inner_account
    cluster = clean.build(a)
    front = a.group(cluster.vpc, "front")
    front.allow("tcp/80", WORLD)
    cluster.nodes.allow("tcp/22", front)
    alb = a.nlb("web", cluster.public, [front], kind="application")
    a.listener(alb, 80, [cluster.worker], 22, protocol="HTTP", name="screened")
    web_acl(a, alb.arn)
    if beside:
        other = a.nlb("bare", cluster.public, [front], kind="application")
        a.listener(other, 80, [cluster.worker], 22, protocol="HTTP", name="bare")
    row = check(scenes()["clean"], a.session).row("node-access")
    assert row.verdict is (Verdict.FAIL if beside else Verdict.UNKNOWN)
    snapshot = collect(scenes()["clean"], a.session)
    (guard,) = [each for each in snapshot.topology.filters if each.kind == "web ACL"]
    assert [rule.direction for rule in guard.rules if rule.uncertain] == [Direction.INGRESS]
    assert [balancer.name for balancer in snapshot.topology.balancers if guard.id in balancer.filters] == ["web"]


def test_a_network_balancer_before_it_is_screened_too(inner_account: Account) -> None:
    a = inner_account
    cluster = clean.build(a)
    front = a.group(cluster.vpc, "front")
    front.allow("tcp/80", WORLD)
    cluster.nodes.allow("tcp/22", front)
    alb = a.nlb("inner", cluster.private, [front], kind="application", internal=True)
    a.listener(alb, 80, [cluster.worker], 22, protocol="HTTP", name="nodes")
    outer = a.nlb("outer", cluster.public)
    group = a.call(
        "elbv2", "create_target_group", Name="to-alb", Protocol="TCP", Port=80, VpcId=cluster.vpc.id, TargetType="alb"
    )["TargetGroups"][0]["TargetGroupArn"]
    a.call("elbv2", "register_targets", TargetGroupArn=group, Targets=[{"Id": alb.arn, "Port": 80}])
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    a.call("elbv2", "create_listener", LoadBalancerArn=outer.arn, Protocol="TCP", Port=80, DefaultActions=forward)
    assert check(scenes()["clean"], a.session).row("node-access").verdict is Verdict.FAIL
    web_acl(a, alb.arn)
    assert check(scenes()["clean"], a.session).row("node-access").verdict is Verdict.UNKNOWN


def test_without_an_application_balancer_nothing_is_asked(inner_account: Account) -> None:
    clean.build(inner_account)
    asked: list[str] = []
    assert read_web_acls(api_of(inner_account, asked), ()) == ()
    assert asked == []
    assert CALL not in {gap.call for gap in collect(scenes()["clean"], inner_account.session).gaps}
