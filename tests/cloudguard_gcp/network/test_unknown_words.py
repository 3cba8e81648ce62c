"""A rule or route of Google Cloud with an unknown value is uncertain, and never closes a path."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard.model.filters import Action
from cloudguard.model.network import NextHop
from cloudguard.packet_sets.addresses import ALL4, ALL6
from cloudguard_gcp.cluster.keys import key_of
from cloudguard_gcp.network.forwarding_rules import forwarding_rule
from cloudguard_gcp.network.routes import members_of, vpc_route, with_routes
from cloudguard_gcp.network.subnets import vpc_network, vpc_subnet
from gcp_filters import NAME, NETWORK, chain, rules

Item = dict[str, Any]
GATEWAY = {"nextHopGateway": "projects/p/global/gateways/default-internet-gateway"}
FIREWALL = {"nextHopInstance": "projects/p/zones/r-a/instances/a-firewall"}


def policy_rules(**fields: Any) -> list[tuple[Action, str]]:  # noqa: ANN401 - JSON
    rule: Item = {"priority": 1, "direction": "INGRESS", "action": "deny", "match": {}, **fields}
    guard = chain([], [{"name": "1", "type": "HIERARCHY", "rules": [rule]}])[0]
    return [(rule.action, rule.uncertain) for rule in guard.rules]


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"match": {"srcDeviceTags": ["managed"]}}, "srcDeviceTags"),
        ({"match": {"srcIpRanges": ["0.0.0.0/0"], "applications": ["ssh"]}}, "applications"),
        ({"targetLabels": {"tier": "web"}}, "targetLabels"),
        ({"targetType": "GATEWAYS"}, "GATEWAYS"),
        ({"targetSecureTags": [{"name": "tagValues/1"}]}, "tagValues/1"),
        ({"match": {"layer4Configs": [{"ipProtocol": "teleport"}]}}, "teleport"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_denial_with_an_unknown_condition_is_uncertain(fields: Item, cause: str) -> None:
    found = policy_rules(**fields)
    assert found
    assert all(action is Action.DENY and cause in uncertain for action, uncertain in found)


def test_a_denial_with_known_values_is_certain() -> None:
    match: Item = {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "all"}], "srcSecureTags": []}
    assert policy_rules(match=match, targetType="INSTANCES", targetResources=[NETWORK]) == [(Action.DENY, "")]


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("action", ["mirror", "ask_somebody", ""])
def test_a_rule_with_an_unknown_action_may_permit_or_deny(action: str) -> None:
    found = policy_rules(action=action)
    assert {each for each, _ in found} == {Action.PERMIT, Action.DENY}
    assert all(uncertain for _, uncertain in found)


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("field", ["sourceLabels", "targetSecureTags", "destinationTags"])
@pytest.mark.parametrize("does", ["allowed", "denied"])
def test_a_firewall_with_an_unknown_condition_is_uncertain(field: str, does: str) -> None:
    (rule,) = rules({"name": "f", "network": NETWORK, does: [{"IPProtocol": "all"}], field: ["x"]})
    assert field in rule.uncertain


def hops(*routes: Item) -> list[NextHop]:
    """Return the next hops of packets to the internet, for routes in the order of their priority."""
    subnet = vpc_subnet({"selfLink": f"{NAME}/s", "name": "s", "network": NETWORK, "ipCidrRange": "10.0.0.0/20"})
    whole = {"network": NETWORK, "destRange": "0.0.0.0/0"}
    read = [vpc_route({"name": f"r{place}", "priority": place, **whole, **item}) for place, item in enumerate(routes)]
    (found,) = with_routes([subnet.subnet], read, (), members_of((), ()))
    assert all(route.destination == ALL4 for route in found.routes)
    return [route.hop for route in found.routes]


@pytest.mark.parametrize(
    "state",
    [
        {"warnings": [{"code": "NEXT_HOP_NOT_RUNNING"}]},
        {"warnings": [{"code": "NEXT_HOP_INSTANCE_NOT_FOUND"}]},
        {"routeStatus": "DROPPED"},
        {"routeStatus": "INACTIVE"},
    ],
    ids=str,
)
def test_a_route_with_a_dead_next_hop_gives_way_to_the_next_route(state: Item) -> None:
    assert hops(FIREWALL | state, GATEWAY) == [NextHop.INTERNET]
    assert hops(FIREWALL | state) == [NextHop.APPLIANCE]


def test_a_route_in_force_overrides_the_next_route() -> None:
    assert hops(FIREWALL | {"routeStatus": "ACTIVE", "warnings": [{"code": "DEPRECATED"}]}, GATEWAY) == [
        NextHop.APPLIANCE
    ]


RULE: Item = {
    "selfLink": "projects/p/regions/r/forwardingRules/f",
    "name": "f",
    "IPAddress": "203.0.113.1",
    "loadBalancingScheme": "INTERNAL",
    "IPProtocol": "TCP",
    "ports": ["443"],
    "target": "projects/p/regions/r/targetPools/t",
}


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("scheme", ["EXTERNAL_EDGE", "PARTNER", ""])
def test_a_rule_with_an_unknown_scheme_may_face_the_internet(scheme: str) -> None:
    rule = forwarding_rule(RULE | {"loadBalancingScheme": scheme})
    assert rule is not None
    assert rule.outside is not False


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("changed", [{"IPProtocol": "QUIC"}, {"ports": ["https"]}, {"sourceIpRanges": ["zone-1"]}])
def test_a_forwarding_rule_that_is_not_understood_is_refused(changed: Item) -> None:
    with pytest.raises(ValueError, match=r".+"):
        forwarding_rule(RULE | changed)


@pytest.mark.mistake("unknown-word")
def test_a_next_hop_of_an_unknown_kind_may_be_the_internet() -> None:
    assert hops({"nextHopTeleport": "somewhere"}) == [NextHop.UNKNOWN]


RESTING, OF_TOMORROW = {"routeStatus": "RESTING"}, {"warnings": [{"code": "NEXT_HOP_OF_TOMORROW"}]}


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("state", [RESTING, OF_TOMORROW], ids=str)
def test_a_route_with_an_unknown_status_is_undecided(state: Item) -> None:
    assert hops(FIREWALL | state, GATEWAY) == [NextHop.UNKNOWN]
    assert hops(GATEWAY | state, FIREWALL) == [NextHop.UNKNOWN]
    assert hops(GATEWAY | state) == [NextHop.INTERNET]


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    ("written", "versions"),
    [
        ({}, ALL4),
        ({"ipVersion": "IPV4"}, ALL4),
        ({"ipVersion": "IPV6", "IPAddress": "2600:1900::1"}, ALL6),
        ({"IPAddress": "2600:1900::1"}, ALL6),
        ({"ipVersion": "UNSPECIFIED_VERSION"}, ALL4 | ALL6),
        ({"ipVersion": "IPV8"}, ALL4 | ALL6),
        ({"ipVersion": "IPV8", "IPAddress": "projects/p/global/addresses/a"}, ALL4 | ALL6),
        ({"ipVersion": "IPV6"}, ALL4 | ALL6),
    ],
    ids=str,
)
def test_an_unknown_ip_version_may_be_either(written: Item, versions: object) -> None:
    rule = forwarding_rule(RULE | written)
    assert rule is not None
    assert rule.versions == versions


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    "changed", [{"networkFirewallPolicyEnforcementOrder": "NEVER"}, {"routingConfig": {"routingMode": "GALACTIC"}}]
)
def test_a_network_with_an_unknown_value_is_refused(changed: Item) -> None:
    with pytest.raises(ValueError, match=r".+"):
        vpc_network({"selfLink": NETWORK, "name": "n", **changed})


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("changed", [{"direction": "SIDEWAYS"}, {"redirected": [{"IPProtocol": "all"}]}])
def test_a_firewall_of_an_unknown_kind_is_refused(changed: Item) -> None:
    action = {} if "redirected" in changed else {"denied": [{"IPProtocol": "all"}]}
    with pytest.raises(ValueError, match=r".+"):
        rules({"name": "f", "network": NETWORK, **action, **changed})


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("key", [{"hsmKeyName": "k"}, {"kmsKeyServiceAccount": "a"}])
def test_a_key_with_an_unknown_manager_does_not_count_as_google_s(key: Item) -> None:
    with pytest.raises(ValueError, match="key of an unknown kind"):
        key_of(key)
    assert (key_of({}), key_of({"kmsKeyName": "k"} | key)) == ("", "k")
