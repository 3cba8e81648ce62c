"""The number of calls per cluster grows with pages and not with hosts; unrelated resources cause no calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from moto_fixtures.aws.builder import REGION, WORLD, Account, Group, Subnet, Vpc, statement
from moto_fixtures.aws.installers import OWNED, kops
from moto_fixtures.aws.scenes import clean

FEW, MANY, MOST_SMALL, MOST_LARGE = 10, 400, 54, 64
Counts = Counter[str]


def start(a: Account, number: int, subnet: Subnet, group: Group, tags: dict[str, str], profile: str = "") -> list[str]:
    """Start many hosts at once."""
    nic = {"DeviceIndex": 0, "SubnetId": subnet.id, "Groups": [group.id]}
    made = a.call(
        "ec2",
        "run_instances",
        ImageId=a.image(),
        MinCount=number,
        MaxCount=number,
        NetworkInterfaces=[nic],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
        **({"IamInstanceProfile": {"Name": profile}} if profile else {}),
    )["Instances"]
    return [str(item["InstanceId"]) for item in made]


def kops_like(a: Account, nodes: int) -> Vpc:
    """Build three control-plane hosts behind a balancer, and ``nodes`` nodes of a scaling group. Return the VPC."""
    vpc = a.vpc("10.0.0.0/16")
    public, private = a.subnet(vpc, public=True), a.subnet(vpc)
    wide = a.call("ec2", "create_subnet", VpcId=vpc.id, CidrBlock="10.0.128.0/17", AvailabilityZone=f"{REGION}a")
    nat = a.nat(public)
    a.route(private, WORLD, nat)
    lb, masters, workers = a.group(vpc, "api"), a.group(vpc, "masters"), a.group(vpc, "nodes")
    lb.allow("tcp/443", "192.0.2.0/24")
    masters.allow("tcp/443", lb, workers)
    workers.allow("tcp/10250", masters)
    controllers = a.role("masters", statement("ec2:DescribeInstances"))
    kubelets = a.role("nodes", statement("ec2:DescribeInstances"))
    hosts = [a.host(f"master-{index}", private, [masters], kops.control_plane, role=controllers) for index in "abc"]
    api = a.nlb("api", public, [lb], tags=OWNED)
    a.listener(api, 443, hosts, 443)
    a.pool("nodes", private, [workers], kops.node, role=kubelets)
    subnet = Subnet(str(wide["Subnet"]["SubnetId"]), vpc, private.table, private.zone)
    start(a, nodes, subnet, workers, kops.node, kubelets.profile)
    return vpc


def counted() -> Counts:
    """Read the cluster as a user does, and count the requests."""
    session, seen = boto3.Session(), Counter[str]()

    def note(event_name: str, **_rest: object) -> None:
        seen[event_name] += 1

    cast("Any", session.events).register("before-send", note)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod", options={"region": (REGION,)}, client=session))
    assert snapshot.gaps == ()
    return seen


def count(build: Callable[[Account], object]) -> Counts:
    with mock_aws():
        build(Account(boto3.Session()))
        return counted()


@pytest.fixture(scope="module")
def few() -> Counts:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        return count(lambda a: kops_like(a, FEW))


def test_a_small_cluster_takes_few_calls(few: Counts) -> None:
    assert few.total() <= MOST_SMALL, few
    assert max(few.values()) <= 4, few


def test_calls_grow_with_pages_not_with_hosts(few: Counts) -> None:
    many = count(lambda a: kops_like(a, MANY))
    assert many.total() <= MOST_LARGE, many - few
    grown = {name.rpartition(".")[2] for name in many - few}
    assert grown <= {"DescribeInstances", "DescribeNetworkInterfaces", "DescribeTags"}, many - few


def test_an_additional_scaling_group_takes_one_additional_call(few: Counts) -> None:
    def build(a: Account) -> None:
        vpc = kops_like(a, FEW)
        a.pool("more", a.subnet(vpc), [a.group(vpc, "more")], kops.node)

    assert {name.rpartition(".")[2]: number for name, number in (count(build) - few).items()} == {
        "DescribeLaunchTemplateVersions": 1
    }


def test_unrelated_resources_cause_no_calls(few: Counts) -> None:
    def build(a: Account) -> None:
        kops_like(a, FEW)
        vpc = a.vpc("10.9.0.0/16")
        subnet = a.subnet(vpc)
        groups = [a.group(vpc, f"noise-{number}") for number in range(40)]
        groups[0].allow("tcp/22", WORLD, *groups[1:])
        start(a, 100, subnet, groups[0], {"Name": "noise"})
        start(a, 20, subnet, groups[1], {"kubernetes.io/cluster/other": "owned", "k8s.io/role/node": "1"})
        noise = [a.host(f"noise-{number}", subnet, [groups[2]]) for number in range(3)]
        a.listener(a.nlb("noise", subnet, [groups[3]]), 443, noise, 443)
        for number in range(3):
            a.pool(f"noise-{number}", subnet, [groups[4]], {"Name": "noise"})
        a.snapshot(a.volume(noise[0]), "all")

    assert count(build) == few


def test_tagged_hosts_need_no_calls_for_evidence_of_their_role() -> None:
    calls = count(clean.build)
    assert calls["before-send.ec2.DescribeVolumes"] <= 4
