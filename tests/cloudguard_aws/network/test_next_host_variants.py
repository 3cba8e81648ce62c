"""The balancers where a scaling group without hosts registers its next host: each kind, and foreign ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from aws_hosts import api_of
from cloudguard import pipeline
from cloudguard.model.source import Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_aws import ADAPTER
from cloudguard_aws.cluster.find import find
from cloudguard_aws.network.members import with_members
from moto_fixtures.aws.builder import REGION, WORLD, Account
from moto_fixtures.aws.installers import CLUSTER, kops

REQUEST = CollectRequest(cluster=CLUSTER, options={"region": (REGION,)})


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize("kind", ["target group", "classic balancer", "none"])
def test_a_next_host_is_a_target_of_its_scaling_group_s_balancers(inner_account: Account, kind: str) -> None:
    """The template opens SSH to everyone and gives no public address, so only the balancer leads to the host."""
    a = inner_account
    vpc = a.vpc()
    public, private = a.subnet(vpc, public=True), a.subnet(vpc)
    shut, wide, front = (a.group(vpc, name) for name in ("shut", "wide", "front"))
    wide.allow("tcp/22", WORLD)
    front.allow("tcp/2222", WORLD)
    a.host("m", private, [shut], kops.control_plane)
    a.host("n", private, [shut], kops.node)
    a.pool("nodes", private, [wide], kops.node)
    if kind == "target group":
        a.listener(a.nlb("jump", public, [front]), 2222, [], 22, name="jump")
        (group,) = a.call("elbv2", "describe_target_groups")["TargetGroups"]
        arns = [group["TargetGroupArn"]]
        a.call("autoscaling", "attach_load_balancer_target_groups", AutoScalingGroupName="nodes", TargetGroupARNs=arns)
    elif kind == "classic balancer":
        a.clb("jump", public, [front], 2222, [], 22)
        a.call("autoscaling", "attach_load_balancers", AutoScalingGroupName="nodes", LoadBalancerNames=["jump"])
    collected = ADAPTER.collect(CollectRequest(cluster=CLUSTER, options=REQUEST.options, client=a.session))
    row = pipeline.evaluate(collected, Declarations()).row("node-access")
    reached = [finding for finding in row.findings if finding.check == "node-access/internet"]
    assert (row.verdict, bool(reached)) == ((Verdict.PASS, False) if kind == "none" else (Verdict.FAIL, True))


@pytest.mark.mistake("next-host-left-out")
def test_every_traffic_source_of_a_scaling_group_is_read(inner_account: Account) -> None:
    """Auto Scaling lists attached balancers in three fields. The newest field names all kinds."""
    a = inner_account
    vpc = a.vpc()
    subnet = a.subnet(vpc)
    a.host("n", subnet, [a.group(vpc, "nodes")], kops.node)
    a.pool("nodes", subnet, [a.group(vpc, "next")], kops.node)
    lattice = "arn:aws:vpc-lattice:eu-west-1:123456789012:targetgroup/tg-0123456789abcdef0"
    sources = [
        {"Identifier": "arn:new", "Type": "elbv2"},
        {"Identifier": "old", "Type": "elb"},
        {"Identifier": lattice, "Type": "vpc-lattice"},
    ]

    def add_sources(parsed: dict[str, Any], **_rest: object) -> None:  # moto does not answer them
        for auto_scaling_group in parsed["AutoScalingGroups"]:
            auto_scaling_group["TrafficSources"] = sources

    cast("Any", a.session).events.register("after-call.auto-scaling.DescribeAutoScalingGroups", add_sources)
    api = api_of(a)
    cluster = find(api, REQUEST)
    assert cluster is not None
    registers = with_members(api, cluster, ()).registers
    assert registers == {name: ["nodes"] for name in ("arn:new", "old", lattice)}
    assert api.gaps == ()


def _without_groups(parsed: dict[str, Any]) -> None:
    parsed["AutoScalingGroups"].clear()


def _without_templates(parsed: dict[str, Any]) -> None:
    for auto_scaling_group in parsed["AutoScalingGroups"]:
        auto_scaling_group.pop("LaunchTemplate", None)


def _without_versions(parsed: dict[str, Any]) -> None:
    parsed["LaunchTemplateVersions"].clear()


def _without_instances(parsed: dict[str, Any]) -> None:
    for reservation in parsed["Reservations"]:
        reservation["Instances"] = [
            each for each in reservation["Instances"] if "k8s.io/role/node" in str(each["Tags"])
        ]


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(
    ("call", "forget"),
    [
        ("auto-scaling.DescribeAutoScalingGroups", _without_groups),
        ("auto-scaling.DescribeAutoScalingGroups", _without_templates),
        ("ec2.DescribeLaunchTemplateVersions", _without_versions),
        ("ec2.DescribeInstances", _without_instances),
    ],
)
def test_what_another_answer_names_and_no_answer_contains_is_a_gap(
    inner_account: Account, call: str, forget: Callable[[dict[str, Any]], None]
) -> None:
    """Instances name a scaling group, it names a template, and it lists instances."""
    a = inner_account
    vpc = a.vpc()
    subnet, group = a.subnet(vpc), a.group(vpc, "nodes")
    node, bare = a.host("n", subnet, [group], kops.node), a.host("bare", subnet, [group])
    a.pool("nodes", subnet, [group], kops.node)
    a.call("autoscaling", "attach_instances", AutoScalingGroupName="nodes", InstanceIds=[node.id, bare.id])

    def spoil(parsed: dict[str, Any], **_rest: object) -> None:
        forget(parsed)

    cast("Any", a.session).events.register(f"after-call.{call}", spoil)
    snapshot = ADAPTER.collect(CollectRequest(cluster=CLUSTER, options=REQUEST.options, client=a.session))
    missing = [gap for gap in snapshot.gaps if gap.reason is Reason.MISSING]
    assert [gap.call.rpartition(":")[2] for gap in missing] == [call.rpartition(".")[2]]
    assert pipeline.evaluate(snapshot, Declarations()).row("node-access").verdict is Verdict.UNKNOWN
