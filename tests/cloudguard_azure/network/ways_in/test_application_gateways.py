"""Application gateways as proxies in front of hosts."""

from __future__ import annotations

from typing import Any

import pytest

from azure_networks import NETWORK, link
from azure_proxied import ADDRESS, Made
from azure_ways import OTHERS, hidden, reached, targets_of_balancers, ways_into
from cloudguard.model.load_balancers import Balancer, ClientAddress
from cloudguard.model.source import FactKind

KIND = "application gateway"


class Fronted(Made):
    """An account with a host and a subnet for gateways."""

    def __init__(self) -> None:
        super().__init__()
        self.edge = self.subnet(self.vnet, "gateways", "10.0.8.0/24")
        self.host = self.id("Microsoft.Compute/virtualMachines", "cp-0").lower()
        self.gateway = self.id(f"{NETWORK}/applicationGateways", "waf")

    def waf(self, *addresses: str, ports: tuple[int, ...] = (443, 6443), **rest: Any) -> None:  # noqa: ANN401 - JSON
        """Add an application gateway."""
        public = self.public_address("waf", "20.71.0.30")
        listed = [{"ipAddress": address} for address in addresses]
        self.application_gateway("waf", self.edge, public=public, addresses=listed, ports=ports, **rest)

    def inside(self, key: str) -> dict[str, Any]:
        """Return the properties of a part of the gateway."""
        return self.properties(f"{self.gateway}/{key}/one")


def gateways(account: Made) -> list[Balancer]:
    """Return the gateways that lead to the cluster. Asserts that there is no gap."""
    ways, api = ways_into(account)
    assert api.gaps == ()
    return [balancer for balancer in ways.balancers if balancer.kind == KIND]


def test_a_gateway_connects_to_a_member_from_its_subnet() -> None:
    account = Fronted()
    account.waf(ADDRESS, "10.0.0.77")
    [front] = gateways(account)
    assert (front.internet_facing, front.addresses.cidrs()) == (True, ("20.71.0.30/32",))
    assert front.subnets == (account.edge.lower(),)
    [listener] = front.listeners
    assert (str(listener.service), listener.client_address, listener.plaintext) == (
        "tcp/443",
        ClientAddress.REPLACED,
        False,
    )
    assert [(target.host, str(target.service)) for target in listener.targets] == [(account.host, "tcp/6443")]


@pytest.mark.parametrize(("port", "leads"), [(443, True), (80, False)])
def test_a_gateway_is_followed_through_a_load_balancer(port: int, *, leads: bool) -> None:
    account = Fronted()
    account.waf("10.0.0.200", ports=(443, port))
    balancers = gateways(account)
    assert [str(target.service) for balancer in balancers for target in balancer.listeners[0].targets] == [
        "tcp/6443"
    ] * leads


def test_a_gateway_to_a_load_balancer_with_floating_ip_is_a_gap() -> None:
    account = Fronted()
    account.properties(account.balancer)["loadBalancingRules"][0]["properties"]["enableFloatingIP"] = True
    account.waf("10.0.0.200")
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}


def test_each_path_rule_has_its_own_pool() -> None:
    account = Fronted()
    account.waf("10.0.0.77")
    other = {**link(f"{account.gateway}/backendAddressPools/two")}
    pool = {"id": other["id"], "name": "two", "properties": {"backendAddresses": [{"ipAddress": ADDRESS}]}}
    account.properties(account.gateway)["backendAddressPools"].append(pool)
    rule = account.inside("requestRoutingRules")
    settings = rule.pop("backendHttpSettings")
    paths = f"{account.gateway}/urlPathMaps/one"
    inside = {
        "defaultBackendAddressPool": rule.pop("backendAddressPool"),
        "defaultBackendHttpSettings": settings,
        "pathRules": [{"name": "api", "properties": {"backendAddressPool": other, "backendHttpSettings": settings}}],
    }
    account.properties(account.gateway)["urlPathMaps"] = [{"id": paths, "name": "one", "properties": inside}]
    rule["urlPathMap"] = link(paths)
    assert [len(gateway.listeners) for gateway in gateways(account)] == [1]


def test_a_redirection_has_no_targets() -> None:
    account = Fronted()
    account.waf(ADDRESS)
    rule = account.inside("requestRoutingRules")
    del rule["backendHttpSettings"], rule["backendAddressPool"]
    to = f"{account.gateway}/redirectConfigurations/one"
    account.properties(account.gateway)["redirectConfigurations"] = [{"id": to, "name": "one", "properties": {}}]
    rule["redirectConfiguration"] = link(to)
    assert gateways(account) == []


@pytest.mark.parametrize("missing", ["backendAddressPool", "httpListener"])
def test_an_unreadable_rule_is_a_gap_if_a_pool_leads_to_the_cluster(missing: str) -> None:
    account = Fronted()
    account.waf(ADDRESS)
    del account.inside("requestRoutingRules")[missing]
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}


@pytest.mark.parametrize(("address", "gap"), [(ADDRESS, True), ("10.0.0.77", False)])
def test_a_gateway_without_rules_is_a_gap_if_it_leads_to_the_cluster(address: str, *, gap: bool) -> None:
    account = Fronted()
    account.waf(address, ports=())
    assert (hidden(ways_into(account)[1]) == {FactKind.BALANCERS}) == gap


@pytest.mark.parametrize("linked", [True, False])
def test_a_far_gateway_with_the_cluster_s_address_is_a_gap_only_if_linked(*, linked: bool) -> None:
    account = Fronted()
    if linked:
        account.subnet(account.vnet, "GatewaySubnet", "10.0.255.0/27")
    account.edge = account.subnet(account.network("far", "10.99.0.0/16"), "gateways", "10.99.0.0/24")
    account.waf(ADDRESS)
    ways, api = ways_into(account)
    assert "waf" not in {name.partition("/")[0] for name, _, _ in targets_of_balancers(ways)}
    assert hidden(api) == ({FactKind.BALANCERS} if linked else set())


def test_a_gateway_in_a_peered_network_is_followed() -> None:
    account = Fronted()
    account.edge = account.subnet(account.hub, "gateways", "10.9.8.0/24")
    account.waf(ADDRESS)
    ways, api = ways_into(account)
    assert api.gaps == ()
    assert ways.networks == {account.hub.lower()}


def test_a_gateway_with_private_link_is_published() -> None:
    account = Fronted()
    account.waf(ADDRESS)
    offered = f"{account.gateway}/privateLinkConfigurations/one"
    account.properties(account.gateway)["privateLinkConfigurations"] = [{"id": offered, "name": "one"}]
    account.inside("frontendIPConfigurations")["privateLinkConfiguration"] = link(offered)
    [[service]] = [gateway.published for gateway in gateways(account)]
    assert (service.id, service.accepts_each) == (offered.lower(), True)


@pytest.mark.parametrize("protocol", ["Http", "Https"])
def test_http_to_the_targets_is_plaintext(protocol: str) -> None:
    account = Fronted()
    account.waf(ADDRESS, protocol=protocol)
    [front] = gateways(account)
    assert front.listeners[0].plaintext == (protocol == "Http")


def test_a_gateway_to_services_and_pods_is_no_path_to_hosts() -> None:
    account = Fronted()
    account.managed_cluster(nodes_group="nodes", subnet=account.nodes, addresses=["10.0.0.20"])
    account.balancer = account.load_balancer("web", (80, 80), subnet=account.nodes, address="10.0.0.201", rg="nodes")
    rule = account.properties(account.balancer)["loadBalancingRules"][0]
    name = "a0123456789abcdef0123456789abcde-TCP-80"
    rule |= {"id": f"{account.balancer}/loadBalancingRules/{name}", "name": name}
    account.machine("n-0", account.nodes, "10.0.0.21", rg="nodes", pools=[account.pool(account.balancer)])
    nic = account.id(f"{NETWORK}/networkInterfaces", "n-0-nic", group="nodes")
    listed = account.properties(nic)["ipConfigurations"]
    pod = {**listed[0]["properties"], "primary": False, "privateIPAddress": "10.0.0.99"}
    listed.append({"id": f"{nic}/ipConfigurations/pod", "name": "pod", "properties": pod})
    account.waf("10.0.0.99", "10.0.0.201", ports=(80, 80))
    assert gateways(account) == []


@pytest.mark.parametrize("side", ["gateway", "interface"])
def test_members_are_found_from_the_gateway_s_and_the_interface_s_side(side: str) -> None:
    account = Fronted()
    nic = account.id(f"{NETWORK}/networkInterfaces", "cp-0-nic")
    account.waf()
    if side == "gateway":
        configured = [link(f"{nic}/ipConfigurations/ipconfig1")]
        account.inside("backendAddressPools")["backendIPConfigurations"] = configured
    else:
        inside = account.properties(nic)["ipConfigurations"][0]["properties"]
        pool = f"{account.gateway}/backendAddressPools/one"
        inside["applicationGatewayBackendAddressPools"] = [link(pool)]
    assert len(gateways(account)) == 1
    assert (account.host, True) in reached(ways_into(account)[0])


def test_an_interface_s_pool_that_no_gateway_has_is_a_gap() -> None:
    account = Fronted()
    nic = account.id(f"{NETWORK}/networkInterfaces", "cp-0-nic")
    inside = account.properties(nic)["ipConfigurations"][0]["properties"]
    inside["applicationGatewayBackendAddressPools"] = [link(f"{account.gateway}/backendAddressPools/one")]
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}


def test_foreign_members_do_not_count() -> None:
    account = Fronted()
    account.machine("theirs", account.nodes, "10.0.0.99", rg=OTHERS)
    nic = account.id(f"{NETWORK}/networkInterfaces", "theirs-nic", group=OTHERS)
    account.waf()
    account.inside("backendAddressPools")["backendIPConfigurations"] = [link(f"{nic}/ipConfigurations/ipconfig1")]
    assert gateways(account) == []


POLICIES = f"{NETWORK}/applicationGatewayWebApplicationFirewallPolicies"


def custom(action: str = "Block", **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a custom rule about clients outside the office."""
    about = {"matchVariables": [{"variableName": "RemoteAddr"}], "operator": "IPMatch", "negationConditon": True}
    match = {**about, "matchValues": ["198.51.100.0/24"]}
    return {"name": "x", "priority": 1, "ruleType": "MatchRule", "action": action, "matchConditions": [match], **rest}


@pytest.mark.parametrize("place", ["", "httpListeners"])
@pytest.mark.parametrize(
    ("rules", "mode", "blocks"),
    [
        ([custom()], "Prevention", True),
        ([custom("JSChallenge")], "Prevention", True),
        ([], "Prevention", False),
        ([custom()], "Detection", False),
        ([custom("Allow"), custom(state="Disabled"), custom(ruleType="RateLimitRule")], "Prevention", False),
    ],
    ids=["others are blocked", "others are challenged", "managed rules only", "it only logs", "nobody is blocked"],
)
def test_a_policy_may_block_clients(rules: list[dict[str, Any]], mode: str, place: str, *, blocks: bool) -> None:
    account = Fronted()
    account.waf(ADDRESS)
    settings, managed = {"state": "Enabled", "mode": mode}, {"managedRuleSets": list[Any]()}
    policy = account.add(POLICIES, "p", {"policySettings": settings, "customRules": rules, "managedRules": managed})
    (account.inside(place) if place else account.properties(account.gateway))["firewallPolicy"] = link(policy)
    ways, _ = ways_into(account)
    [front] = [balancer for balancer in ways.balancers if balancer.kind == KIND]
    uncertain = [rule.uncertain for guard in ways.filters if guard.id in front.filters for rule in guard.rules]
    assert any("clients the custom rules of p block" in text for text in uncertain) is blocks


def test_a_policy_that_was_not_read_may_block_clients() -> None:
    account = Fronted()
    account.waf(ADDRESS, firewallPolicy=link(f"/subscriptions/s/resourceGroups/g/providers/{POLICIES}/elsewhere"))
    [front] = gateways(account)
    assert front.filters[-1].endswith("/elsewhere")
