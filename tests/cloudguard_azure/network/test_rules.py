"""Rules of security groups in Azure's form: odd spellings are understood; other values widen the answer."""

from __future__ import annotations

import pytest

from azure_filters import group_id, reference, rule_reader
from cloudguard.model.filters import Action, Direction, Rule
from cloudguard.provider.answers import AnswerError, Item
from cloudguard_azure.network.rules import security_rule, services_of

ANY: Item = {"sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}


def rules(name: str = "r", **properties: object) -> tuple[Rule, ...]:
    whole = {
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "priority": 100,
        "destinationPortRange": "22",
    }
    return rule_reader().rules(security_rule({"name": name, "properties": {**whole, **ANY, **properties}}))


@pytest.mark.parametrize(
    ("protocol", "ports", "services"),
    [
        ("tcp", ["443-443"], "tcp/443"),
        ("udp", ["0-65535"], "udp"),
        ("tcp", ["22", "80 - 81"], "tcp/22,tcp/80-81"),
        ("*", ["*"], "tcp,udp,icmp,icmpv6,proto/50,proto/51"),
        ("any", ["Any"], "tcp,udp,icmp,icmpv6,proto/50,proto/51"),
        ("*", ["22"], "tcp/22,udp/22"),
        ("icmp", ["*"], "icmp,icmpv6"),
        ("esp", ["*"], "proto/50"),
        ("ah", ["*"], "proto/51"),
    ],
)
def test_services_are_read_in_every_spelling(protocol: str, ports: list[str], services: str) -> None:
    assert tuple(map(str, services_of(protocol, ports))) == (services, "")


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    ("protocol", "ports", "services"),
    [
        ("quic", ["443"], "tcp,udp,icmp,icmpv6,proto/50,proto/51"),
        ("tcp", ["https"], "tcp"),
        ("tcp", ["80-22"], "tcp"),
        ("tcp", ["65536"], "tcp"),
        ("udp", [], "udp"),
        ("*", ["22", "x"], "tcp,udp"),
    ],
)
def test_services_that_are_not_understood_may_be_any(protocol: str, ports: list[str], services: str) -> None:
    found, why = services_of(protocol, ports)
    assert str(found) == services
    assert why


def test_singular_and_plural_fields_and_groups_are_united() -> None:
    found = rules(
        sourceAddressPrefix="10.0.0.0/8",
        sourceAddressPrefixes=["192.0.2.7", "10.0.0.0/8"],
        sourceApplicationSecurityGroups=[reference("applicationSecurityGroups", "Web")],
        destinationPortRanges=["443"],
    )
    peers = ["10.0.0.0/8", "192.0.2.7/32", group_id("web")]
    assert [(rule.id, str(rule.peer), str(rule.services)) for rule in found] == [
        (f"r#{place}", peer, "tcp/22,tcp/443") for place, peer in enumerate(peers, 1)
    ]


def test_the_guarded_side_is_the_destination_inbound_and_the_source_outbound() -> None:
    ends = {"sourceAddressPrefix": "10.0.0.4", "destinationAddressPrefix": "10.0.9.0/24"}
    (inbound,), (outbound,) = rules(**ends), rules(**ends, direction="outbound")
    assert (inbound.direction, str(inbound.peer), str(inbound.target_ranges)) == (
        Direction.INGRESS,
        "10.0.0.4/32",
        "10.0.9.0/24",
    )
    assert (outbound.direction, str(outbound.peer), str(outbound.target_ranges)) == (
        Direction.EGRESS,
        "10.0.9.0/24",
        "10.0.0.4/32",
    )
    (aimed,) = rules(
        destinationAddressPrefix="", destinationApplicationSecurityGroups=[reference("applicationSecurityGroups", "db")]
    )
    assert (aimed.target_groups, aimed.uncertain) == ((group_id("db"),), "")


def test_one_rule_may_have_several_destinations() -> None:
    (rule,) = rules(destinationAddressPrefix="", destinationAddressPrefixes=["10.0.9.4", "VirtualNetwork", "192.0.2.7"])
    assert rule.target_ranges.cidrs() == ("10.0.0.0/16", "168.63.129.16/32", "192.0.2.7/32")
    (rule,) = rules(destinationAddressPrefixes=["10.0.9.4"])
    assert not rule.target_ranges, "with * besides, it is about everything"


@pytest.mark.mistake("unknown-word")
def test_a_rule_with_an_unknown_value_may_have_any_meaning() -> None:
    found = rules(access="Audit")
    assert {rule.action for rule in found} == {Action.DENY, Action.PERMIT}
    assert all(rule.uncertain for rule in found)
    found = rules(direction="Sideways")
    assert {rule.direction for rule in found} == {*Direction}
    assert all(rule.uncertain for rule in found)


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_missing_side_of_a_rule_may_be_anything(side: str) -> None:
    (rule,) = rules(**{f"{side}AddressPrefix": ""})
    assert str(rule.peer) == "0.0.0.0/0,::/0"
    assert not rule.target_ranges
    assert "no source or no destination" in rule.uncertain


def test_a_rule_for_some_source_ports_permits_but_does_not_certainly_deny() -> None:
    (allow,), (deny,) = rules(sourcePortRange="1024-65535"), rules(sourcePortRange="1024-65535", access="Deny")
    assert (allow.uncertain, bool(deny.uncertain)) == ("", True)


def test_a_rule_written_by_the_cloud_provider_has_it_as_its_owner() -> None:
    names = "k8s-azure-lb_allow_IPv4_b5ae07e8a4177ea2d37162cdf2badf8b", f"a{'0' * 31}-TCP-80-Internet", "mine"
    assert [bool(rule.written_by) for name in names for rule in rules(name)] == [True, True, False]


def test_a_rule_without_a_priority_is_refused() -> None:
    with pytest.raises(AnswerError):
        rules(priority=None)
