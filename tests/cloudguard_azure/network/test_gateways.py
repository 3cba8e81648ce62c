"""Private link services, bastions, application gateways and firewalls of a made-up subscription."""

from __future__ import annotations

from typing import Any

import pytest

from azure_fixtures import Subscription
from azure_networks import NETWORK, link
from azure_ways import OTHERS, hidden, ways_into
from cloudguard.model.source import FactKind

ADDRESS = "10.0.0.4"


class Made(Subscription):
    """The host "cp-0" behind an internal balancer, in a network with a peer."""

    def __init__(self) -> None:
        super().__init__()
        self.vnet, self.hub = self.network(), self.network("hub", "10.9.0.0/16")
        self.peering(self.vnet, self.hub)
        self.nodes = self.subnet(self.vnet)
        self.balancer = self.load_balancer("api", (443, 6443), subnet=self.nodes, address="10.0.0.200")
        self.front = f"{self.balancer}/frontendIPConfigurations/front"
        self.machine("cp-0", self.nodes, ADDRESS, pools=[self.pool(self.balancer)])

    def link_service(self, name: str = "api", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a private link service."""
        return self.add(f"{NETWORK}/privateLinkServices", name, rest)

    def bastion(self, subnet: str = "", network: str = "", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a bastion in a subnet, or a developer's for a network."""
        made: dict[str, Any] = {"ipConfigurations": []}
        if subnet:
            made["ipConfigurations"].append({"name": "ip", "properties": {"subnet": link(subnet)}})
        made |= {"virtualNetwork": link(network)} if network else {}
        return self.add(f"{NETWORK}/bastionHosts", "bastion", made | rest)


@pytest.mark.parametrize(
    ("rest", "allowed", "accepts_each"),
    [
        ({"visibility": {"subscriptions": ["*"]}, "autoApproval": {"subscriptions": ["*"]}}, ("*",), False),
        ({"visibility": {"subscriptions": ["s1"]}}, ("s1",), True),
        ({}, (), True),
    ],
)
def test_a_private_link_service_offers_a_front_end_to_others(
    rest: dict[str, Any], allowed: tuple[str, ...], *, accepts_each: bool
) -> None:
    account = Made()
    nat = account.subnet(account.vnet, "nat", "10.0.7.0/28")
    configuration = {"name": "nat", "properties": {"subnet": link(nat)}}
    account.link_service(
        loadBalancerFrontendIpConfigurations=[link(account.front)], ipConfigurations=[configuration], **rest
    )
    (balancer,) = ways_into(account)[0].balancers
    (service,) = balancer.published
    assert (service.allowed, service.accepts_each) == (allowed, accepts_each)
    assert service.translated_to.cidrs() == ("10.0.7.0/28",)


def test_clients_of_a_service_whose_subnets_are_not_known_may_arrive_from_anywhere() -> None:
    account = Made()
    account.link_service(loadBalancerFrontendIpConfigurations=[link(account.front)])
    ((service,),) = (one.published for one in ways_into(account)[0].balancers)
    assert service.translated_to.cidrs() == ("0.0.0.0/0", "::/0")


def test_a_service_that_leads_nobody_knows_where_is_a_gap() -> None:
    account = Made()
    account.link_service()
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}


@pytest.mark.parametrize(("address", "gap"), [(ADDRESS, True), ("10.0.0.200", True), ("10.0.0.77", False)])
def test_a_service_that_leads_to_an_address_is_a_gap_where_it_is_the_clusters(address: str, *, gap: bool) -> None:
    account = Made()
    account.link_service(destinationIPAddress=address)
    assert (hidden(ways_into(account)[1]) == {FactKind.BALANCERS}) == gap


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("of", ["vnet", "hub"])
def test_a_bastion_connects_from_its_subnet_for_those_whom_it_lets_through(of: str, *, shared: bool) -> None:
    account = Made()
    place = {"vnet": account.vnet, "hub": account.hub}[of]
    cidr = "10.0.8.0/26" if of == "vnet" else "10.9.8.0/26"
    account.bastion(account.subnet(place, "AzureBastionSubnet", cidr), enableShareableLink=shared)
    (tunnel,) = ways_into(account)[0].tunnels
    assert tunnel.ranges.cidrs() == (cidr,)
    assert ("link" in tunnel.gatekeeper) == shared
    assert tunnel.gatekeeper.startswith("Azure Bastion")


def test_a_developers_bastion_connects_from_where_health_is_checked() -> None:
    account = Made()
    account.bastion(network=account.vnet)
    (tunnel,) = ways_into(account)[0].tunnels
    assert tunnel.ranges.cidrs() == ("168.63.129.16/32",)


def test_bastions_of_other_networks_do_not_reach_the_hosts() -> None:
    account = Made()
    far = account.network("far", "10.99.0.0/16")
    account.bastion(account.subnet(far, "AzureBastionSubnet", "10.99.8.0/26"))
    ways, api = ways_into(account)
    assert (ways.tunnels, api.gaps) == ((), ())


@pytest.mark.parametrize("configured", [True, False])
def test_a_bastion_that_stands_nobody_knows_where_is_a_gap(*, configured: bool) -> None:
    account = Made()
    listed = account.properties(account.bastion())["ipConfigurations"]
    if configured:
        listed.append({"name": "ip", "properties": {}})
    ways, api = ways_into(account)
    assert (ways.tunnels, hidden(api)) == ((), {FactKind.ROUTES})


def gateway(account: Made, **pool: Any) -> None:  # noqa: ANN401 - JSON
    """Add an application gateway."""
    own = account.id(f"{NETWORK}/applicationGateways", "waf")
    pools = [{"id": f"{own}/backendAddressPools/p", "name": "p", "properties": pool}]
    account.add(f"{NETWORK}/applicationGateways", "waf", {"backendAddressPools": pools})


@pytest.mark.parametrize(("address", "gap"), [(ADDRESS, True), ("10.0.0.200", True), ("10.0.0.77", False)])
def test_an_application_gateway_in_front_of_the_cluster_is_a_gap(address: str, *, gap: bool) -> None:
    account = Made()
    gateway(account, backendAddresses=[{"ipAddress": address}, {"fqdn": "shop.example"}])
    assert (hidden(ways_into(account)[1]) == {FactKind.BALANCERS}) == gap


def test_a_gateway_to_services_and_pods_is_no_way_to_hosts() -> None:
    account = Made()
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
    gateway(account, backendAddresses=[{"ipAddress": "10.0.0.99"}, {"ipAddress": "10.0.0.201"}])
    assert ways_into(account)[1].gaps == ()


@pytest.mark.parametrize("side", ["gateway", "interface"])
def test_an_application_gateway_is_found_from_both_sides(side: str) -> None:
    account = Made()
    nic = account.id(f"{NETWORK}/networkInterfaces", "cp-0-nic")
    gateway(account, backendIPConfigurations=[link(f"{nic}/ipConfigurations/ipconfig1")] if side == "gateway" else [])
    if side == "interface":
        pool = f"{account.id(f'{NETWORK}/applicationGateways', 'waf')}/backendAddressPools/p"
        inside = account.properties(nic)["ipConfigurations"][0]["properties"]
        inside["applicationGatewayBackendAddressPools"] = [link(pool)]
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}


def test_an_application_gateway_of_others_does_not_matter() -> None:
    account = Made()
    account.machine("theirs", account.nodes, "10.0.0.99", rg=OTHERS)
    nic = account.id(f"{NETWORK}/networkInterfaces", "theirs-nic", group=OTHERS)
    gateway(account, backendIPConfigurations=[link(f"{nic}/ipConfigurations/ipconfig1")])
    assert ways_into(account)[1].gaps == ()


def translating(address: str, **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a firewall's rule that translates destinations."""
    made = {"name": "ssh", "translatedPort": "22", "destinationPorts": ["22"], "sourceAddresses": ["*"]}
    return made | ({"translatedAddress": address} if address else {"translatedFqdn": "cp.example"}) | rest


@pytest.mark.parametrize(("address", "gap"), [(ADDRESS, True), ("", True), ("10.0.0.77", False)])
@pytest.mark.parametrize("classic", [True, False])
def test_a_firewall_that_hands_on_connections_to_the_cluster_is_a_gap(
    address: str, *, gap: bool, classic: bool
) -> None:
    account = Made()
    if classic:
        rules = [translating(address, protocols=["TCP"])]
        collection = {"name": "in", "properties": {"priority": 100, "action": {"type": "Dnat"}, "rules": rules}}
        account.add(f"{NETWORK}/azureFirewalls", "fw", {"natRuleCollections": [collection]})
    else:
        policy = account.add(f"{NETWORK}/firewallPolicies", "policy", {})
        rules = [translating(address, ruleType="NatRule", ipProtocols=["TCP"])]
        of_policy = {"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "in", "rules": rules}
        own = f"{policy}/ruleCollectionGroups/g"
        account.put({"id": own, "name": "g", "properties": {"ruleCollections": [of_policy]}})
        account.add(f"{NETWORK}/azureFirewalls", "fw", {"firewallPolicy": link(policy)})
    assert (hidden(ways_into(account)[1]) == {FactKind.BALANCERS}) == gap


def test_a_service_gateway_is_a_gap() -> None:
    account = Made()
    account.properties(account.nodes)["serviceGateway"] = link(account.id(f"{NETWORK}/serviceGateways", "sg"))
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}
