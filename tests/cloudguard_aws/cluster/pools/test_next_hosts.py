"""The next host of a scaling group: its settings from templates, configurations, images and account defaults."""

from __future__ import annotations

from typing import Any

import pytest

from aws_hosts import owned
from cloudguard.model.cluster import DiskTemplate, Pool, Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from moto_fixtures.aws.builder import REGION, Account, Subnet, Tags
from moto_fixtures.aws.installers import kops
from refused_calls import refusal, response

CP, ETCD, NODE = Role.CONTROL_PLANE, Role.ETCD, Role.NODE


def collect(a: Account) -> Snapshot:
    return ADAPTER.collect(CollectRequest(cluster="prod", options={"region": (REGION,)}, client=a.session))


def pools(a: Account) -> dict[str, Pool]:
    return {pool.id: pool for pool in collect(a).cluster.pools}


@pytest.fixture
def subnet(inner_account: Account) -> Subnet:
    """A subnet with one node of the cluster in it."""
    a = inner_account
    subnet = a.subnet(a.vpc())
    a.host("node", subnet, [a.group(subnet.vpc, "nodes")], kops.node)
    return subnet


def group(a: Account, name: str, subnet: Subnet, tags: Tags, **made_from: object) -> None:
    """Make a scaling group without hosts."""
    listed = [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()]
    size = {"MinSize": 0, "MaxSize": 1, "DesiredCapacity": 0, "VPCZoneIdentifier": subnet.id}
    a.call("autoscaling", "create_auto_scaling_group", AutoScalingGroupName=name, Tags=listed, **size, **made_from)


def template(a: Account, name: str, **data: object) -> str:
    """Make a launch template and return its id."""
    whole = {"ImageId": a.image(), "InstanceType": "m5.large"} | data
    made = a.call("ec2", "create_launch_template", LaunchTemplateName=name, LaunchTemplateData=whole)
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def test_the_next_host_has_its_template_s_settings(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    first, second = a.group(subnet.vpc, "first"), a.group(subnet.vpc, "second")
    role = a.role("masters")
    made = a.pool("masters", subnet, [first, second], kops.control_plane, role=role, public=True, encrypted=False)
    pool = pools(a)["masters"]
    assert (pool.roles, [evidence.text for evidence in pool.role_evidence]) == (
        (CP, ETCD),
        ["tag k8s.io/role/control-plane=1"],
    )
    assert pool.subnets == (subnet.id,)
    assert pool.filters == pool.groups == tuple(sorted([first.id, second.id]))
    assert pool.template == f"{made}:1"
    assert pool.public is True
    assert pool.identity == role.arn
    assert pool.disks == (DiskTemplate("/dev/sda1", encrypted=False),)
    assert (pool.source.call, pool.source.resource) == ("ec2:DescribeLaunchTemplateVersions", made)


@pytest.mark.mistake("next-host-left-out")
def test_without_a_template_setting_the_subnet_decides_on_public_addresses(
    inner_account: Account, subnet: Subnet
) -> None:
    a = inner_account
    nodes = a.group(subnet.vpc, "own")
    made = template(a, "nodes", SecurityGroupIds=[nodes.id])
    group(a, "nodes", subnet, kops.node, LaunchTemplate={"LaunchTemplateId": made, "Version": "$Latest"})
    pool = pools(a)["nodes"]
    assert pool.public is None
    assert pool.filters == (nodes.id,)
    assert pool.disks == ()
    assert pool.metadata is None, "its hosts hold no identity, so it is not asked for"


REQUIRED, OPTIONAL = {"HttpTokens": "required"}, {"HttpTokens": "optional"}
TWO = {"HttpPutResponseHopLimit": 2}


@pytest.mark.mistake("imposed-misjudged")
@pytest.mark.parametrize(
    ("own", "account", "image", "expected"),
    [
        (REQUIRED | TWO, OPTIONAL, "", (True, True, 2)),
        (REQUIRED, {}, "", (True, True, 1)),
        (REQUIRED, {}, "v2.0", (True, True, 2)),
        (REQUIRED, TWO, "", (True, True, 2)),
        ({}, REQUIRED, "", (True, True, 1)),
        ({}, REQUIRED | TWO, "", (True, True, 2)),
        ({}, {"HttpTokens": "no-preference", "HttpPutResponseHopLimit": -1}, "v2.0", (True, True, 2)),
        ({}, {}, "", (True, False, 1)),
        (OPTIONAL, REQUIRED, "v2.0", (True, False, 1)),
        ({}, {"HttpEndpoint": "disabled"}, "", (False, False, 1)),
        ({"HttpEndpoint": "enabled"}, {"HttpEndpoint": "disabled"}, "", (True, False, 1)),
        ({}, {}, "gone", None),
        ({}, REQUIRED | TWO, "gone", (True, True, 2)),
    ],
)
def test_account_and_image_decide_open_metadata_settings_of_a_template(
    inner_account: Account,
    subnet: Subnet,
    own: dict[str, object],
    account: dict[str, object],
    image: str,
    expected: tuple[bool, bool, int] | None,
) -> None:
    a = inner_account
    a.backend("ec2").metadata_defaults = account
    a.backend("ec2").amis[a.image()].imds_support = image
    role = a.role("nodes")
    whole = {"IamInstanceProfile": {"Name": role.profile}, **({"MetadataOptions": own} if own else {})}
    made = template(a, "nodes", **whole | ({"ImageId": "ami-0123456789abcdef0"} if image == "gone" else {}))
    group(a, "nodes", subnet, kops.node, LaunchTemplate={"LaunchTemplateId": made, "Version": "$Latest"})
    service = pools(a)["nodes"].metadata
    assert (service and (service.enabled, service.tokens_required, service.hop_limit)) == expected


def test_launch_configurations_are_read(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    nodes = a.group(subnet.vpc, "own")
    settings = {"ImageId": a.image(), "InstanceType": "m5.large", "SecurityGroups": [nodes.id]}
    a.call(
        "autoscaling",
        "create_launch_configuration",
        LaunchConfigurationName="old",
        AssociatePublicIpAddress=True,
        **settings,
    )
    group(a, "nodes", subnet, kops.node, LaunchConfigurationName="old")
    pool = pools(a)["nodes"]
    assert (pool.template, pool.filters, pool.public) == ("old", (nodes.id,), True)
    assert pool.source.call == "autoscaling:DescribeLaunchConfigurations"


@pytest.mark.mistake("next-host-left-out")
def test_a_mixed_group_has_a_next_host_for_each_of_its_templates(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    first, second = template(a, "first"), template(a, "second")
    specification = {"LaunchTemplateId": first, "Version": "$Latest"}
    other = {"LaunchTemplateId": second, "Version": "$Latest"}
    overrides = [{"InstanceType": "m6g.large", "LaunchTemplateSpecification": other}]
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": overrides}}
    group(a, "mixed", subnet, kops.node, MixedInstancesPolicy=policy)
    made = [pool for pool in collect(a).cluster.pools if pool.id == "mixed"]
    assert {pool.template for pool in made} == {f"{first}:1", f"{second}:1"}


def test_scaling_groups_of_other_clusters_are_left_out(inner_account: Account, subnet: Subnet) -> None:
    a = inner_account
    made = {"LaunchTemplate": {"LaunchTemplateId": template(a, "nodes"), "Version": "$Latest"}}
    group(a, "theirs", subnet, owned("other"), **made)
    group(a, "longer", subnet, owned("prod-2"), **made)
    group(a, "legacy", subnet, {"KubernetesCluster": "other"}, **made)
    group(a, "nobodys", subnet, {"Name": "prod"}, **made)
    group(a, "ours", subnet, owned("prod") | {"k8s.io/role/node": "1"}, **made)
    assert set(pools(a)) == {"ours"}


def test_a_scaling_group_with_only_the_legacy_tag_belongs_to_the_cluster(
    inner_account: Account, subnet: Subnet
) -> None:
    a = inner_account
    made = {"LaunchTemplate": {"LaunchTemplateId": template(a, "nodes"), "Version": "$Latest"}}
    group(a, "old", subnet, {"KubernetesCluster": "prod", "k8s.io/role/node": "1"}, **made)
    assert set(pools(a)) == {"old"}


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize(
    ("disk", "default", "encrypted"),
    [
        ({"Encrypted": True}, False, True),
        ({"Encrypted": False}, False, False),
        ({"Encrypted": False}, True, True),
        ({"VolumeSize": 9}, True, True),
        ({"VolumeSize": 9}, False, False),
        ({"SnapshotId": "snap-0123456789abcdef0"}, False, None),
    ],
)
def test_template_and_account_default_decide_the_encryption_of_the_next_disk(
    inner_account: Account, subnet: Subnet, disk: dict[str, object], default: object, encrypted: object
) -> None:
    a = inner_account
    if default:
        a.call("ec2", "enable_ebs_encryption_by_default")
    mapping = {"DeviceName": "/dev/sdf", "Ebs": disk}
    made = template(a, "masters", BlockDeviceMappings=[mapping])
    group(a, "masters", subnet, kops.control_plane, LaunchTemplate={"LaunchTemplateId": made, "Version": "$Latest"})
    encrypted_by_device = {disk.device: disk.encrypted for disk in pools(a)["masters"].disks}
    assert encrypted_by_device["/dev/sdf"] is encrypted


@pytest.mark.parametrize("operation", ["auto-scaling.DescribeAutoScalingGroups", "ec2.DescribeLaunchTemplateVersions"])
def test_a_refused_call_hides_the_pools(inner_account: Account, subnet: Subnet, operation: str) -> None:
    a = inner_account
    a.pool("nodes", subnet, [a.group(subnet.vpc, "own")], kops.node)

    def refuse(request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
        service = operation.split(".", maxsplit=1)[0]
        code = "UnauthorizedOperation" if service == "ec2" else "AccessDenied"
        return response(request.url, 403, *refusal(service, code, "no"))

    bus: Any = a.session.events
    bus.register_first(f"before-send.{operation}", refuse)
    snapshot = collect(a)
    assert snapshot.cluster.pools == ()
    (gap,) = [gap for gap in snapshot.gaps if FactKind.POOLS in gap.hides]
    assert gap.reason is Reason.DENIED
    assert gap.permission == gap.call
    assert gap.call.endswith(operation.partition(".")[2])


def test_the_roles_of_hosts_and_of_next_hosts_are_read(inner_account: Account) -> None:
    a = inner_account
    place = a.subnet(a.vpc())
    groups = [a.group(place.vpc, "nodes")]
    shared, next_one = a.role("shared"), a.role("next")
    a.host("node", place, groups, kops.node, role=shared)
    a.pool("nodes", place, groups, kops.node, role=shared)
    assert {identity.name: identity.roles for identity in collect(a).identities.identities} == {"shared": ("node",)}
    a.pool("masters", place, groups, kops.control_plane, role=shared)
    a.pool("others", place, groups, kops.node, role=next_one)
    assert {identity.name: identity.roles for identity in collect(a).identities.identities} == {
        "shared": ("control-plane", "etcd", "node"),
        "next": ("node",),
    }
