"""Unknown values of Azure's fields, one field per case: they widen the possible traffic, or are a gap."""

from __future__ import annotations

import pytest

from azure_answers import Answers
from azure_filters import resource, rule_reader
from azure_ways import Made, hidden, ways_into
from cloudguard.model.filters import Action, Direction
from cloudguard.model.keys import KeyState
from cloudguard.model.network import NextHop
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import AnswerError, Item
from cloudguard_azure.access.calls import LIST_ROUTE_TABLES
from cloudguard_azure.network.routes import route_tables
from cloudguard_azure.network.rules import security_rule
from cloudguard_azure.storage.keys import state_of

RULE: Item = {
    "direction": "Inbound",
    "access": "Deny",
    "protocol": "Tcp",
    "priority": 100,
    "destinationPortRange": "22",
    "sourceAddressPrefix": "*",
    "destinationAddressPrefix": "*",
}


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    "changed",
    [
        {"access": "AllowIfAsked"},
        {"access": ""},
        {"direction": "Both"},
        {"protocol": "Quic"},
        {"destinationPortRange": "ssh"},
        {"destinationPortRange": "23-22"},
    ],
    ids=str,
)
def test_a_denial_with_an_unknown_value_is_uncertain(changed: Item) -> None:
    rules = rule_reader().rules(security_rule({"name": "r", "properties": {**RULE, **changed}}))
    assert rules
    assert all(rule.uncertain for rule in rules)
    assert Direction.INGRESS in {rule.direction for rule in rules}
    assert ("access" in changed) is (Action.PERMIT in {rule.action for rule in rules})


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("hop", ["Internet2", "PrivateLink", ""])
def test_a_next_hop_of_an_unknown_kind_may_be_the_internet(hop: str) -> None:
    listed = [{"name": "r", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": hop}}]
    (table,) = route_tables(Answers({LIST_ROUTE_TABLES: [resource("routeTables", "t", routes=listed)]})).values()
    assert [route.hop for route in table.routes] == [NextHop.UNKNOWN]


@pytest.mark.parametrize("changed", [{"addressPrefix": ""}, {"nextHopIpAddress": "somewhere"}], ids=str)
def test_a_route_that_is_not_understood_is_a_gap(changed: Item) -> None:
    known = {"addressPrefix": "0.0.0.0/0", "nextHopType": "Internet"}
    listed = [{"name": "r", "properties": {**known, **changed}}]
    api = Answers({LIST_ROUTE_TABLES: [resource("routeTables", "t", routes=listed)]})
    (table,) = route_tables(api).values()
    assert table.routes == ()
    assert any(FactKind.ROUTES in gap.hides for gap in api.gaps)


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("protocol", ["Sctp", ""])
def test_a_balancer_with_an_unknown_protocol_is_a_gap(protocol: str) -> None:
    account = Made()
    balancer = account.load_balancer("api", (443, 6443), public=account.public())
    account.host(pools=[account.pool(balancer)])
    account.properties(balancer)["loadBalancingRules"][0]["properties"]["protocol"] = protocol
    ways, api = ways_into(account)
    assert FactKind.BALANCERS in hidden(api)
    assert not any(balancer.listeners for balancer in ways.balancers)


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({}, KeyState.UNKNOWN),
        ({"enabled": False}, KeyState.DISABLED),
        ({"enabled": True, "exp": 1}, KeyState.EXPIRED),
        ({"enabled": True, "nbf": 3}, KeyState.UNAVAILABLE),
        ({"exp": 1}, KeyState.EXPIRED),
    ],
)
def test_a_key_without_an_enabled_field_may_be_disabled(attributes: Item, state: KeyState) -> None:
    assert state_of(attributes, 2) is state


@pytest.mark.parametrize("attributes", [{"enabled": "perhaps"}, {"enabled": True, "exp": "soon"}])
def test_a_key_that_is_not_understood_is_refused(attributes: Item) -> None:
    with pytest.raises(AnswerError):
        state_of(attributes, 2)
