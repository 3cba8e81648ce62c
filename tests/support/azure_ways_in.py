"""Made-up clusters on Azure each of which has one way in, or one that looks like it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure_clusters import INTERNET, MASTERS, NODES, Clean, capz_tags
from azure_fixtures import Subscription
from azure_networks import link
from azure_rules import ANY, rule

SSH = rule("ssh", 100, "22", INTERNET)
NO_SSH = rule("no-ssh", 100, "22", INTERNET, access="Deny")


def two_groups(*, subnet: bool, interface: bool) -> Subscription:
    """Nodes with public addresses, and SSH that the subnet's group lets in, or the interface's, or both."""
    inside = rule("inside", 200, source=[MASTERS, NODES], protocol=ANY)
    nobody = rule("nobody", 300, source="VirtualNetwork", protocol=ANY, access="Deny")
    return Clean(
        nodes=[SSH] if subnet else [NO_SSH],
        on_nodes=[SSH if interface else NO_SSH, inside, nobody],
        public="Standard",
    )


def by_application_group(*, member: bool) -> Subscription:
    """A rule that lets an application security group reach etcd, with a member that is not the cluster's or without."""
    account = Clean()
    group = account.application_group("backup")
    name = account.properties(account.master_group)["securityRules"]
    one = rule("backup", 150, "2379", source_groups=[group], destination=MASTERS)
    name.append({"id": f"{account.master_group}/securityRules/backup", **one})
    subnet = account.subnet(account.vnet, "tools", "10.0.9.0/24")
    account.machine("backup-1", subnet, "10.0.9.4", asgs=[group] if member else ())
    return account


def without_group(sku: str) -> Subscription:
    """Nodes with public addresses of a kind and no security group."""
    return Clean(guarded=False, public=sku)


def balanced(*, floating: bool = False, by_address: bool = False, destination: str = NODES) -> Subscription:
    """A balancer that leads from its port 22 to a node's, and a rule that lets the internet reach ``destination``."""
    account = Clean(nodes=[rule("ssh", 100, "22", INTERNET, destination=destination)])
    shown = account.public_address("front", "20.71.0.20")
    addresses = [("10.0.1.4", account.vnet)] if by_address else []
    balancer = account.load_balancer("front", (22, 22), public=shown, floating=floating, addresses=addresses)
    if not by_address:
        _join(account, "prod-node-1", account.pool(balancer))
    return account


def translated(*, of_pool: bool = False) -> Subscription:
    """An inbound NAT rule to a node's SSH, and a group that lets the internet reach it."""
    account = Clean(nodes=[SSH])
    balancer = account.load_balancer("front", public=account.public_address("front", "20.71.0.20"))
    if of_pool:
        _join(account, "prod-node-1", account.pool(balancer))
        account.nat_rule(balancer, "ssh", 2200, 22, last=2299)
    else:
        account.nat_rule(balancer, "ssh", 2200, 22, interface=account.interface_of("prod-node-1"))
    return account


def _join(account: Clean, machine: str, pool: str) -> None:
    """Put a machine behind a balancer."""
    configuration = account.properties(account.interface_of(machine))["ipConfigurations"][0]
    configuration["properties"]["loadBalancerBackendAddressPools"] = [link(pool)]


def holding(scope: str = "", *, through_group: bool = False, role: str = "Contributor") -> Subscription:
    """A node whose identity has a role at a scope, the subscription if none is given, itself or through two groups."""
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
    """A control plane whose disks are files in a storage account: no disk resource tells of them."""
    account = Subscription()
    subnet = account.subnet(account.network(), nsg=account.security_group("closed"))
    own = account.machine("prod-cp-0", subnet, "10.0.0.4", tags=capz_tags("control-plane"))
    system = account.properties(own)["storageProfile"]["osDisk"]
    del system["managedDisk"], account.items[account.id("Microsoft.Compute/disks", "prod-cp-0-os").lower()]
    system["vhd"] = {"uri": "https://acmevhds.blob.core.windows.net/vhds/prod-cp-0.vhd"}
    return account


def keyed(*, expires: int = 0, enabled: bool = True) -> Subscription:
    """Disks under a customer's key."""
    account = Clean()
    vault = account.vault()
    encryption = account.disk_encryption_set("etcd", account.key(vault, expires=expires, enabled=enabled), vault=vault)
    for name in ("prod-cp-0_etcddisk", "prod-cp-0-os"):
        held = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": encryption}
        account.properties(account.id("Microsoft.Compute/disks", name))["encryption"] = held
    return account


def aks(access: Mapping[str, Any] | None = None, **rest: Any) -> Subscription:  # noqa: ANN401 - JSON
    """An AKS cluster in a network of its own."""
    account = Subscription()
    account.managed_cluster(access=access, **rest)
    return account


def aks_private(*, policies: str = "Disabled", peered: bool = True) -> Subscription:
    """A private AKS cluster whose endpoint's subnet has a group that shuts out all but the nodes and the office.

    A network that is not the cluster's is peered with its own. ``policies`` says whether the group applies to private
    endpoints: https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy.
    """
    account = Subscription()
    network = account.network("aks", "10.1.0.0/16")
    rules = [rule("nodes", 100, source="10.1.0.0/24"), rule("nobody", 200, protocol=ANY, access="Deny")]
    nodes = account.security_group("nodes", *rules)
    subnet = account.subnet(network, "nodes", "10.1.0.0/24", nsg=nodes, privateEndpointNetworkPolicies=policies)
    if peered:
        other = account.network("other", "10.2.0.0/16")
        account.machine("jenkins", account.subnet(other, "tools", "10.2.0.0/24"), "10.2.0.4")
        account.peering(network, other)
        account.peering(other, network)
    access = {"enablePrivateCluster": True, "privateDNSZone": "system", "enablePrivateClusterPublicFQDN": False}
    own = account.managed_cluster(access=access, subnet=subnet, addresses=["10.1.0.4", "10.1.0.5"])
    endpoint = account.private_endpoint(
        "kube-apiserver", subnet, "10.1.0.100", own, "management", rg=account.node_group()
    )
    connected = {"privateEndpoint": link(endpoint), "privateLinkServiceConnectionState": {"status": "Approved"}}
    account.put(
        {"id": f"{own}/privateEndpointConnections/kube-apiserver", "name": "kube-apiserver", "properties": connected}
    )
    return account


def aks_integrated(*, public: bool = False, ranges: tuple[str, ...] = (), **rules: Any) -> Subscription:  # noqa: ANN401
    """An AKS cluster whose API server stands in a delegated subnet of the cluster's network."""
    account = Subscription()
    network = account.network("aks", "10.1.0.0/16")
    delegated = {"serviceName": "Microsoft.ContainerService/managedClusters"}
    nsg = account.security_group("api", *rules.values()) if rules else ""
    where = account.subnet(
        network, "api", "10.1.9.0/28", nsg=nsg, delegations=[{"name": "aks", "properties": delegated}]
    )
    nodes = account.subnet(network, "nodes", "10.1.0.0/24")
    account.managed_cluster(
        access={
            "enableVnetIntegration": True,
            "subnetId": where,
            "enablePrivateCluster": not public,
            **({"authorizedIPRanges": [*ranges]} if ranges else {}),
        },
        subnet=nodes,
        addresses=["10.1.0.4", "10.1.0.5"],
    )
    return account


def aks_kubelet(role: str = "Contributor", *, locked: bool = False) -> Subscription:
    """An AKS cluster whose kubelet has a role on the group of its nodes, which may be locked down."""
    account = Subscription()
    level = "ReadOnly" if locked else "Unrestricted"
    automatic = {"name": "Automatic", "tier": "Standard"} if locked else None
    account.managed_cluster(access=AUTHORIZED, sku=automatic, nodeResourceGroupProfile={"restrictionLevel": level})
    group = account.in_group(account.node_group())
    kubelet = account.id(
        "Microsoft.ManagedIdentity/userAssignedIdentities", "prod-agentpool", group=account.node_group()
    )
    account.assign(account.principal(kubelet), role, group)
    if locked:
        own = account.principal("AKS")
        account.deny("node resource group lockdown", group, "*", but_actions=["*/read"], but_principals=[own])
    return account


def aks_with_kms(*, enabled: bool = True, expires: int = 0) -> Subscription:
    """An AKS cluster whose Secrets are encrypted with a customer's key, or are not."""
    account = Subscription()
    url = account.key(account.vault(), expires=expires)
    kms = {"enabled": enabled, **({"keyId": url, "keyVaultNetworkAccess": "Public"} if enabled else {})}
    account.managed_cluster(access=AUTHORIZED, securityProfile={"azureKeyVaultKms": kms})
    return account


AUTHORIZED = {"authorizedIPRanges": ["198.51.100.0/24"]}
"""The office."""
