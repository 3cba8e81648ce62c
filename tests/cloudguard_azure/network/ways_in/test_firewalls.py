"""Azure Firewalls as proxies in front of hosts."""

from __future__ import annotations

from typing import Any

import pytest

from azure_networks import NETWORK, link
from azure_proxied import ADDRESS, Made
from azure_ways import hidden, ways_into
from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.source import FactKind
from cloudguard_azure.network.ways_in.ways import Ways


def nat_rule(address: str, **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a firewall's destination NAT rule."""
    made: dict[str, Any] = {"name": "ssh", "translatedPort": "22", "destinationPorts": ["2222"]}
    made |= {"destinationAddresses": ["20.71.0.40"]}
    clients = {} if "sourceIpGroups" in rest else {"sourceAddresses": ["*"]}
    return made | clients | ({"translatedAddress": address} if address else {"translatedFqdn": "cp.example"}) | rest


def fronted(rule: dict[str, Any], *, classic: bool = False, hub: bool = False) -> Made:
    """Return the host behind a firewall in its network, or in a hub of a virtual WAN."""
    account = Made()
    subnet = account.subnet(account.vnet, "AzureFirewallSubnet", "10.0.7.0/26")
    place = {"name": "ip", "properties": {"subnet": link(subnet)}}
    made: dict[str, Any] = {} if hub else {"ipConfigurations": [place]}
    if classic:
        inside = {"priority": 100, "action": {"type": "Dnat"}, "rules": [{**rule, "protocols": ["TCP"]}]}
        made["natRuleCollections"] = [{"name": "in", "properties": inside}]
    else:
        policy = account.add(f"{NETWORK}/firewallPolicies", "policy", {})
        rules = [{**rule, "ruleType": "NatRule", "ipProtocols": ["TCP"]}]
        of_policy = {"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "in", "rules": rules}
        own = f"{policy}/ruleCollectionGroups/g"
        account.put({"id": own, "name": "g", "properties": {"ruleCollections": [of_policy]}})
        made["firewallPolicy"] = link(policy)
    account.add(f"{NETWORK}/azureFirewalls", "fw", made)
    return account


def ways_through(account: Made) -> Ways:
    """Return the ways in. Asserts that there is no gap."""
    ways, api = ways_into(account)
    assert api.gaps == ()
    return ways


@pytest.mark.parametrize("classic", [True, False])
def test_a_firewall_connects_to_a_member_from_its_subnet(*, classic: bool) -> None:
    ways = ways_through(fronted(nat_rule(ADDRESS), classic=classic))
    [front] = [balancer for balancer in ways.balancers if balancer.kind == "firewall"]
    assert (front.internet_facing, front.subnets[0].rpartition("/")[2]) == (True, "azurefirewallsubnet")
    [listener] = front.listeners
    assert (str(listener.service), listener.client_address) == ("tcp/2222", ClientAddress.REPLACED)
    assert [(target.host.rpartition("/")[2], str(target.service)) for target in listener.targets] == [
        ("cp-0", "tcp/22")
    ]
    [clients] = [guard for guard in ways.filters if guard.id in front.filters]
    assert [str(rule.peer) for rule in clients.rules if rule.direction is Direction.INGRESS] == ["0.0.0.0/0,::/0"]


@pytest.mark.parametrize("classic", [True, False])
def test_a_nat_rule_to_a_foreign_address_is_no_way_in(*, classic: bool) -> None:
    ways = ways_through(fronted(nat_rule("10.0.0.77"), classic=classic))
    assert [balancer.kind for balancer in ways.balancers] == ["load balancer"]


@pytest.mark.parametrize("classic", [True, False])
def test_a_nat_rule_to_a_domain_name_is_a_gap(*, classic: bool) -> None:
    assert hidden(ways_into(fronted(nat_rule(""), classic=classic))[1]) == {FactKind.BALANCERS}


@pytest.mark.parametrize(
    ("written", "clients"),
    [
        (["198.51.100.0/24"], "198.51.100.0/24"),
        (["192.0.2.7", "192.0.2.16-192.0.2.31"], "192.0.2.7/32,192.0.2.16/28"),
        ([], ""),
        (["192.0.2.31-192.0.2.16"], None),
        (None, None),
    ],
    ids=["a range", "an address and a span", "nobody", "an unknown text", "a group that was not read"],
)
def test_clients_of_an_ip_group_are_its_addresses(written: list[str] | None, clients: str | None) -> None:
    group = Made().id(f"{NETWORK}/ipGroups", "office")
    account = fronted(nat_rule(ADDRESS, sourceIpGroups=[group]))
    if written is not None:
        account.add(f"{NETWORK}/ipGroups", "office", {"ipAddresses": written})
    [filter_] = ways_through(account).filters
    assert str(filter_.rules[0].peer) == (clients if clients is not None else "0.0.0.0/0,::/0")
    assert ("office" in filter_.rules[0].uncertain) is (clients is None)


@pytest.mark.parametrize(("destination", "public"), [("10.0.7.4", False), ("20.71.0.40", True), ("*", True)])
def test_a_nat_rule_for_the_private_address_does_not_face_the_internet(destination: str, *, public: bool) -> None:
    ways = ways_through(fronted(nat_rule(ADDRESS, destinationAddresses=[destination])))
    [front] = [balancer for balancer in ways.balancers if balancer.kind == "firewall"]
    assert front.internet_facing is public


def test_a_firewall_in_a_hub_connects_from_no_subnet() -> None:
    ways, api = ways_into(fronted(nat_rule(ADDRESS), hub=True))
    assert (api.gaps, [balancer.subnets for balancer in ways.balancers if balancer.kind == "firewall"]) == ((), [()])
