"""The rules that a network security group can express: written rules are read back as the same traffic."""

from __future__ import annotations

import pytest
from hypothesis import given

from cloudguard.model.filters import Direction
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.change import PeerOf, RulePeer, RuleTraffic
from cloudguard_azure.changes.rule_forms import protocol_and_ports, rules_of
from cloudguard_azure.network.rules import SUPPORTED_SERVICES, services_of
from strategies import services as drawn_services

ANYONE, OFFICE = "0.0.0.0/0,::/0", "198.51.100.0/24"


def traffic(services: str, peer: str = OFFICE) -> RuleTraffic:
    """Return the traffic of a rule for a range."""
    return RuleTraffic(Direction.INGRESS, ServiceSet.parse(services), RulePeer(PeerOf.RANGE, peer))


def services_of_rules(services: str, peer: str = OFFICE) -> list[str]:
    """Return the services of each rule that says them."""
    return [str(rule.services) for rule in rules_of(traffic(services, peer))]


@pytest.mark.parametrize(
    ("services", "parts"),
    [
        ("tcp/22,tcp/80-90", ["tcp/22,tcp/80-90"]),
        ("tcp/53,udp/53", ["tcp/53,udp/53"]),
        ("tcp/53,udp/54", ["tcp/53", "udp/54"]),
        ("tcp,udp", ["tcp", "udp"]),
        ("icmp", ["icmp"]),
        ("proto/50-51", ["proto/50", "proto/51"]),
        (str(SUPPORTED_SERVICES), [str(SUPPORTED_SERVICES)]),
        ("all", ["all"]),
        ("icmp/8", []),
        ("tcp/22,proto/4", []),
    ],
)
def test_one_rule_has_one_protocol_and_any_ports(services: str, parts: list[str]) -> None:
    assert services_of_rules(services) == parts


def test_one_rule_has_addresses_of_one_ip_version() -> None:
    traffics = rules_of(traffic("tcp/22", "198.51.100.0/24,203.0.113.0/24,2001:db8::/32"))
    assert [traffic.peer.value for traffic in traffics] == ["198.51.100.0/24,203.0.113.0/24", "2001:db8::/32"]
    assert len(rules_of(traffic("tcp/22", ANYONE))) == 1


def test_icmp_needs_addresses_of_its_ip_version() -> None:
    assert services_of_rules("icmp", "198.51.100.0/24") == ["icmp"]
    assert services_of_rules("icmpv6", "2001:db8::/32") == ["icmpv6"]
    assert services_of_rules("icmp", ANYONE) == []


@given(drawn_services())
def test_written_rules_are_read_as_the_same_services(services: ServiceSet) -> None:
    peer = RulePeer(PeerOf.RANGE, ANYONE)
    parts = [traffic.services for traffic in rules_of(RuleTraffic(Direction.INGRESS, services, peer))]
    read = ServiceSet.nothing()
    for part in parts:
        protocol, ports = protocol_and_ports(part, peer)
        found, strange = services_of(protocol.lower(), ports)
        assert not strange
        read |= found
    port_0 = ServiceSet.parse("tcp/0,udp/0")  # "1-65535" is read as every port
    assert not parts or read | port_0 == services & SUPPORTED_SERVICES | port_0
