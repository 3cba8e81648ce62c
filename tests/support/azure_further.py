"""Made-up clusters on Azure with rules of network managers, service tags, IPv6 and Services."""

from __future__ import annotations

from azure_clusters import INTERNET, Clean
from azure_fixtures import Subscription
from azure_ids import Item
from azure_networks import NETWORK, link
from azure_rules import ANY, rule
from azure_ways_in import AUTHORIZED, SSH


def admin_rule(access: str, *, allowed_below: bool) -> Subscription:
    """Return nodes with public addresses and a network manager's rule for SSH. ``allowed_below``: by the group."""
    account = Clean(nodes=[SSH] if allowed_below else [], public="Standard")
    manager = account.id(f"{NETWORK}/networkManagers", "acme", group="hub")
    configuration = f"{manager}/securityAdminConfigurations/base"
    made = {
        "id": f"{configuration}/ruleCollections/all/rules/ssh",
        "kind": "Custom",
        "configurationDescription": "base",
        "properties": {
            "access": access,
            "direction": "Inbound",
            "priority": 100,
            "protocol": "Tcp",
            "sources": [{"addressPrefix": INTERNET, "addressPrefixType": "ServiceTag"}],
            "destinations": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
            "sourcePortRanges": ["0-65535"],
            "destinationPortRanges": ["22"],
        },
    }
    path = f"{account.vnet}/listNetworkManagerEffectiveSecurityAdminRules"
    account.answer(path, {"value": [made]}, "POST")
    return account


def from_tag(tag: str) -> Subscription:
    """Return nodes with public addresses that let in SSH from the service tag ``tag``."""
    return Clean(nodes=[rule("ssh", 100, "22", tag)], public="Standard")


def by_v6() -> Subscription:
    """Return a cluster with a node with a public IPv6 address, and a rule that lets in SSH from all IPv6 addresses."""
    account = Clean(nodes=[rule("ssh", 100, "22", "::/0")])
    interface = account.interface_of("prod-node-1")
    public = account.public_address("v6", "2603:1020:206::7")
    account.properties(account.vnet)["addressSpace"]["addressPrefixes"].append("fd00:db8::/48")
    subnet = account.properties(account.vnet)["subnets"][1]
    subnet["properties"]["addressPrefixes"] = [subnet["properties"].pop("addressPrefix"), "fd00:db8:0:1::/64"]
    held: Item = {
        "privateIPAddress": "fd00:db8:0:1::4",
        "privateIPAddressVersion": "IPv6",
        "primary": False,
        "subnet": link(subnet["id"]),
        "publicIPAddress": link(public),
    }
    own = f"{interface}/ipConfigurations/v6"
    account.properties(interface)["ipConfigurations"].append({"id": own, "name": "v6", "properties": held})
    return account


def service(*, everywhere: bool = False) -> Subscription:
    """Return an AKS cluster with a Service: a load balancer with floating IP, and the rule that AKS writes for it.

    kubernetes-sigs/cloud-provider-azure pkg/consts/consts.go. The rule names the Service's address; ``everywhere``: it
    names no address.
    """
    account, address = Subscription(), "20.61.1.2"
    destination = ANY if everywhere else address
    account.managed_cluster(
        access=AUTHORIZED, nsg_rules=[rule("k8s-azure-lb_allow", 500, "443", INTERNET, destination=destination)]
    )
    rg = account.node_group()
    tags = {"k8s-azure-service": "default/web", "k8s-azure-cluster-name": "kubernetes"}
    public = account.public_address("kubernetes-a1", address, rg=rg, tags=tags)
    balancer = account.properties(account.id(f"{NETWORK}/loadBalancers", "kubernetes", group=rg))
    own = account.id(f"{NETWORK}/loadBalancers", "kubernetes", group=rg)
    front = f"{own}/frontendIPConfigurations/a1"
    shown = {"publicIPAddress": link(public), "privateIPAllocationMethod": "Dynamic"}
    balancer["frontendIPConfigurations"].append({"id": front, "name": "a1", "properties": shown})
    balancer["loadBalancingRules"].append(
        {
            "id": f"{own}/loadBalancingRules/a1-TCP-443",
            "name": "a1-TCP-443",
            "properties": {
                "frontendIPConfiguration": link(front),
                "frontendPort": 443,
                "backendPort": 443,
                "protocol": "Tcp",
                "enableFloatingIP": True,
                "backendAddressPool": link(account.pool(own)),
            },
        }
    )
    return account


def behind_appliance() -> Subscription:
    """Return nodes with public addresses and SSH open to everyone, whose default route leads to an appliance."""
    account = Clean(nodes=[SSH], public="Standard")
    table = account.route_table("out", ("0.0.0.0/0", "VirtualAppliance", "10.0.200.4"))
    account.properties(account.vnet)["subnets"][1]["properties"]["routeTable"] = link(table)
    return account


def of_the_cluster(role: str, *, kubelet: bool, everywhere: bool = False) -> Subscription:
    """Return an AKS cluster whose identity, or its kubelet's identity, has a role.

    The role is assigned on the resource group of the nodes; ``everywhere``: on the subscription.
    """
    account = Subscription()
    own = account.managed_cluster(access=AUTHORIZED)
    rg = account.node_group()
    identity = account.id("Microsoft.ManagedIdentity/userAssignedIdentities", "prod-agentpool", group=rg)
    where = None if everywhere else account.in_group(rg)
    account.assign(account.principal(identity if kubelet else own), role, where)
    return account


def with_public_nodes(*rules: Item) -> Subscription:
    """Return an AKS cluster whose nodes have public addresses, with further ``rules`` on their interfaces."""
    account = Subscription()
    account.managed_cluster(access=AUTHORIZED, node_addresses=["20.61.9.1", "20.61.9.2"], nsg_rules=rules)
    return account
