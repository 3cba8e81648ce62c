"""Edits of security group rules and network ACL entries as calls, and the calls that undo them."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from builders import group, network_acl, rule, snapshot
from cloudguard.model.filters import Direction, Filter
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.candidates import can_be_called
from cloudguard.results.change import Change, PeerOf, Resource, RuleEdit, RuleOp, RulePeer, RuleTraffic
from cloudguard_aws.changes import security_groups
from cloudguard_aws.changes.change_forms import Forms

ADMINS = RulePeer(PeerOf.RANGE, "198.51.100.0/24")
WORLD = RulePeer(PeerOf.RANGE, "0.0.0.0/0")
GUARD = replace(
    group("sg-1", ("tcp/443", "0.0.0.0/0")),
    rules=(
        replace(rule("sgr-1", "tcp/443", "0.0.0.0/0"), description="kept"),
        rule("sg-1/ingress/made", "tcp/22", "0.0.0.0/0"),
    ),
)
ACL = network_acl("acl-1", ("permit in", "tcp/22", "0.0.0.0/0"), ("deny in", "all", "0.0.0.0/0"))


def traffic(services: str, peer: RulePeer) -> RuleTraffic:
    """Return ingress from ``peer``."""
    return RuleTraffic(Direction.INGRESS, ServiceSet.parse(services), peer)


def calls_of(guard: Filter, *edits: RuleEdit, before: tuple[Change, ...] = ()) -> list[tuple[str, dict[str, Any]]]:
    """Return the operations and parameters of ``edits``."""
    forms = Forms(snapshot(filters=(guard,)))
    planned = forms.calls(change(guard, *edits), before)
    return [(call.call.operation, dict(call.call.parameters)) for call in planned]


def change(guard: Filter, *edits: RuleEdit) -> Change:
    """Return a change of ``guard``."""
    return Change("c", "api-server-access", "rule.narrow", Resource("filter", guard.id, guard.name), edits)


def narrowed(name: str, before: RuleTraffic, after: RuleTraffic) -> RuleEdit:
    """Return the edit that changes a rule in place."""
    return RuleEdit(RuleOp.MODIFY, name, before, after)


def test_a_rule_with_an_id_is_changed_in_place_and_keeps_its_description() -> None:
    edit = narrowed("sgr-1", traffic("tcp/443", WORLD), traffic("tcp/443", ADMINS))
    assert calls_of(GUARD, edit) == [
        (
            "ModifySecurityGroupRules",
            {
                "GroupId": "sg-1",
                "SecurityGroupRules": [
                    {
                        "SecurityGroupRuleId": "sgr-1",
                        "SecurityGroupRule": {
                            "IpProtocol": "tcp",
                            "FromPort": 443,
                            "ToPort": 443,
                            "CidrIpv4": "198.51.100.0/24",
                            "Description": "kept",
                        },
                    }
                ],
            },
        )
    ]


def test_an_egress_rule_changed_in_place_is_an_egress_block_in_terraform() -> None:
    sent = replace(rule("sgr-2", "tcp/443", "0.0.0.0/0"), direction=Direction.EGRESS)
    guard = replace(GUARD, rules=(*GUARD.rules, sent))
    before, after = (replace(traffic("tcp/443", peer), direction=Direction.EGRESS) for peer in (WORLD, ADMINS))
    forms = Forms(snapshot(filters=(guard,)))
    text = forms.terraform(change(guard, narrowed("sgr-2", before, after)))
    assert "to = aws_vpc_security_group_egress_rule.sgr_2" in text
    assert 'resource "aws_vpc_security_group_egress_rule" "sgr_2"' in text


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("sg-1/ingress/made", traffic("tcp/22", ADMINS)),
        ("sgr-1", traffic("tcp/443", RulePeer(PeerOf.GROUP, "sg-2"))),
        ("sgr-1", traffic("tcp/443", RulePeer(PeerOf.RANGE, "2001:db8::/32"))),
    ],
)
def test_a_rule_is_added_before_the_rule_that_it_replaces_is_revoked(name: str, after: RuleTraffic) -> None:
    present = next(rule for rule in GUARD.rules if rule.id == name)
    calls = calls_of(GUARD, narrowed(name, replace(after, services=present.services, peer=WORLD), after))
    assert [operation for operation, _ in calls] == ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]


def test_a_rule_without_an_id_is_revoked_by_its_content() -> None:
    remove = RuleEdit(RuleOp.REMOVE, "sg-1/ingress/made", traffic("tcp/22", WORLD), None)
    ((operation, parameters),) = calls_of(GUARD, remove)
    assert operation == "RevokeSecurityGroupIngress"
    assert parameters["IpPermissions"] == [
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ]


def test_an_edit_with_an_unknown_peer_has_no_calls() -> None:
    remove = RuleEdit(RuleOp.REMOVE, "sgr-1", traffic("tcp/443", WORLD), None)
    add = RuleEdit(RuleOp.ADD, "sgr-1", None, traffic("tcp/443", RulePeer(PeerOf.ADMINISTRATORS)))
    assert calls_of(GUARD, remove, add) == []
    with pytest.raises(ValueError, match="administrators"):
        security_groups.fields(traffic("tcp/443", RulePeer(PeerOf.ADMINISTRATORS)))


def test_every_call_is_undone_by_its_inverse() -> None:
    edits = (
        narrowed("sgr-1", traffic("tcp/443", WORLD), traffic("tcp/443", ADMINS)),
        RuleEdit(RuleOp.ADD, "sgr-1", None, traffic("udp/53", RulePeer(PeerOf.ADDRESS_LIST, "pl-1"))),
        RuleEdit(RuleOp.REMOVE, "sg-1/ingress/made", traffic("tcp/22", WORLD), None),
    )
    planned = Forms(snapshot(filters=(GUARD,))).calls(change(GUARD, *edits))
    pairs = [(call.call.operation, [each.operation for each in call.inverse]) for call in planned]
    assert pairs == [
        ("ModifySecurityGroupRules", ["ModifySecurityGroupRules"]),
        ("AuthorizeSecurityGroupIngress", ["RevokeSecurityGroupIngress"]),
        ("RevokeSecurityGroupIngress", ["AuthorizeSecurityGroupIngress"]),
    ]
    back = planned[0].inverse[0].parameters["SecurityGroupRules"][0]["SecurityGroupRule"]
    assert back["CidrIpv4"] == "0.0.0.0/0"
    assert back["Description"] == "kept"


@pytest.mark.parametrize(
    ("services", "peer", "texts"),
    [
        ("tcp/22,udp/53", "10.0.0.0/8,2001:db8::/32", ["tcp/22", "udp/53"] * 2),
        ("icmp/0-2", "10.0.0.0/8", ["icmp/0", "icmp/1", "icmp/2"]),
        ("icmp,icmpv6", "10.0.0.0/8", ["icmp"]),
        ("icmp,icmpv6", "2001:db8::/32", ["icmpv6"]),
        ("all", "10.0.0.0/8", ["all"]),
    ],
)
def test_a_rule_has_one_range_and_one_protocol(services: str, peer: str, texts: list[str]) -> None:
    forms = Forms(snapshot(filters=(GUARD,)))
    asked = traffic(services, RulePeer(PeerOf.RANGE, peer))
    for guard in (GUARD, ACL):
        assert [str(rule.services) for rule in forms.rules(guard, asked)] == texts
        assert all("," not in rule.peer.value for rule in forms.rules(guard, asked))


def test_a_network_acl_cannot_name_a_group() -> None:
    forms = Forms(snapshot(filters=(ACL,)))
    assert forms.rules(ACL, traffic("tcp/22", RulePeer(PeerOf.GROUP, "sg-1"))) == ()


def test_an_acl_entry_is_replaced_by_number_and_a_new_one_gets_the_next_free_number() -> None:
    present = ACL.rules[0]
    guard = replace(ACL, rules=(replace(present, order=100), replace(ACL.rules[1], order=102)))
    modify = narrowed(present.id, traffic("tcp/22", WORLD), traffic("tcp/22", ADMINS))
    add = RuleEdit(RuleOp.ADD, present.id, None, traffic("tcp/2222", ADMINS))
    calls = calls_of(guard, modify, add)
    assert [(operation, item["RuleNumber"]) for operation, item in calls] == [
        ("ReplaceNetworkAclEntry", 100),
        ("CreateNetworkAclEntry", 101),
    ]
    assert calls[0][1]["CidrBlock"] == "198.51.100.0/24"
    assert calls[1][1]["PortRange"] == {"From": 2222, "To": 2222}


def test_an_acl_entry_does_not_move_past_another() -> None:
    present = ACL.rules[0]
    guard = replace(ACL, rules=(replace(present, order=100), replace(ACL.rules[1], order=102)))
    add = RuleEdit(RuleOp.ADD, present.id, None, traffic("tcp/2222", ADMINS))
    earlier = change(guard, add)
    assert [operation for operation, _ in calls_of(guard, add)] == ["CreateNetworkAclEntry"]
    assert calls_of(guard, replace(add, after=traffic("tcp/2223", ADMINS)), before=(earlier,)) == []


def test_quotas_count_the_fuller_direction_and_ip_version() -> None:
    lists = [(f"tcp/{port}", "10.0.0.0/8") for port in range(50)] + [("tcp/443", "2001:db8::/32"), ("tcp/1", "sg-2")]
    guard = group("sg-1", *lists)
    quota = Forms(snapshot(filters=(guard,))).quota(guard)
    assert quota is not None
    assert (quota.most, quota.present) == (60, 51)
    full = group("sg-1", *chain(lists, [(f"udp/{port}", "10.0.0.0/8") for port in range(20)]))
    raised = Forms(snapshot(filters=(full,))).quota(full)
    assert raised is not None
    assert (raised.most, raised.present) == (71, 71)
    of_acl = Forms(snapshot(filters=(ACL,))).quota(ACL)
    assert of_acl is not None
    assert (of_acl.most, of_acl.present) == (20, 4)


def test_a_rule_that_an_earlier_round_adds_needs_no_call_of_its_own() -> None:
    forms = Forms(snapshot(filters=(GUARD,)))
    edits = [
        narrowed(name, traffic("tcp/443", WORLD), traffic("tcp/443", ADMINS)) for name in ("sgr-9", "sgr-1+rule:x")
    ]
    unknown, added = (replace(change(GUARD, edit), rule=edit.rule) for edit in edits)
    assert [can_be_called(each, forms) for each in (unknown, added)] == [False, True]
