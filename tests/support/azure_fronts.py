"""Made-up clusters on Azure with load balancers, gateways or firewalls in front of their hosts, open or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from azure_clusters import INTERNET, NOBODY, OFFICE, Clean, capz_tags
from azure_fixtures import Subscription
from azure_ids import Item
from azure_networks import NETWORK, link
from azure_rules import rule
from azure_ways_in import balanced
from cloudguard.results.report import Verdict
from marked_scenes import ALL_PASS, API, ETCD, NODES, Scene

SSH: Final = rule("ssh", 100, "22", INTERNET)
CONTROL, NODE = "10.0.0.4", "10.0.1.4"


def next_hosts() -> Subscription:
    """Return a cluster with an empty scale set, whose next host is behind a NAT pool to SSH."""
    account = Clean(nodes=[SSH])
    balancer = account.load_balancer("front", public=account.public_address("front", "20.71.0.20"))
    pool = f"{balancer}/inboundNatPools/ssh"
    inside = {
        "frontendIPConfiguration": link(f"{balancer}/frontendIPConfigurations/front"),
        "frontendPortRangeStart": 50000,
        "frontendPortRangeEnd": 50119,
        "backendPort": 22,
        "protocol": "Tcp",
        "enableFloatingIP": False,
    }
    account.properties(balancer)["inboundNatPools"].append({"id": pool, "name": "ssh", "properties": inside})
    own = account.scale_set(
        "md-1", f"{account.vnet}/subnets/prod-node-subnet", asgs=[account.nodes], tags=capz_tags("node")
    )
    profile = account.properties(own)["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"][0]
    profile["properties"]["ipConfigurations"][0]["properties"]["loadBalancerInboundNatPools"] = [link(pool)]
    return account


def published() -> Subscription:
    """Return a cluster whose internal load balancer to the API is offered to everyone by a private link service."""
    account = Clean(masters=[rule("link", 230, "6443", "10.0.7.0/28")])
    nat = account.subnet(account.vnet, "link", "10.0.7.0/28")
    balancer = account.load_balancer("api", (6443, 6443), subnet=nat, address="10.0.7.4")
    configuration = account.properties(account.interface_of("prod-cp-0"))["ipConfigurations"][0]["properties"]
    configuration["loadBalancerBackendAddressPools"] = [link(account.pool(balancer))]
    made: Item = {
        "loadBalancerFrontendIpConfigurations": [link(f"{balancer}/frontendIPConfigurations/front")],
        "ipConfigurations": [{"name": "nat", "properties": {"subnet": link(nat)}}],
        "visibility": {"subscriptions": ["*"]},
        "autoApproval": {"subscriptions": []},
    }
    account.add(f"{NETWORK}/privateLinkServices", "api", made)
    return account


def behind_gateway() -> Subscription:
    """Return a cluster with a load balancer to a node's SSH, behind appliances of a gateway load balancer."""
    account = balanced()
    subnet = account.subnet(account.network("nva", "10.8.0.0/16"), "nva", "10.8.0.0/24")
    gateway = account.load_balancer("nva", subnet=subnet, address="10.8.0.4", sku="Gateway")
    front = account.properties(account.id(f"{NETWORK}/loadBalancers", "front"))["frontendIPConfigurations"][0]
    front["properties"]["gatewayLoadBalancer"] = link(f"{gateway}/frontendIPConfigurations/front")
    return account


def application_gateway(
    address: str = CONTROL, *, name: str = "", cidr: str = "", guarded: bool = False, rules: bool = True
) -> Subscription:
    """Return a cluster with an application gateway that forwards port 443 to port 6443 of ``address`` or ``name``.

    ``cidr``: the gateway is in a separate network with this range. ``guarded``: its subnet lets in only the office. The
    control plane lets in the gateway's subnet.
    """
    account = Clean(masters=[rule("gateway", 230, "6443", "10.0.8.0/24")])
    network = account.network("edge", cidr) if cidr else account.vnet
    nsg = account.security_group("waf", rule("office", 200, "443", OFFICE), *NOBODY) if guarded else ""
    subnet = account.subnet(network, "gateways", cidr or "10.0.8.0/24", nsg=nsg)
    public = account.public_address("waf", "20.71.0.30")
    targets = [{"fqdn": name} if name else {"ipAddress": address}]
    account.application_gateway("waf", subnet, public=public, addresses=targets, ports=(443, 6443) if rules else ())
    return account


def firewall(
    address: str = NODE, *, sources: Sequence[str] = ("*",), let_in: bool = False, of_group: bool = False
) -> Subscription:
    """Return a cluster with a firewall whose policy forwards its port 2222 to SSH of ``address``.

    ``let_in``: the nodes let in the firewall's traffic. ``of_group``: the rule names its clients by an IP group.
    """
    account = Clean(nodes=[rule("firewall", 220, "22", "10.0.7.0/26")] if let_in else [])
    subnet = account.subnet(account.vnet, "AzureFirewallSubnet", "10.0.7.0/26")
    public = account.public_address("hub", "20.71.0.40")
    policy = account.add(f"{NETWORK}/firewallPolicies", "hub", {})
    clients: Item = {"sourceAddresses": [*sources]}
    if of_group:
        clients = {"sourceIpGroups": [account.add(f"{NETWORK}/ipGroups", "office", {"ipAddresses": [OFFICE]})]}
    item = {
        "name": "ssh",
        "ruleType": "NatRule",
        "ipProtocols": ["TCP"],
        "destinationAddresses": ["20.71.0.40"],
        "destinationPorts": ["2222"],
        "translatedAddress": address,
        "translatedPort": "22",
        **clients,
    }
    listed = [{"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "in", "rules": [item]}]
    account.put({"id": f"{policy}/ruleCollectionGroups/g", "name": "g", "properties": {"ruleCollections": listed}})
    place = {"name": "ip", "properties": {"subnet": link(subnet), "publicIPAddress": link(public)}}
    account.add(f"{NETWORK}/azureFirewalls", "hub", {"firewallPolicy": link(policy), "ipConfigurations": [place]})
    return account


def bastion() -> Subscription:
    """Return a cluster with a Developer bastion. The rule for health checks lets in its connections."""
    account = Clean()
    account.add(f"{NETWORK}/bastionHosts", "dev", {"ipConfigurations": [], "virtualNetwork": link(account.vnet)})
    return account


_WORLD, _SSH_OPEN = ("api-server-access/internet", "critical"), ("node-access/internet", "critical")
_HIDDEN: Final = ALL_PASS | dict.fromkeys((API, NODES, ETCD), Verdict.UNKNOWN)
FRONTS: Mapping[str, Scene[Subscription]] = {
    "nat-pool-of-an-empty-set": Scene(
        next_hosts, ALL_PASS | {NODES: Verdict.FAIL}, (("node-access/internet", "critical"),)
    ),
    "published-api": Scene(published, ALL_PASS | {API: Verdict.UNKNOWN}),
    "behind-a-gateway-balancer": Scene(behind_gateway, ALL_PASS | {NODES: Verdict.UNKNOWN}),
    "application-gateway": Scene(application_gateway, ALL_PASS | {API: Verdict.FAIL}, (_WORLD,)),
    "application-gateway-for-the-office": Scene(lambda: application_gateway(guarded=True), ALL_PASS),
    "application-gateway-to-a-node": Scene(lambda: application_gateway(NODE), ALL_PASS),
    "application-gateway-to-others": Scene(lambda: application_gateway("10.0.9.9"), ALL_PASS),
    "application-gateway-without-a-rule": Scene(
        lambda: application_gateway(rules=False), _HIDDEN, gaps=(f"{NETWORK}/applicationGateways:listAll",)
    ),
    "application-gateway-to-a-name": Scene(
        lambda: application_gateway(name="api.prod.internal"),
        _HIDDEN,
        gaps=(f"{NETWORK}/applicationGateways:listAll",),
    ),
    "application-gateway-to-a-site": Scene(lambda: application_gateway(name="shop.azurewebsites.net"), ALL_PASS),
    "application-gateway-elsewhere": Scene(
        lambda: application_gateway(name="api.prod.internal", cidr="10.9.0.0/24"), ALL_PASS
    ),
    "firewall-that-nodes-shut-out": Scene(firewall, ALL_PASS),
    "firewall-to-ssh": Scene(lambda: firewall(let_in=True), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH_OPEN,)),
    "firewall-for-one-address": Scene(
        lambda: firewall(let_in=True, sources=["192.0.2.7"]), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH_OPEN,)
    ),
    "firewall-to-others": Scene(lambda: firewall("10.0.9.9"), ALL_PASS),
    "bastion-for-developers": Scene(bastion, ALL_PASS),
}
