"""Made-up clusters on Azure. Each has one way in, or a configuration that looks like a way in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure_clusters import INTERNET, MASTERS, NOBODY, NODES, Clean
from azure_fixtures import Subscription
from azure_networks import link
from azure_rules import ANY, rule

SSH = rule("ssh", 100, "22", INTERNET)
NO_SSH = rule("no-ssh", 100, "22", INTERNET, access="Deny")


def two_groups(*, subnet: bool, interface: bool) -> Subscription:
    """Return nodes with public addresses. SSH is let in by the subnet's group, the interface's group, or both."""
    return Clean(nodes=[SSH if subnet else NO_SSH], on_nodes=[SSH if interface else NO_SSH], public="Standard")


def by_application_group(*, member: bool) -> Subscription:
    """Return a cluster that lets an application security group reach etcd. ``member``: another machine is in it."""
    account = Clean()
    group = account.application_group("backup")
    name = account.properties(account.master_group)["securityRules"]
    item = rule("backup", 150, "2379", source_groups=[group], destination=MASTERS)
    name.append({"id": f"{account.master_group}/securityRules/backup", **item})
    subnet = account.subnet(account.vnet, "tools", "10.0.9.0/24")
    account.machine("backup-1", subnet, "10.0.9.4", asgs=[group] if member else ())
    return account


def without_group(sku: str) -> Subscription:
    """Return nodes with public addresses of the SKU ``sku`` and without a security group."""
    return Clean(guarded=False, public=sku)


def balanced(*, floating: bool = False, by_address: bool = False, destination: str = NODES) -> Subscription:
    """Return a cluster with a load balancer to SSH of a node, and a rule from the internet to ``destination``."""
    account = Clean(nodes=[rule("ssh", 100, "22", INTERNET, destination=destination)])
    shown = account.public_address("front", "20.71.0.20")
    addresses = [("10.0.1.4", account.vnet)] if by_address else []
    balancer = account.load_balancer("front", (22, 22), public=shown, floating=floating, addresses=addresses)
    if not by_address:
        _join(account, "prod-node-1", account.pool(balancer))
    return account


def translated(*, of_pool: bool = False) -> Subscription:
    """Return a cluster with an inbound NAT rule to SSH of a node, which its group opens to the internet."""
    account = Clean(nodes=[SSH])
    balancer = account.load_balancer("front", public=account.public_address("front", "20.71.0.20"))
    if of_pool:
        _join(account, "prod-node-1", account.pool(balancer))
        account.nat_rule(balancer, "ssh", 2200, 22, last=2299)
    else:
        account.nat_rule(balancer, "ssh", 2200, 22, interface=account.interface_of("prod-node-1"))
    return account


def _join(account: Clean, machine: str, pool: str) -> None:
    """Add a machine to the pool of a load balancer."""
    configuration = account.properties(account.interface_of(machine))["ipConfigurations"][0]
    configuration["properties"]["loadBalancerBackendAddressPools"] = [link(pool)]


def holding(scope: str = "", *, through_group: bool = False, role: str = "Contributor") -> Subscription:
    """Return a cluster with a node whose identity has ``role`` at ``scope`` (default: the subscription).

    ``through_group``: the role is assigned to a group that contains the identity's group.
    """
    account = Clean(identities=["prod-node"])
    own = account.principal(account.id("Microsoft.ManagedIdentity/userAssignedIdentities", "prod-node"))
    if through_group:
        team, teams = account.principal("team"), account.principal("teams")
        account.members[team], account.members[teams] = {own}, {team}
        account.assign(teams, role, scope or None, kind="Group")
    else:
        account.assign(own, role, scope or None)
    return account


def unmanaged_disk() -> Subscription:
    """Return a cluster whose control plane has an unmanaged disk: a file in a storage account, not a disk resource."""
    account = Clean()
    own = account.id("Microsoft.Compute/virtualMachines", "prod-cp-0")
    held = account.properties(own)["storageProfile"]
    del held["osDisk"]["managedDisk"], held["dataDisks"][:]
    held["osDisk"]["vhd"] = {"uri": "https://acmevhds.blob.core.windows.net/vhds/prod-cp-0.vhd"}
    for name in ("prod-cp-0-os", "prod-cp-0_etcddisk"):
        del account.items[account.id("Microsoft.Compute/disks", name).lower()]
    return account


def keyed(*, expires: int = 0, enabled: bool = True) -> Subscription:
    """Return a cluster whose disks are encrypted with a customer's key."""
    account = Clean()
    vault = account.vault()
    encryption = account.disk_encryption_set("etcd", account.key(vault, expires=expires, enabled=enabled), vault=vault)
    for name in ("prod-cp-0_etcddisk", "prod-cp-0-os"):
        held = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": encryption}
        account.properties(account.id("Microsoft.Compute/disks", name))["encryption"] = held
    return account


def aks(access: Mapping[str, Any] | None = None, **rest: Any) -> Subscription:  # noqa: ANN401 - JSON
    """Return an AKS cluster in its own network."""
    account = Subscription()
    account.managed_cluster(access=access, **rest)
    return account


def aks_peered(*, machine: bool) -> Subscription:
    """Return an AKS cluster in AKS' own network, with a peered network, or with another ``machine`` in the network."""
    account = Subscription()
    account.managed_cluster(access=AUTHORIZED)
    group = account.node_group()
    own = account.id("Microsoft.Network/virtualNetworks", "aks-vnet-12345678", group=group)
    if machine:
        account.machine("jenkins", f"{own}/subnets/aks-subnet", "10.224.0.99", rg=group)
        return account
    other = account.network("other", "10.2.0.0/16")
    account.peering(own, other)
    account.peering(other, own)
    return account


def guarded() -> tuple[Subscription, str, str]:
    """Return a subscription, its subnet that lets in only nodes, and the nodes' application security group."""
    account = Subscription()
    nodes = account.application_group("nodes")
    nsg = account.security_group("nodes", rule("nodes", 100, source_groups=[nodes], protocol=ANY), *NOBODY)
    return account, account.subnet(account.network("aks", "10.1.0.0/16"), "nodes", "10.1.0.0/24", nsg=nsg), nodes


def aks_guarded() -> Subscription:
    """Return an AKS cluster in the guarded subnet of ``guarded``."""
    account, subnet, nodes = guarded()
    account.managed_cluster(access=AUTHORIZED, subnet=subnet, addresses=["10.1.0.4", "10.1.0.5"], asgs=[nodes])
    return account


def aks_private(*, policies: str = "Disabled") -> Subscription:
    """Return a private AKS cluster with its endpoint in a guarded subnet, and another peered network.

    ``policies``: whether the security group applies to private endpoints:
    https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy.
    """
    account, subnet, nodes = guarded()
    network = account.id("Microsoft.Network/virtualNetworks", "aks")
    account.properties(subnet)["privateEndpointNetworkPolicies"] = policies
    other = account.network("other", "10.2.0.0/16")
    account.machine("jenkins", account.subnet(other, "tools", "10.2.0.0/24"), "10.2.0.4")
    account.peering(network, other)
    account.peering(other, network)
    access = {"enablePrivateCluster": True, "privateDNSZone": "system", "enablePrivateClusterPublicFQDN": False}
    own = account.managed_cluster(access=access, subnet=subnet, addresses=["10.1.0.4", "10.1.0.5"], asgs=[nodes])
    rg = account.node_group()
    endpoint = account.private_endpoint("kube-apiserver", subnet, "10.1.0.100", own, "management", rg=rg)
    connected = {"privateEndpoint": link(endpoint), "privateLinkServiceConnectionState": {"status": "Approved"}}
    name = "kube-apiserver"
    account.put({"id": f"{own}/privateEndpointConnections/{name}", "name": name, "properties": connected})
    return account


def aks_integrated(*, public: bool = False, ranges: tuple[str, ...] = (), rules: bool = True) -> Subscription:
    """Return an AKS cluster with its API server in a delegated subnet, and the roles that its identity needs for it.

    ``rules``: the subnet's security group has rules. Microsoft's AKS baseline has a group without rules there
    (mspnp/aks-baseline network-team/spoke-BU0001A0008.bicep).

    https://learn.microsoft.com/azure/aks/api-server-vnet-integration
    """
    account, nodes_subnet, nodes = guarded()
    delegated = {"serviceName": "Microsoft.ContainerService/managedClusters"}
    own_rules = (rule("nodes", 100, "443,4443", source_groups=[nodes]), *NOBODY) if rules else ()
    nsg = account.security_group("api", *own_rules)
    where = account.subnet(
        account.id("Microsoft.Network/virtualNetworks", "aks"),
        "api",
        "10.1.9.0/28",
        nsg=nsg,
        delegations=[{"name": "aks", "properties": delegated}],
    )
    access = {"enableVnetIntegration": True, "subnetId": where, "enablePrivateCluster": not public}
    own = account.identity("prod-cluster")
    for scope in (where, nodes_subnet):
        account.assign(account.principal(own), "Network Contributor", scope)
    account.managed_cluster(
        access=access | ({"authorizedIPRanges": [*ranges]} if ranges else {}),
        subnet=nodes_subnet,
        addresses=["10.1.0.4", "10.1.0.5"],
        asgs=[nodes],
        identities=[own],
    )
    return account


def aks_kubelet(role: str = "", *, automatic: bool = False) -> Subscription:
    """Return an AKS cluster whose kubelet has ``role`` on the nodes' resource group. ``automatic``: it is locked down.

    https://learn.microsoft.com/azure/aks/node-resource-group-lockdown
    """
    account = Subscription()
    level = "ReadOnly" if automatic else "Unrestricted"
    sku = {"name": "Automatic", "tier": "Standard"} if automatic else None
    account.managed_cluster(access=AUTHORIZED, sku=sku, nodeResourceGroupProfile={"restrictionLevel": level})
    rg = account.node_group()
    kubelet = account.id("Microsoft.ManagedIdentity/userAssignedIdentities", "prod-agentpool", group=rg)
    if role:
        account.assign(account.principal(kubelet), role, account.in_group(rg))
    if automatic:
        own = account.principal("AKS")
        account.deny("lockdown", account.in_group(rg), "*", but_actions=["*/read"], but_principals=[own])
    return account


def aks_with_kms(*, enabled: bool = True, expires: int = 0) -> Subscription:
    """Return an AKS cluster whose Secrets are encrypted with a customer's key if ``enabled``."""
    account = Subscription()
    vault, own = account.vault(), account.identity("prod-cluster")
    url = account.key(vault, expires=expires)
    kms = {"enabled": enabled, **({"keyId": url, "keyVaultNetworkAccess": "Public"} if enabled else {})}
    if enabled:
        account.assign(account.principal(own), "Key Vault Crypto User", vault)
    account.managed_cluster(access=AUTHORIZED, securityProfile={"azureKeyVaultKms": kms}, identities=[own])
    return account


AUTHORIZED = {"authorizedIPRanges": ["198.51.100.0/24"]}
"""Access only for the office."""
