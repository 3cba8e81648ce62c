"""Instances listed by the cluster's scaling groups and balancers belong to the cluster, with and without tags."""

from __future__ import annotations

import pytest

from aws_hosts import api_of
from cloudguard.model.cluster import Role
from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from cloudguard_aws.cluster.find import find
from cloudguard_aws.network.members import with_members
from moto_fixtures.aws.builder import REGION, Account, Group, Host, Subnet
from moto_fixtures.aws.installers import CLUSTER, OWNED, capa, kops

LISTED = {"PropagateAtLaunch": False}


@pytest.fixture
def place(inner_account: Account) -> tuple[Account, Subnet, Group]:
    """A subnet with a control-plane host and a node of the cluster in it."""
    a = inner_account
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "all")
    a.host("m", subnet, [group], kops.control_plane)
    a.host("n", subnet, [group], kops.node)
    return a, subnet, group


def members(a: Account) -> dict[str, str]:
    """Return the pools of the cluster's instances by id."""
    api = api_of(a)
    cluster = find(api, CollectRequest(cluster=CLUSTER))
    assert cluster is not None
    assert api.gaps == ()
    return {instance.id: instance.host.pool for instance in with_members(api, cluster, ()).instances}


def scaling_group(a: Account, name: str, subnet: Subnet, *hosts: Host, cluster: str = CLUSTER) -> None:
    """Make a scaling group with the cluster's tag; its instances do not get the tag."""
    sizes = {"MinSize": 0, "MaxSize": 9, "DesiredCapacity": 0, "VPCZoneIdentifier": subnet.id}
    made = a.call("ec2", "create_launch_template", LaunchTemplateName=name, LaunchTemplateData={"ImageId": a.image()})
    template = {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"]}
    tags = [{"Key": f"kubernetes.io/cluster/{cluster}", "Value": "owned", **LISTED}]
    call = "create_auto_scaling_group"
    a.call("autoscaling", call, AutoScalingGroupName=name, LaunchTemplate=template, Tags=tags, **sizes)
    a.call("autoscaling", "attach_instances", AutoScalingGroupName=name, InstanceIds=[host.id for host in hosts])


@pytest.mark.mistake("member-left-out")
def test_instances_of_the_cluster_s_scaling_groups_are_members(place: tuple[Account, Subnet, Group]) -> None:
    a, subnet, group = place
    node, theirs = a.host("gpu", subnet, [group]), a.host("app", subnet, [group])
    scaling_group(a, "gpu", subnet, node)
    scaling_group(a, "app", subnet, theirs, cluster="other")
    found = members(a)
    assert found[node.id] == "gpu"
    assert theirs.id not in found


@pytest.mark.mistake("member-left-out")
def test_another_cluster_s_tag_removes_no_member_from_a_scaling_group(place: tuple[Account, Subnet, Group]) -> None:
    """The tag and the scaling group contradict each other. For a balancer's target, the tag decides."""
    a, subnet, group = place
    theirs = {"kubernetes.io/cluster/other": "owned"}
    node, target = a.host("made", subnet, [group], theirs), a.host("target", subnet, [group], theirs)
    scaling_group(a, "gpu", subnet, node)
    a.listener(a.nlb("ingress", subnet), 80, [a.host("n2", subnet, [group], kops.node), target], 30080)
    found = members(a)
    assert (node.id in found, target.id in found) == (True, False)


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize("by_address", [False, True])
def test_targets_registered_beside_nodes_on_a_node_port_are_members(
    place: tuple[Account, Subnet, Group], *, by_address: bool
) -> None:
    a, subnet, group = place
    node, other = a.host("n2", subnet, [group], kops.node), a.host("n3", subnet, [group])
    web = a.host("web", subnet, [group])
    a.listener(a.nlb("ingress", subnet), 80, [node, other], 30080, by_address=by_address)
    a.listener(a.nlb("app", subnet), 80, [node, web], 8080, by_address=by_address)
    found = members(a)
    assert other.id in found
    assert web.id not in found


@pytest.mark.mistake("member-left-out")
def test_targets_of_a_classic_balancer_with_the_cluster_s_tag_are_members(place: tuple[Account, Subnet, Group]) -> None:
    a, subnet, group = place
    host, web = a.host("x", subnet, [group]), a.host("web", subnet, [group])
    a.clb("its", subnet, [group], 80, [host], 80)
    a.clb("app", subnet, [group], 80, [web], 80)
    a.call("elb", "add_tags", LoadBalancerNames=["its"], Tags=[{"Key": next(iter(OWNED)), "Value": "owned"}])
    found = members(a)
    assert host.id in found
    assert web.id not in found


@pytest.mark.mistake("member-left-out")
def test_targets_registered_beside_only_control_plane_hosts_are_control_plane(inner_account: Account) -> None:
    a = inner_account
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "all")
    master, second = a.host("m", subnet, [group], capa.control_plane), a.host("x", subnet, [group], OWNED)
    a.listener(a.nlb("api", subnet), 443, [master, second], 443)
    snapshot = ADAPTER.collect(CollectRequest(cluster=CLUSTER, options={"region": (REGION,)}, client=a.session))
    roles = {host.id: host.roles for host in snapshot.cluster.hosts}
    assert roles[second.id] == (Role.CONTROL_PLANE, Role.ETCD)
