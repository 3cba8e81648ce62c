"""Values that a template leaves open: groups by name or no groups, disks of its image; and roles of the next host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aws_hosts import api_of
from cloudguard.model.cluster import DiskTemplate, Pool, Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from cloudguard_aws.access.calls import DESCRIBE_LAUNCH_CONFIGURATIONS
from cloudguard_aws.cluster.pools import launch_templates
from cloudguard_aws.cluster.pools.launch_templates import Defaults, Template, disks, image_of, read_defaults
from cloudguard_aws.cluster.pools.launch_templates import template as read_template
from moto_fixtures.aws.builder import REGION, Account, Subnet, Tags
from moto_fixtures.aws.installers import OWNED, capa, kops

CP, ETCD, NODE = Role.CONTROL_PLANE, Role.ETCD, Role.NODE


@pytest.fixture
def subnet(inner_account: Account) -> Subnet:
    """A subnet with one node of the cluster in it."""
    made = inner_account.subnet(inner_account.vpc())
    inner_account.host("node", made, [inner_account.group(made.vpc, "own")], kops.node)
    return made


def pool(a: Account, name: str, subnet: Subnet, tags: Tags, **data: object) -> None:
    """Make a scaling group without hosts from a template of ``data``."""
    whole = {"ImageId": a.image(), "InstanceType": "m5.large"} | data
    made = a.call("ec2", "create_launch_template", LaunchTemplateName=name, LaunchTemplateData=whole)
    a.call(
        "autoscaling",
        "create_auto_scaling_group",
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "$Latest"},
        MinSize=0,
        MaxSize=1,
        VPCZoneIdentifier=subnet.id,
        Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()],
    )


def read(a: Account, **flags: Any) -> Snapshot:  # noqa: ANN401 - of several types
    return ADAPTER.collect(CollectRequest(cluster="prod", options={"region": (REGION,)}, client=a.session, **flags))


def only_pool(snapshot: Snapshot) -> Pool:
    (workers,) = snapshot.cluster.pools
    return workers


def of_pools(snapshot: Snapshot) -> list[Gap]:
    return [gap for gap in snapshot.gaps if FactKind.POOLS in gap.hides]


def test_a_template_without_groups_gets_the_vpc_s_default_group(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    pool(a, "nodes", subnet, kops.node)
    wanted = [{"Name": "vpc-id", "Values": [subnet.vpc.id]}, {"Name": "group-name", "Values": ["default"]}]
    default = a.call("ec2", "describe_security_groups", Filters=wanted)["SecurityGroups"][0]["GroupId"]
    snapshot = read(a)
    assert only_pool(snapshot).filters == (default,)
    assert of_pools(snapshot) == []


@pytest.mark.mistake("next-host-left-out")
def test_the_next_host_gets_every_interface_of_its_template(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    first, second, storage = a.group(subnet.vpc, "first"), a.group(subnet.vpc, "second"), a.subnet(subnet.vpc)
    nics = [
        {"DeviceIndex": 1, "Groups": [second.id], "SubnetId": storage.id},
        {"DeviceIndex": 0, "Groups": [first.id], "Ipv6AddressCount": 1},
        {"DeviceIndex": 2},
    ]
    pool(a, "wide", subnet, kops.node, NetworkInterfaces=nics)
    snapshot = read(a)
    workers = only_pool(snapshot)
    default = a.call("ec2", "describe_security_groups", GroupNames=["default"])["SecurityGroups"]
    ids = {one["GroupId"] for one in default if one["VpcId"] == subnet.vpc.id}
    assert (workers.groups, workers.public_ipv6) == ((first.id,), True)
    assert [(nic.groups, nic.subnets) for nic in workers.further] == [((second.id,), (storage.id,)), ((*ids,), ())]
    assert storage.id in {one.id for one in snapshot.topology.subnets}
    assert {second.id, *ids} <= {guard.id for guard in snapshot.topology.filters}


def test_a_security_group_given_by_name_is_found_in_the_cluster_s_vpc(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    named = a.group(subnet.vpc, "workers")
    a.group(a.vpc("10.7.0.0/16"), "workers")
    pool(a, "nodes", subnet, kops.node, SecurityGroups=["workers"])
    assert only_pool(read(a)).filters == (named.id,)


def test_an_unknown_security_group_name_is_a_gap(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    pool(a, "nodes", subnet, kops.node, SecurityGroups=["gone"])
    snapshot = read(a)
    assert only_pool(snapshot).filters == ("gone",)
    (gap,) = [gap for gap in of_pools(snapshot) if gap.reason is Reason.MISSING and gap.resource == "gone"]
    assert "0 groups have this name" in gap.message


def test_an_unknown_role_is_a_gap_unless_a_flag_gives_it(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    group = a.group(subnet.vpc, "g")
    pool(a, "mystery", subnet, OWNED | {"tier": "work"}, SecurityGroupIds=[group.id])
    snapshot = read(a)
    assert (only_pool(snapshot).roles, only_pool(snapshot).role_evidence) == ((), ())
    (gap,) = of_pools(snapshot)
    assert gap.resource == "mystery"
    assert "--node-tag" in gap.message
    facts = read(a, role_tags={NODE: ["tier=work"]})
    workers = only_pool(facts)
    assert (workers.roles, [each.text for each in workers.role_evidence]) == ((NODE,), ["--node-tag tier=work"])
    assert of_pools(facts) == []


@pytest.mark.parametrize(("name", "found"), [("prod", 1), ("other", 0), ("enabled", 0)])
def test_autoscaler_tags_show_the_cluster(inner_account: Account, subnet: Subnet, name: str, found: int) -> None:
    a = inner_account
    tags = {f"k8s.io/cluster-autoscaler/{name}": "owned"}
    pool(a, "workers", subnet, tags, SecurityGroupIds=[a.group(subnet.vpc, "g").id])
    assert len(read(a).cluster.pools) == found


def test_a_scaling_group_with_contradicting_names_is_a_gap(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    pool(a, "etcd-worker", subnet, OWNED, SecurityGroupIds=[a.group(subnet.vpc, "g").id])
    (gap,) = of_pools(read(a))
    assert "contradict" in gap.message


@pytest.mark.parametrize(
    ("name", "tags", "roles"),
    [
        ("masters", OWNED, (CP, ETCD)),
        ("a", capa.control_plane, (CP, ETCD)),
        ("a", OWNED | {"k8s.io/role/apiserver": "1"}, (CP,)),
        ("workers", OWNED, (NODE,)),
    ],
)
def test_tags_and_name_decide_the_role_of_the_next_host(
    inner_account: Account, subnet: Subnet, name: str, tags: Tags, roles: tuple[Role, ...]
) -> None:
    a = inner_account
    pool(a, name, subnet, tags, SecurityGroupIds=[a.group(subnet.vpc, "g").id])
    assert only_pool(read(a)).roles == roles


def test_with_etcd_hosts_the_next_control_plane_host_runs_no_etcd(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    group = a.group(subnet.vpc, "g")
    a.volume(a.host("etcd-0", subnet, [group], OWNED), {"k8s.io/etcd/main": "a/a"})
    pool(a, "masters", subnet, OWNED, SecurityGroupIds=[group.id])
    assert only_pool(read(a)).roles == (CP,)


def test_a_balancer_s_name_is_no_evidence_of_etcd(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    host = a.host("a", subnet, [a.group(subnet.vpc, "g")], OWNED)
    a.listener(a.nlb("prod-apiserver", subnet), 6443, [host], 6443)
    roles = {host.id: host.roles for host in read(a).cluster.hosts}
    assert roles[host.id] == (CP, ETCD)


def test_every_scaling_group_of_an_eks_cluster_makes_nodes(inner_account: Account) -> None:
    a = inner_account
    subnet, role = a.subnet(a.vpc()), a.role("eks", service="eks")
    cluster = a.eks("prod", [subnet], role)
    pool(a, "masters", subnet, OWNED, SecurityGroupIds=[cluster.group.id])
    assert only_pool(read(a)).roles == (NODE,)


ROOT, DATA = "/dev/sda1", "/dev/sdf"
IMAGE = {"ami-1": {"BlockDeviceMappings": [{"DeviceName": ROOT, "Ebs": {"SnapshotId": "snap-1", "Encrypted": True}}]}}


def template(item: Mapping[str, object]) -> Template:
    return read_template(item, DESCRIBE_LAUNCH_CONFIGURATIONS, "old")


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize(
    ("mappings", "images", "default", "expected"),
    [
        ([], IMAGE, False, {ROOT: True}),
        ([{"DeviceName": ROOT, "Ebs": {"VolumeSize": 9}}], IMAGE, False, {ROOT: True}),
        ([{"DeviceName": ROOT, "Ebs": {"Encrypted": False}}], IMAGE, False, {ROOT: False}),
        ([{"DeviceName": DATA, "Ebs": {"VolumeSize": 9}}], IMAGE, False, {ROOT: True, DATA: False}),
        ([{"DeviceName": DATA, "Ebs": {"VolumeSize": 9}}], IMAGE, None, {ROOT: True, DATA: None}),
        # an unread image may have an encrypted snapshot for the device
        ([{"DeviceName": DATA, "Ebs": {"VolumeSize": 9}}], {}, False, {DATA: None}),
        # an instance store; the instance type is unknown
        ([{"DeviceName": DATA, "VirtualName": "ephemeral0"}], IMAGE, False, {ROOT: True, DATA: None}),
        ([{"DeviceName": ROOT, "NoDevice": ""}], IMAGE, False, {}),
        ([], {}, True, {"root": True}),
        ([], {}, False, {"root": None}),
    ],
)
def test_template_and_image_decide_the_disks_of_the_next_host(
    mappings: list[Mapping[str, object]],
    images: dict[str, Mapping[str, object]],
    default: bool | None,  # noqa: FBT001 - a parameter of the test's table
    expected: dict[str, bool | None],
) -> None:
    known = dict(image_of({"ImageId": name, **item}) for name, item in images.items())
    disk_templates = disks(template({"ImageId": "ami-1", "BlockDeviceMappings": mappings}), Defaults(known, default))
    assert {disk.device: disk.encrypted for disk in disk_templates} == expected


MAPPED = {"DeviceName": DATA, "VirtualName": "ephemeral0"}


@pytest.mark.parametrize(
    ("types", "own", "of_image", "expected"),
    [
        (["m3.large"], [MAPPED], [], {DATA: False}),
        (["c3.large", "r3.large"], [MAPPED], [], {DATA: False}),
        (["c3.large", "c5d.large"], [MAPPED], [], {DATA: None}),
        (["c5d.large"], [MAPPED], [], {}),
        ([""], [MAPPED], [], {DATA: None}),
        (["m1.large"], [], [MAPPED], {DATA: False}),
        (["m1.large"], [{"DeviceName": DATA, "NoDevice": ""}], [MAPPED], {}),
        (["m1.large"], [{"DeviceName": DATA, "Ebs": {"Encrypted": True}}], [MAPPED], {DATA: True}),
        (["m1.large"], [], [], {"root": None}),
    ],
)
def test_mapped_instance_stores_are_disks(
    types: list[str], own: list[object], of_image: list[object], expected: dict[str, bool | None]
) -> None:
    images = dict([image_of({"ImageId": "ami-1", "BlockDeviceMappings": of_image})])
    made = replace(template({"ImageId": "ami-1", "BlockDeviceMappings": own}), types=tuple(types))
    found = {disk.device: disk.encrypted for disk in disks(made, Defaults(images, encrypts=False))}
    assert found == expected


@pytest.mark.parametrize(("kind", "expected"), [("m3.large", [False]), ("c5d.large", [])])
def test_a_template_has_the_type(inner_account: Account, subnet: Subnet, kind: str, expected: list[bool]) -> None:
    a = inner_account
    own = a.group(subnet.vpc, "g").id
    pool(
        a,
        "masters",
        subnet,
        kops.control_plane,
        InstanceType=kind,
        SecurityGroupIds=[own],
        BlockDeviceMappings=[MAPPED],
    )
    assert [disk.encrypted for disk in only_pool(read(a)).disks if disk.device == DATA] == expected


def test_a_launch_configuration_gives_the_instance_type_of_its_hosts(inner_account: Account) -> None:
    a = inner_account
    a.call(
        "autoscaling",
        "create_launch_configuration",
        LaunchConfigurationName="old",
        ImageId=a.image(),
        InstanceType="m3.large",
    )
    assert launch_templates.configurations(api_of(a, []), ["old"])["old"].types == ("m3.large",)


def test_the_account_s_encryption_default_is_read_only_if_it_decides(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    asked: list[str] = []

    def note(event_name: str, **_rest: object) -> None:
        asked.append(event_name)

    bus: Any = a.session.events
    bus.register_first("before-send.ec2.GetEbsEncryptionByDefault", note)
    own = a.group(subnet.vpc, "g").id
    disk = {"DeviceName": ROOT, "Ebs": {"VolumeSize": 20, "Encrypted": True, "KmsKeyId": "alias/own"}}
    pool(a, "masters", subnet, kops.control_plane, SecurityGroupIds=[own], BlockDeviceMappings=[disk])
    assert only_pool(read(a)).disks == (DiskTemplate(ROOT, encrypted=True, key="alias/own", customer_key=True),)
    assert asked == []


def test_a_template_s_data_is_parsed() -> None:
    nics = [{"DeviceIndex": 1, "Groups": ["sg-2"]}, {"DeviceIndex": 0, "Groups": ["sg-1"]}]
    found = template({"IamInstanceProfile": "nodes", "NetworkInterfaces": nics})
    assert (found.name, found.profile, found.groups) == ("old", "nodes", ("sg-1",))
    assert template({"IamInstanceProfile": {"Name": "own"}}).profile == "own"
    assert template({}).profile == ""


def test_without_templates_no_calls_are_made(inner_account: Account) -> None:
    asked: list[str] = []
    assert read_defaults(api_of(inner_account, asked), [], []).encrypts is None
    assert asked == []
