"""New groups and moves between groups: all groups of an interface are set at once; a template gets a new version."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from builders import NODE, SAID, SOURCE, group, host, interface, snapshot
from cloudguard.model.cluster import Pool
from cloudguard.model.filters import Direction
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.api_call import ApiCall, answer
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    Edit,
    GroupEdit,
    MembershipEdit,
    PeerOf,
    Resource,
    RuleEdit,
    RuleOp,
    RulePeer,
    RuleTraffic,
)
from cloudguard_aws.changes.change_forms import Forms

NEW = RulePeer(PeerOf.NEW_GROUP, "node")
NAME = {"$answer": "NEW_GROUP_NODE"}
NIC = Resource("interface", "eni-1", "i-1")
POOL = Resource("pool", "workers", "workers")


def pool(version: str, **fields: object) -> Pool:
    """Return a scaling group that names ``version`` of its template."""
    return Pool(
        id="workers",
        name="workers",
        roles=NODE,
        role_evidence=(SAID,),
        subnets=("private",),
        filters=("sg-1",),
        groups=("sg-1",),
        source=SOURCE,
        template="lt-1:7",
        template_fields=json.dumps({"Version": version, **fields}),
    )


def forms(workers: Pool) -> Forms:
    """Return the forms of changes to a cluster of one host and one scaling group."""
    node = replace(host("i-1", NODE), interfaces=(interface("eni-1", "private", "10.0.1.4", "sg-1", "sg-2"),))
    return Forms(snapshot(hosts=(node,), pools=(workers,)))


def change(edit: Edit, kind: str = "group.move", of: Resource = POOL) -> Change:
    """Return a change that is one edit."""
    return Change("c", "node-access", kind, of, (edit,))


def calls(workers: Pool, edit: Edit, *made: Change) -> list[ApiCall]:
    """Return the calls of a move."""
    return [planned.call for planned in forms(workers).calls(change(edit), made)]


def test_a_group_is_made_without_a_rule_before_it_gets_members() -> None:
    made = calls(pool("$Latest"), GroupEdit(NEW, "prod-node", "net", (NIC,)))
    assert [call.operation for call in made] == [
        "CreateSecurityGroup",
        "RevokeSecurityGroupEgress",
        "ModifyNetworkInterfaceAttribute",
    ]
    assert made[0].answers == {"NEW_GROUP_NODE": "GroupId"}
    assert made[2].parameters["Groups"] == ["sg-1", "sg-2", NAME]


def test_a_later_move_starts_from_the_result_of_the_earlier_moves() -> None:
    first = change(GroupEdit(NEW, "prod-node", "net", (NIC,)))
    made = forms(pool("$Latest")).calls(change(MembershipEdit((NIC,), leaves=("sg-2",), joins=("sg-9",))), (first,))
    ((planned),) = made
    assert planned.call.parameters["Groups"] == ["sg-1", NAME, "sg-9"]
    assert planned.inverse[0].parameters["Groups"] == ["sg-1", "sg-2", NAME]


@pytest.mark.parametrize(
    ("version", "operations"),
    [
        ("$Latest", ["CreateLaunchTemplateVersion"]),
        ("$Default", ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate"]),
        ("7", ["CreateLaunchTemplateVersion", "UpdateAutoScalingGroup"]),
    ],
)
def test_a_new_template_version_becomes_the_one_that_the_scaling_group_uses(
    version: str, operations: list[str]
) -> None:
    made = calls(pool(version), MembershipEdit((POOL,), joins=("sg-9",)))
    assert [call.operation for call in made] == operations
    assert made[0].parameters["SourceVersion"] == "7"
    assert made[0].parameters["LaunchTemplateData"] == {"SecurityGroupIds": ["sg-1", "sg-9"]}


def test_only_the_groups_of_a_template_s_primary_interface_change() -> None:
    nics = [
        {"DeviceIndex": 1, "Groups": ["sg-3"]},
        {"DeviceIndex": 0, "Groups": ["sg-1"], "AssociatePublicIpAddress": False},
    ]
    (call,) = calls(pool("$Latest", NetworkInterfaces=nics), MembershipEdit((POOL,), ("sg-1",), ("sg-9",)))
    assert call.parameters["LaunchTemplateData"] == {"NetworkInterfaces": [nics[0], {**nics[1], "Groups": ["sg-9"]}]}


def test_a_second_new_version_is_based_on_the_first_with_its_changes() -> None:
    disks = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}]
    workers = pool("$Default", BlockDeviceMappings=disks)
    encrypt = AttributeEdit("disks", "", "encrypted", parts=("/dev/sda1", "/dev/sdb"))
    earlier = (
        change(MembershipEdit((POOL,), joins=("sg-9",))),
        change(AttributeEdit("metadata service", "", "", of=(POOL,)), "metadata.restrict"),
    )
    made = [planned.call for planned in forms(workers).calls(change(encrypt, "pool.encrypt"), earlier)]
    assert made[0].parameters["SourceVersion"] == answer("VERSION_WORKERS_2")
    assert made[0].answers == {"VERSION_WORKERS_3": "LaunchTemplateVersion.VersionNumber"}
    assert made[0].parameters["LaunchTemplateData"]["BlockDeviceMappings"] == [
        {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "Encrypted": True}},
        {"DeviceName": "/dev/sdb", "Ebs": {"Encrypted": True}},
    ]
    assert made[1].parameters["DefaultVersion"] == answer("VERSION_WORKERS_3")


def test_no_rule_names_a_group_that_no_call_creates() -> None:
    guard = group("sg-1", ("tcp/22", "0.0.0.0/0"))
    add = RuleEdit(RuleOp.ADD, "sg-1-0", None, RuleTraffic(Direction.INGRESS, ServiceSet.parse("tcp/22"), NEW))
    rule = Change("d", "node-access", "rule.narrow", Resource("filter", "sg-1"), (add,))
    both = Forms(snapshot(filters=(guard,), pools=(replace(pool("7"), template_fields=""),)))
    for members, expected in (((), ["AuthorizeSecurityGroupIngress"]), ((POOL,), [])):
        edit = change(GroupEdit(NEW, "prod-node", "net", members))
        assert [planned.call.operation for planned in both.calls(rule, (edit,))] == expected
    assert both.calls(rule) == ()


def test_a_template_that_the_user_cannot_edit_gets_no_calls() -> None:
    workers = replace(pool("7"), template_fields="")
    assert calls(workers, GroupEdit(NEW, "prod-node", "net", (NIC, POOL))) == []
