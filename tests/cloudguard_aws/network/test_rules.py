"""Security groups and network ACLs, parsed from answers of the real service."""

from __future__ import annotations

from typing import Any

import pytest

from aws_hosts import api_of
from cloudguard.model.filters import Action, Direction, Peer
from cloudguard.packet_sets.addresses import ALL4, ALL6
from cloudguard.packet_sets.services import ServiceSet
from cloudguard_aws.network.group_members import ClusterInterfaces
from cloudguard_aws.network.rules import listed_rule, network_acl, security_group, services_text
from cloudguard_aws.network.security_groups import read_security_groups
from moto_fixtures.aws.builder import WORLD, WORLD6, Account

OTHER_ACCOUNT = "999988887777"
ANY_ICMP = {"Type": -1, "Code": -1}


@pytest.mark.parametrize(
    ("protocol", "first", "last", "text"),
    [
        ("-1", -1, -1, "all"),
        ("tcp", 443, 443, "tcp/443"),
        ("6", 30000, 32767, "tcp/30000-32767"),
        ("udp", 0, 65535, "udp"),
        ("17", -1, -1, "udp"),
        ("icmp", -1, -1, "icmp"),
        ("icmp", 8, -1, "icmp/8"),
        ("1", 3, 4, "icmp/3/4"),
        ("58", 128, 0, "icmpv6/128/0"),
        ("icmpv6", -1, -1, "icmpv6"),
        ("4", -1, -1, "proto/4"),
        ("50", -1, -1, "proto/50"),
    ],
)
def test_protocol_and_ports_give_the_services(protocol: str, first: int, last: int, text: str) -> None:
    assert services_text(protocol, first, last) == text
    assert ServiceSet.parse(text)


def test_security_group_rules_keep_their_ids_peers_and_descriptions() -> None:
    base = {"GroupId": "sg-1", "GroupOwnerId": "111122223333", "IsEgress": False, "IpProtocol": "tcp"}
    listed = [
        base | {"SecurityGroupRuleId": "sgr-1", "FromPort": 22, "ToPort": 22, "CidrIpv4": "0.0.0.0/0"},
        base | {"SecurityGroupRuleId": "sgr-2", "FromPort": 22, "ToPort": 22, "CidrIpv6": "::/0", "Description": "v6"},
        base | {"SecurityGroupRuleId": "sgr-3", "FromPort": 1, "ToPort": 2, "PrefixListId": "pl-1"},
        base
        | {
            "SecurityGroupRuleId": "sgr-4",
            "IpProtocol": "4",
            "FromPort": -1,
            "ToPort": -1,
            "ReferencedGroupInfo": {"GroupId": "sg-9", "UserId": OTHER_ACCOUNT, "PeeringStatus": "active"},
        },
        base | {"SecurityGroupRuleId": "sgr-5", "IsEgress": True, "IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"},
    ]
    listed_rules = [listed_rule(item) for item in listed]
    rules = [rule.rule for rule in listed_rules]
    assert [(rule.id, rule.direction, str(rule.services), rule.peer) for rule in rules] == [
        ("sgr-1", Direction.INGRESS, "tcp/22", Peer(ALL4)),
        ("sgr-2", Direction.INGRESS, "tcp/22", Peer(ALL6)),
        ("sgr-3", Direction.INGRESS, "tcp/1-2", Peer(address_list="pl-1")),
        ("sgr-4", Direction.INGRESS, "proto/4", Peer(group="sg-9")),
        ("sgr-5", Direction.EGRESS, "all", Peer(ALL4)),
    ]
    assert rules[1].description == "v6"
    assert [rule.named for rule in listed_rules] == [("", "")] * 3 + [("sg-9", OTHER_ACCOUNT), ("", "")]


def test_unlisted_rules_are_read_from_the_group_with_made_up_ids() -> None:
    group = {
        "GroupId": "sg-1",
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "ssh"}],
                "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
                "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "111122223333"}],
                "PrefixListIds": [{"PrefixListId": "pl-1"}],
            }
        ],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    }
    made = security_group(group)
    assert made.named == (("sg-2", "111122223333"),)
    guard = made.filter
    assert guard.stateful
    assert not guard.ordered
    assert [rule.id for rule in guard.rules] == [
        "sg-1/ingress/tcp/22/0.0.0.0/0",
        "sg-1/ingress/tcp/22/::/0",
        "sg-1/ingress/tcp/22/pl-1",
        "sg-1/ingress/tcp/22/sg-2",
        "sg-1/egress/all/0.0.0.0/0",
    ]
    assert guard.rules[0].description == "ssh"


@pytest.mark.parametrize(
    ("group", "editable", "words"),
    [
        ({"GroupName": "k8s-elb-a1b2"}, False, "loadBalancerSourceRanges"),
        ({"Tags": [{"Key": "ingress.k8s.aws/stack", "Value": "web"}]}, False, "loadBalancerSourceRanges"),
        ({"Tags": [{"Key": "service.eks.amazonaws.com/stack", "Value": "web"}]}, False, "loadBalancerSourceRanges"),
    ],
)
def test_a_group_written_by_a_program_says_what_to_do_instead(
    *,
    group: dict[str, object],
    editable: bool,
    words: str,
) -> None:
    guard = security_group({"GroupId": "sg-1"} | group).filter
    assert guard.editable is editable
    assert guard.written_by is not None
    assert words in guard.written_by.instead


def test_a_network_acl_is_ordered_stateless_and_denies_at_the_end() -> None:
    base = {"Egress": False, "RuleAction": "allow"}
    acl = {
        "NetworkAclId": "acl-1",
        "Entries": [
            base | {"RuleNumber": 90, "Protocol": "6", "PortRange": {"From": 22, "To": 22}, "CidrBlock": "0.0.0.0/1"},
            base | {"RuleNumber": 100, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "10.0.0.0/8"},
            base | {"RuleNumber": 110, "Protocol": "1", "IcmpTypeCode": {"Type": 3, "Code": 4}, "CidrBlock": WORLD},
            base
            | {"RuleNumber": 120, "Protocol": "58", "IcmpTypeCode": {"Type": -1, "Code": -1}, "Ipv6CidrBlock": WORLD6},
            base | {"RuleNumber": 101, "Protocol": "-1", "Ipv6CidrBlock": "::/0", "Egress": True},
            base | {"RuleNumber": 32767, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"},
            base | {"RuleNumber": 32768, "RuleAction": "deny", "Protocol": "-1", "Ipv6CidrBlock": "::/0"},
        ],
    }
    guard = network_acl(acl).filter
    assert [(rule.id, rule.order, rule.action, str(rule.services), str(rule.peer)) for rule in guard.rules] == [
        ("acl-1/ingress/90", 90, Action.PERMIT, "tcp/22", "0.0.0.0/1"),
        ("acl-1/ingress/100", 100, Action.DENY, "all", "10.0.0.0/8"),
        ("acl-1/ingress/110", 110, Action.PERMIT, "icmp/3/4", "0.0.0.0/0"),
        ("acl-1/ingress/120", 120, Action.PERMIT, "icmpv6", "::/0"),
        ("acl-1/egress/101", 101, Action.PERMIT, "all", "::/0"),
    ]
    assert guard.ordered
    assert not guard.stateful


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("lost", [{"IpPermissions": 0}, {"SecurityGroupRules": 0}, {}])
def test_rules_of_two_different_answers_are_united(inner_account: Account, lost: dict[str, int]) -> None:
    a = inner_account
    group = a.group(a.vpc(), "nodes")
    group.allow("tcp/22", "0.0.0.0/0")
    group.allow("tcp/443", "10.0.0.0/8")
    api, forget = api_of(a), dict(lost)

    def without(parsed: dict[str, Any], **_rest: object) -> None:
        for holder in (parsed, *parsed.get("SecurityGroups", ())):
            for key in forget:
                if key in holder:
                    del holder[key][0]

    api.client("ec2").meta.events.register("after-call.ec2.*", without)
    (guard,) = read_security_groups(api, frozenset({group.id}), (), ClusterInterfaces("", (), (), ())).filters
    let_in = {(str(rule.services), str(rule.peer)) for rule in guard.rules if rule.direction is Direction.INGRESS}
    assert let_in == {("tcp/22", "0.0.0.0/0"), ("tcp/443", "10.0.0.0/8")}
    assert len(guard.rules) == 3
    assert len({rule.id for rule in guard.rules}) == 3


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    ("protocol", "why"),
    [("tcp", ""), ("6", ""), ("-1", ""), ("50", ""), ("quic", "the protocol 'quic' is not known")],
)
def test_a_rule_with_an_unknown_protocol_is_uncertain(protocol: str, why: str) -> None:
    permission = {"IpProtocol": protocol, "FromPort": 443, "ToPort": 443}
    peer = {"CidrIpv4": "10.0.0.0/8"}
    listed = listed_rule({"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "IsEgress": False} | permission | peer)
    ranges = permission | {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    (described,) = security_group({"GroupId": "sg-1", "IpPermissions": [ranges]}).filter.rules
    entry = {"RuleNumber": 1, "Protocol": protocol, "RuleAction": "deny", "Egress": False, "CidrBlock": "10.0.0.0/8"}
    acl = {"NetworkAclId": "acl-1", "Entries": [entry | {"PortRange": {"From": 443, "To": 443}}]}
    (denied,) = network_acl(acl).filter.rules
    assert listed.rule.uncertain == described.uncertain == denied.uncertain == why


def test_incomplete_acl_entries_are_uncertain_or_refused() -> None:
    entry: dict[str, object] = {"RuleNumber": 1, "Protocol": "6", "RuleAction": "deny", "CidrBlock": "10.0.0.0/8"}
    (rule,) = network_acl({"NetworkAclId": "acl-1", "Entries": [entry | {"Egress": False}]}).filter.rules
    assert rule.uncertain
    with pytest.raises(ValueError, match="Egress is missing"):
        network_acl({"NetworkAclId": "acl-1", "Entries": [entry]})
