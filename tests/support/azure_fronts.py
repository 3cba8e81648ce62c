"""Made-up clusters on Azure that are reached by what stands in front of their hosts, and clusters that are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from azure_clusters import INTERNET, Clean, capz_tags
from azure_fixtures import Subscription
from azure_ids import Item
from azure_networks import NETWORK, link
from azure_rules import rule
from azure_ways_in import balanced
from cloudguard.results.report import Verdict
from marked_scenes import ALL_PASS, API, ETCD, NODES, Scene

SSH: Final = rule("ssh", 100, "22", INTERNET)
NODE: Final = "10.0.1.4"


def next_hosts() -> Subscription:
    """A scale set without members, whose next host is behind a NAT pool to SSH."""
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
    """An internal balancer to the API, which a private link service offers to all, and a rule for its addresses."""
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
    """A balancer to a node's SSH, whose packets pass appliances first."""
    account = balanced()
    subnet = account.subnet(account.network("nva", "10.8.0.0/16"), "nva", "10.8.0.0/24")
    gateway = account.load_balancer("nva", subnet=subnet, address="10.8.0.4", sku="Gateway")
    front = account.properties(account.id(f"{NETWORK}/loadBalancers", "front"))["frontendIPConfigurations"][0]
    front["properties"]["gatewayLoadBalancer"] = link(f"{gateway}/frontendIPConfigurations/front")
    return account


def application_gateway(address: str = NODE, *, name: str = "", cidr: str = "") -> Subscription:
    """An application gateway that sends to an address, or to a name; ``cidr``: it stands there in a network of its own.

    The control plane lets in the gateway's subnet.
    """
    account = Clean(masters=[rule("gateway", 230, "6443", "10.0.8.0/24")])
    network = account.network("edge", cidr) if cidr else account.vnet
    subnet = account.subnet(network, "gateways", cidr or "10.0.8.0/24")
    own = account.id(f"{NETWORK}/applicationGateways", "waf")
    pool = {
        "id": f"{own}/backendAddressPools/p",
        "name": "p",
        "properties": {"backendAddresses": [{"fqdn": name} if name else {"ipAddress": address}]},
    }
    place = {"name": "waf", "properties": {"subnet": link(subnet)}}
    account.add(
        f"{NETWORK}/applicationGateways", "waf", {"backendAddressPools": [pool], "gatewayIPConfigurations": [place]}
    )
    return account


def firewall(address: str = NODE) -> Subscription:
    """A firewall whose policy hands on connections from the internet to an address."""
    account = Clean()
    policy = account.add(f"{NETWORK}/firewallPolicies", "hub", {})
    one = {"name": "ssh", "ruleType": "NatRule", "translatedAddress": address, "translatedPort": "22"}
    listed = [{"ruleCollectionType": "FirewallPolicyNatRuleCollection", "name": "in", "rules": [one]}]
    account.put({"id": f"{policy}/ruleCollectionGroups/g", "name": "g", "properties": {"ruleCollections": listed}})
    account.add(f"{NETWORK}/azureFirewalls", "hub", {"firewallPolicy": link(policy)})
    return account


def bastion() -> Subscription:
    """A bastion for developers, whose connections the rule for health checks lets in."""
    account = Clean()
    account.add(f"{NETWORK}/bastionHosts", "dev", {"ipConfigurations": [], "virtualNetwork": link(account.vnet)})
    return account


_HIDDEN: Final = ALL_PASS | dict.fromkeys((API, NODES, ETCD), Verdict.UNKNOWN)
FRONTS: Mapping[str, Scene[Subscription]] = {
    "nat-pool-of-an-empty-set": Scene(
        next_hosts, ALL_PASS | {NODES: Verdict.FAIL}, (("node-access/internet", "critical"),)
    ),
    "published-api": Scene(published, ALL_PASS | {API: Verdict.UNKNOWN}),
    "behind-a-gateway-balancer": Scene(behind_gateway, ALL_PASS | {NODES: Verdict.UNKNOWN}),
    "application-gateway": Scene(application_gateway, _HIDDEN, gaps=(f"{NETWORK}/applicationGateways:listAll",)),
    "application-gateway-to-others": Scene(lambda: application_gateway("10.0.9.9"), ALL_PASS),
    "application-gateway-to-a-name": Scene(
        lambda: application_gateway(name="api.prod.internal"),
        _HIDDEN,
        gaps=(f"{NETWORK}/applicationGateways:listAll",),
    ),
    "application-gateway-to-a-site": Scene(lambda: application_gateway(name="shop.azurewebsites.net"), ALL_PASS),
    "application-gateway-elsewhere": Scene(
        lambda: application_gateway(name="api.prod.internal", cidr="10.9.0.0/24"), ALL_PASS
    ),
    "firewall": Scene(firewall, _HIDDEN, gaps=(f"{NETWORK}/firewallPolicies/ruleCollectionGroups:list",)),
    "firewall-to-others": Scene(lambda: firewall("10.0.9.9"), ALL_PASS),
    "bastion-for-developers": Scene(bastion, ALL_PASS),
}
