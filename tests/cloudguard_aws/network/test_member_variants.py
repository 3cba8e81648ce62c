"""Untagged instances that an answer assigns to the cluster, by address or by scaling group; one case for each way.

A target may be any address of an instance: a second one, an IPv6 address, one in a delegated range, or one of a second
interface. A scaling group does not list the instances of its warm pool; they have its name as a tag.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from aws_hosts import api_of
from cloudguard.provider.port import CollectRequest
from cloudguard_aws.cluster.find import find
from cloudguard_aws.network.members import with_members
from moto_fixtures.aws.builder import Account, Group, Host
from moto_fixtures.aws.installers import CLUSTER, kops

OTHER = {"kubernetes.io/cluster/other": "owned"}


def members(account: Account) -> set[str]:
    """Return the ids of the cluster's instances."""
    api = api_of(account)
    cluster = find(api, CollectRequest(cluster=CLUSTER))
    assert cluster is not None
    return {instance.id for instance in with_members(api, cluster, ()).instances}


def second_address(account: Account, host: Host, group: Group) -> str:
    del group
    return account.pod_address(host).address


def second_interface(account: Account, host: Host, group: Group) -> str:
    """Attach an interface with a fixed address: moto's random one may be that of another host."""
    address, where = "10.0.0.200", {"SubnetId": host.subnet.id, "Groups": [group.id]}
    created = account.call("ec2", "create_network_interface", PrivateIpAddress=address, **where)
    interface = created["NetworkInterface"]["NetworkInterfaceId"]
    account.call("ec2", "attach_network_interface", NetworkInterfaceId=interface, InstanceId=host.id, DeviceIndex=1)
    return address


def sixth_version(account: Account, host: Host, group: Group) -> str:
    del group
    answer = account.call(
        "ec2", "assign_ipv6_addresses", NetworkInterfaceId=host.interface, Ipv6Addresses=["2001:db8::7"]
    )
    return str(answer["AssignedIpv6Addresses"][0])


def delegated_range(account: Account, host: Host, group: Group) -> str:
    del group

    def delegate(parsed: dict[str, Any], **_rest: object) -> None:
        for network_interface in parsed["NetworkInterfaces"]:
            if network_interface["NetworkInterfaceId"] == host.interface:
                network_interface["Ipv4Prefixes"] = [{"Ipv4Prefix": "10.0.0.64/28"}]

    cast("Any", account.session).events.register("after-call.ec2.DescribeNetworkInterfaces", delegate)
    return "10.0.0.70"


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize("place", [second_address, second_interface, sixth_version, delegated_range])
def test_a_target_may_be_any_address_of_an_instance(
    inner_account: Account, place: Callable[[Account, Host, Group], str]
) -> None:
    a = inner_account
    vpc = a.vpc()
    subnet, group = a.subnet(vpc), a.group(vpc, "all")
    node, bare, other = a.host("n", subnet, [group], kops.node), a.host("bare", subnet, [group]), "10.0.0.99"
    address = place(a, bare, group)
    a.listener(a.nlb("ingress", subnet), 80, [node], 30080, by_address=True, name="ingress")
    (arn,) = [
        target_group["TargetGroupArn"] for target_group in a.call("elbv2", "describe_target_groups")["TargetGroups"]
    ]
    targets = [{"Id": one, "Port": 30080} for one in (address, other)]
    a.call("elbv2", "register_targets", TargetGroupArn=arn, Targets=targets)
    assert members(a) == {node.id, bare.id}


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize(("beside", "found"), [(["m"], True), (["m", "n"], False), (["n"], False)])
def test_a_target_beside_control_plane_hosts_belongs_to_the_cluster(
    inner_account: Account, beside: list[str], *, found: bool
) -> None:
    a = inner_account
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "all")
    hosts = {"m": a.host("m", subnet, [group], kops.control_plane), "n": a.host("n", subnet, [group], kops.node)}
    bare = a.host("bare", subnet, [group])
    a.listener(a.nlb("front", subnet), 443, [bare, *(hosts[name] for name in beside)], 443)
    assert members(a) - {host.id for host in hosts.values()} == ({bare.id} if found else set())


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize("field", [{"WarmPoolConfiguration": {"MinSize": 1}}, {"WarmPoolSize": 1}, {}])
def test_instances_of_a_warm_pool_belong_to_the_cluster(inner_account: Account, field: dict[str, object]) -> None:
    """They are read only if a scaling group has a warm pool. Without one, the group lists all its instances."""
    a = inner_account
    vpc = a.vpc()
    subnet, group = a.subnet(vpc), a.group(vpc, "all")
    a.host("n", subnet, [group], kops.node)
    warm = a.host("warm", subnet, [group], {"aws:autoscaling:groupName": "nodes"})
    a.pool("nodes", subnet, [group], kops.node)

    def tell(parsed: dict[str, Any], **_rest: object) -> None:
        for auto_scaling_group in parsed["AutoScalingGroups"]:
            auto_scaling_group.update(field)

    cast("Any", a.session).events.register("after-call.auto-scaling.DescribeAutoScalingGroups", tell)
    assert (warm.id in members(a)) is bool(field)


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize(
    ("cluster", "tags", "joins"), [(CLUSTER, {}, True), ("other", {}, False), (CLUSTER, OTHER, False)]
)
def test_an_instance_with_an_interface_of_the_network_plugin_belongs_to_the_cluster(
    inner_account: Account, cluster: str, tags: dict[str, str], *, joins: bool
) -> None:
    a = inner_account
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "all")
    node, bare = a.host("n", subnet, [group], kops.node), a.host("bare", subnet, [group], tags)
    a.tag(a.second_interface(bare, subnet, [group]), {"cluster.k8s.amazonaws.com/name": cluster})
    assert members(a) == {node.id, *([bare.id] if joins else [])}
