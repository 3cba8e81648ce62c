"""The rules that a firewall can express: written rules are read back as the same traffic."""

from __future__ import annotations

import pytest
from hypothesis import given

from cloudguard.model.filters import Direction
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.change import PeerOf, RulePeer, RuleTraffic
from cloudguard_gcp.changes.rule_forms import protocols, rules_of
from cloudguard_gcp.network.rules import services_of
from strategies import services as drawn_services


def peers_of_rules(services: str, peer: RulePeer, *, in_policy: bool = False) -> list[str]:
    """Return the peer of each rule that says services from a peer."""
    traffic = RuleTraffic(Direction.INGRESS, ServiceSet.parse(services), peer)
    return [rule.peer.value for rule in rules_of(traffic, in_policy=in_policy)]


BOTH = RulePeer(PeerOf.RANGE, "10.0.0.0/8,2001:db8::/32")


@pytest.mark.parametrize("services", ["tcp/22,udp/53,icmp,proto/4", "all", "tcp,udp,icmp,icmpv6"])
def test_one_rule_may_have_several_protocols(services: str) -> None:
    assert peers_of_rules(services, RulePeer(PeerOf.RANGE, "10.0.0.0/8")) == ["10.0.0.0/8"]


def test_a_firewall_has_ranges_of_one_ip_version_and_a_policy_rule_of_both() -> None:
    assert peers_of_rules("tcp/22", BOTH) == ["10.0.0.0/8", "2001:db8::/32"]
    assert peers_of_rules("tcp/22", BOTH, in_policy=True) == ["10.0.0.0/8,2001:db8::/32"]


def test_no_rule_can_have_an_icmp_type() -> None:
    assert peers_of_rules("icmp/8", BOTH) == []


def test_a_policy_rule_cannot_name_a_network_tag() -> None:
    tag = RulePeer(PeerOf.GROUP, "tag/nodes")
    assert peers_of_rules("tcp/22", tag) == ["tag/nodes"]
    assert peers_of_rules("tcp/22", tag, in_policy=True) == []


@given(drawn_services())
def test_written_protocols_are_read_as_the_same_services(services: ServiceSet) -> None:
    listed = protocols(services)
    if listed is not None:
        assert services_of((item["IPProtocol"], item.get("ports", ())) for item in listed) == (services, "")
