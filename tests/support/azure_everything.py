"""A cluster on Azure with every kind of resource around it that an adapter reads. None of them opens the cluster."""

from __future__ import annotations

from azure_clusters import Clean, capz_tags
from azure_fixtures import Subscription
from azure_networks import NETWORK, link

COMPUTE = "Microsoft.Compute"
HUB = "10.9.0.0/16"


def everything() -> Subscription:
    """Return a cluster with machines and scale sets of both kinds, and a hub network with the other resources."""
    account = Clean(identities=["prod-node"])
    _sets(account)
    _hub(account)
    _identities(account)
    _keys(account)
    return account


def _sets(account: Clean) -> None:
    """Add a scale set of each kind in a subnet with a NAT gateway, which uses a prefix, and a route table."""
    table = account.route_table("prod-routes", ("10.244.0.0/24", "VirtualAppliance", "10.0.1.4"))
    prefix = account.add(f"{NETWORK}/publicIPPrefixes", "out", {"ipPrefix": "20.71.9.0/31", "prefixLength": 31})
    public = account.public_address("out", "20.71.9.1")
    gateway = account.add(
        f"{NETWORK}/natGateways",
        "out",
        {"publicIpAddresses": [link(public)], "publicIpPrefixes": [link(prefix)]},
        sku={"name": "Standard"},
    )
    where = account.subnet(
        account.vnet, "pools", "10.0.2.0/24", nsg=account.node_group_rules, routes=table, nat=gateway
    )
    groups = [account.application_group("pools")]
    account.scale_set("prod-uniform", where, "10.0.2.4", asgs=groups, tags=capz_tags("node"))
    account.scale_set("prod-flexible", where, "10.0.2.5", flexible=True, tags=capz_tags("node"))


def _hub(account: Clean) -> None:
    """Add a peered network with a load balancer, a private link service, a bastion, a proxy and a firewall."""
    hub = account.network("hub", HUB, rg="hub")
    account.peering(account.vnet, hub)
    account.peering(hub, account.vnet)
    subnet = account.subnet(hub, "tools", "10.9.0.0/24")
    balancer = account.load_balancer("tools", (443, 443), subnet=subnet, address="10.9.0.9", rg="hub")
    account.machine("tools-1", subnet, "10.9.0.4", pools=[account.pool(balancer)], rg="hub")
    service = account.add(
        f"{NETWORK}/privateLinkServices",
        "tools",
        {
            "loadBalancerFrontendIpConfigurations": [link(f"{balancer}/frontendIPConfigurations/front")],
            "ipConfigurations": [{"name": "first", "properties": {"subnet": link(subnet)}}],
            "visibility": {"subscriptions": [account.subscription]},
            "autoApproval": {"subscriptions": [account.subscription]},
        },
        rg="hub",
    )
    account.private_endpoint("tools", subnet, "10.9.0.20", service, rg="hub")
    bastion = account.subnet(account.network("far", "10.8.0.0/16", rg="hub"), "AzureBastionSubnet", "10.8.0.0/26")
    held = {"ipConfigurations": [{"name": "own", "properties": {"subnet": link(bastion)}}]}
    account.add(f"{NETWORK}/bastionHosts", "bastion", held, rg="hub", sku={"name": "Standard"})
    pool = {"name": "web", "properties": {"backendAddresses": [{"ipAddress": "10.9.0.4"}]}}
    managed = {"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]}
    rules = {"policySettings": {"state": "Enabled"}, "managedRules": managed}
    policy = account.add(f"{NETWORK}/applicationGatewayWebApplicationFirewallPolicies", "web", rules, rg="hub")
    made = {"backendAddressPools": [pool], "firewallPolicy": link(policy)}
    account.add(f"{NETWORK}/applicationGateways", "web", made, rg="hub")
    _firewall(account)


def _firewall(account: Clean) -> None:
    policy = account.add(f"{NETWORK}/firewallPolicies", "hub", {"threatIntelMode": "Alert"}, rg="hub")
    clients = account.add(f"{NETWORK}/ipGroups", "clients", {"ipAddresses": ["198.51.100.0/24"]}, rg="hub")
    rule = {
        "ruleType": "NatRule",
        "name": "web",
        "ipProtocols": ["TCP"],
        "sourceIpGroups": [clients],
        "destinationAddresses": ["20.71.9.9"],
        "destinationPorts": ["443"],
        "translatedAddress": "10.9.0.4",
        "translatedPort": "443",
    }
    collection = {
        "ruleCollectionType": "FirewallPolicyNatRuleCollection",
        "name": "in",
        "priority": 100,
        "rules": [rule],
    }
    own = f"{policy}/ruleCollectionGroups/in"
    account.put({"id": own, "name": "in", "properties": {"priority": 100, "ruleCollections": [collection]}})
    account.add(f"{NETWORK}/azureFirewalls", "hub", {"firewallPolicy": link(policy)}, rg="hub")


def _identities(account: Clean) -> None:
    """Give the node's identity a custom role, a federated credential for a pod, and a deny assignment."""
    own = account.id("Microsoft.ManagedIdentity/userAssignedIdentities", "prod-node")
    issuer = "https://westeurope.oic.prod-aks.azure.com/issuer"
    account.federated(own, "dns", issuer, "system:serviceaccount:dns:external-dns")
    role = account.role("lister", f"{COMPUTE}/virtualMachines/read")
    account.assign(account.principal(own), role, account.in_group())
    account.deny("lock", account.in_group("hub"), "*/delete")
    policies = {
        "tenantId": account.tenant,
        "objectId": account.principal("someone"),
        "permissions": {"secrets": ["get"]},
    }
    account.vault("policies", rbac=False, accessPolicies=[policies])


def _keys(account: Clean) -> None:
    """Encrypt etcd's disk with a customer's key, and add a snapshot and an image of it."""
    vault = account.vault()
    encryption = account.disk_encryption_set("etcd", account.key(vault), vault=vault)
    disk = account.id(f"{COMPUTE}/disks", "prod-cp-0_etcddisk")
    account.properties(disk)["encryption"] = {
        "type": "EncryptionAtRestWithCustomerKey",
        "diskEncryptionSetId": encryption,
    }
    account.snapshot("nightly", disk)
    source = {"osDisk": {"osType": "Linux", "osState": "Generalized", "managedDisk": link(disk)}}
    account.add(f"{COMPUTE}/images", "backup", {"storageProfile": source})
