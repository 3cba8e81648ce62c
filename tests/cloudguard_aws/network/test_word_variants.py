"""Unknown values of AWS's fields, one field per case: they widen the possible traffic, or are a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import NODE, PUBLIC, WORLD, WORLD6, group, host, snapshot
from cloudguard.model.filters import Action
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import NextHop, Route
from cloudguard.results.report import Verdict
from cloudguard_aws.network.listeners import client_address, services_of
from cloudguard_aws.network.registrations import load_balancer, target_group, unfiltered
from cloudguard_aws.network.routes import route_table
from cloudguard_aws.network.rules import listed_rule, network_acl, security_group
from judged import rows_of

Json = dict[str, Any]
BALANCER: Json = {"LoadBalancerArn": "arn", "LoadBalancerName": "api", "Type": "network", "Scheme": "internal"}
GROUP: Json = {"TargetGroupArn": "arn", "TargetType": "instance", "Protocol": "TCP", "Port": 6443}
ENTRY: Json = {
    "RuleNumber": 1,
    "Protocol": "6",
    "RuleAction": "deny",
    "Egress": False,
    "CidrBlock": WORLD,
    "PortRange": {"From": 22, "To": 22},
}
LISTED: Json = {"SecurityGroupRuleId": "r", "GroupId": "g", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}


def routes(**to: str) -> tuple[Route, ...]:
    """Return the routes of a route table with one default route."""
    table = {"RouteTableId": "t", "VpcId": "v", "Associations": [], "Routes": [{"DestinationCidrBlock": WORLD} | to]}
    return route_table(table).routes


NEW_TARGETS: list[dict[str, str]] = [{"GatewayId": "xgw-1"}, {"LatticeId": "vl-1"}, {"NatGatewayId": "next-1"}, {}]


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("to", NEW_TARGETS, ids=str)
def test_a_next_hop_of_an_unknown_kind_may_be_the_internet(to: dict[str, str]) -> None:
    found = routes(**to)
    assert [route.hop for route in found] == [NextHop.UNKNOWN]
    node = host("n", NODE, "nodes", where="public", public="203.0.113.9")
    facts = snapshot([node], [group("nodes", ("tcp/22", WORLD))], subnets=[replace(PUBLIC, routes=found)])
    assert rows_of(facts)["node-access"].verdict is not Verdict.PASS


@pytest.mark.mistake("unknown-word")
def test_a_route_with_an_unknown_state_is_in_force() -> None:
    assert [route.hop for route in routes(GatewayId="igw-1", State="resting")] == [NextHop.INTERNET]


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("protocol", ["HTTP3", "GENEVE", "WEBSOCKET", ""])
def test_a_listener_with_an_unknown_protocol_may_use_tcp_or_udp(protocol: str) -> None:
    assert str(services_of(protocol, 443)) == "tcp/443,udp/443"


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    ("group", "attributes"),
    [
        ({"TargetType": "function"}, {}),
        ({"TargetType": "ip", "Protocol": "HTTP3"}, {}),
        ({}, {"preserve_client_ip.enabled": "sometimes"}),
        ({}, None),
    ],
)
def test_an_unknown_setting_makes_the_client_address_unknown(group: Json, attributes: dict[str, str] | None) -> None:
    assert client_address(target_group(GROUP | group), attributes) is ClientAddress.UNKNOWN


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("scheme", ["internet-and-edge", "partner", ""])
def test_a_balancer_with_an_unknown_scheme_may_face_the_internet(scheme: str) -> None:
    assert load_balancer(BALANCER | {"Scheme": scheme}).internet_facing is None


@pytest.mark.mistake("unknown-word")
def test_an_unknown_setting_of_a_balancer_restricts_nothing() -> None:
    enforced = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
    item = BALANCER | {enforced: "mostly", "IpAddressType": "ipv4-and-more"}
    front = load_balancer(item)
    assert (unfiltered(item), front.dual_stack, front.public_ipv4) == (front.id, True, True)


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("changed", [{"RuleAction": "audit"}, {"RuleAction": None}, {"CidrBlock": "zone-1"}], ids=str)
def test_an_acl_entry_that_is_not_understood_is_refused(changed: Json) -> None:
    with pytest.raises(ValueError, match=r".+"):
        network_acl({"NetworkAclId": "acl", "Entries": [ENTRY | changed]})


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("protocol", ["quic", "tcp6", ""])
def test_a_denial_of_an_unknown_protocol_is_uncertain(protocol: str) -> None:
    if not protocol:
        with pytest.raises(ValueError, match="Protocol"):
            network_acl({"NetworkAclId": "acl", "Entries": [ENTRY | {"Protocol": protocol}]})
        return
    (rule,) = network_acl({"NetworkAclId": "acl", "Entries": [ENTRY | {"Protocol": protocol}]}).filter.rules
    assert (rule.action, bool(rule.uncertain)) == (Action.DENY, True)


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("peer", [{"CidrZone": "zone-1"}, {"CidrIpv4": "10.0.0.0/99"}, {"ReferencedGroupInfo": {}}])
def test_a_peer_of_an_unknown_kind_is_refused(peer: Json) -> None:
    with pytest.raises(ValueError, match=r".+"):
        listed_rule(LISTED | peer)


@pytest.mark.mistake("unknown-word")
def test_a_permission_for_an_unknown_protocol_may_open_everything() -> None:
    permission = {"IpProtocol": "quic", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": WORLD6}]}
    (rule,) = security_group({"GroupId": "g", "IpPermissions": [permission]}).filter.rules
    assert (str(rule.services), bool(rule.uncertain)) == ("all", True)
