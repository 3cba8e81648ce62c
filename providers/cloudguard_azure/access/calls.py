"""Every call the adapter makes, with the permission it takes; the scanner's own role is generated from these.

Methods and addresses are those of the azure-mgmt packages; permissions those of
https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations, where a GET takes ".../read".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CLIENTS: Final = {
    "network": "NetworkManagementClient",
    "compute": "ComputeManagementClient",
    "containerservice": "ContainerServiceClient",
    "authorization": "AuthorizationManagementClient",
    "msi": "ManagedServiceIdentityClient",
    "keyvault": "KeyVaultManagementClient",
}
"""The client's class by its package ``azure.mgmt.…``."""


@dataclass(frozen=True, slots=True)
class Call:
    """A read-only method.

    ``name`` is the resource's type and what is asked of it: "Microsoft.Network/loadBalancers:listAll". ``client`` is
    the package of the SDK's client, ``method`` the operation: "load_balancers.list_all", or one of the client itself.
    ``listed``: the answer is a page with a list ``value``, not one thing. ``action`` is the permission, where it is not
    the type's "/read".
    """

    name: str
    client: str
    method: str
    listed: bool = True
    action: str = ""

    @property
    def permissions(self) -> tuple[str, ...]:
        """The actions that it takes."""
        return (self.action or f"{self.name.partition(':')[0]}/read",)


def _network(name: str, method: str, *, listed: bool = True) -> Call:
    return Call(f"Microsoft.Network/{name}", "network", method, listed)


def _compute(name: str, method: str) -> Call:
    return Call(f"Microsoft.Compute/{name}", "compute", method)


LIST_SECURITY_GROUPS = _network("networkSecurityGroups:listAll", "network_security_groups.list_all")
LIST_INTERFACES = _network("networkInterfaces:listAll", "network_interfaces.list_all")
"""Without those of uniform scale sets."""
LIST_SCALE_SET_INTERFACES = Call(
    "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces:list",
    "network",
    "network_interfaces.list_virtual_machine_scale_set_network_interfaces",
)
LIST_PUBLIC_ADDRESSES = _network("publicIPAddresses:listAll", "public_ip_addresses.list_all")
"""Without those of uniform scale sets."""
LIST_SCALE_SET_PUBLIC_ADDRESSES = Call(
    "Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses:list",
    "network",
    "public_ip_addresses.list_virtual_machine_scale_set_public_ip_addresses",
)
LIST_PUBLIC_PREFIXES = _network("publicIPPrefixes:listAll", "public_ip_prefixes.list_all")
LIST_NETWORKS = _network("virtualNetworks:listAll", "virtual_networks.list_all")
LIST_ROUTE_TABLES = _network("routeTables:listAll", "route_tables.list_all")
LIST_NAT_GATEWAYS = _network("natGateways:listAll", "nat_gateways.list_all")
LIST_LOAD_BALANCERS = _network("loadBalancers:listAll", "load_balancers.list_all")
LIST_APPLICATION_GATEWAYS = _network("applicationGateways:listAll", "application_gateways.list_all")
LIST_PRIVATE_ENDPOINTS = _network("privateEndpoints:listBySubscription", "private_endpoints.list_by_subscription")
LIST_PRIVATE_LINK_SERVICES = _network(
    "privateLinkServices:listBySubscription", "private_link_services.list_by_subscription"
)
LIST_FIREWALLS = _network("azureFirewalls:listAll", "azure_firewalls.list_all")
LIST_FIREWALL_RULES = _network(
    "firewallPolicies/ruleCollectionGroups:list", "firewall_policy_rule_collection_groups.list"
)
LIST_BASTIONS = _network("bastionHosts:list", "bastion_hosts.list")
LIST_SERVICE_TAGS = _network("locations/serviceTags:list", "service_tags.list", listed=False)
LIST_EFFECTIVE_ADMIN_RULES = Call(
    "Microsoft.Network/virtualNetworks:listNetworkManagerEffectiveSecurityAdminRules",
    "network",
    "list_network_manager_effective_security_admin_rules",
    action="Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action",
)
"""A POST that reads: what network managers set on a network, whatever subscription they are in."""
LIST_EFFECTIVE_CONNECTIVITY = Call(
    "Microsoft.Network/virtualNetworks:listNetworkManagerEffectiveConnectivityConfigurations",
    "network",
    "list_network_manager_effective_connectivity_configurations",
    action="Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveConnectivityConfigurations/action",
)
"""A POST that reads: the networks' groups that managers connect without a peering."""

LIST_MACHINES = _compute("virtualMachines:listAll", "virtual_machines.list_all")
LIST_SCALE_SETS = _compute("virtualMachineScaleSets:listAll", "virtual_machine_scale_sets.list_all")
LIST_SCALE_SET_MACHINES = _compute("virtualMachineScaleSets/virtualMachines:list", "virtual_machine_scale_set_vms.list")
LIST_DISKS = _compute("disks:list", "disks.list")
LIST_SNAPSHOTS = _compute("snapshots:list", "snapshots.list")
LIST_IMAGES = _compute("images:list", "images.list")
LIST_DISK_ENCRYPTION_SETS = _compute("diskEncryptionSets:list", "disk_encryption_sets.list")

LIST_MANAGED_CLUSTERS = Call(
    "Microsoft.ContainerService/managedClusters:list", "containerservice", "managed_clusters.list"
)

LIST_ENDPOINT_CONNECTIONS = Call(
    "Microsoft.ContainerService/managedClusters/privateEndpointConnections:list",
    "containerservice",
    "private_endpoint_connections.list",
)

LIST_ROLE_ASSIGNMENTS = Call(
    "Microsoft.Authorization/roleAssignments:listForSubscription",
    "authorization",
    "role_assignments.list_for_subscription",
)
LIST_ASSIGNED_TO = Call(
    "Microsoft.Authorization/roleAssignments:listAssignedTo",
    "authorization",
    "role_assignments.list_for_subscription",
)
"""With the filter ``assignedTo('…')``: what a principal has through groups, too."""
GET_ROLE_DEFINITION = Call(
    "Microsoft.Authorization/roleDefinitions:get", "authorization", "role_definitions.get_by_id", listed=False
)
LIST_DENY_ASSIGNMENTS = Call("Microsoft.Authorization/denyAssignments:list", "authorization", "deny_assignments.list")

LIST_USER_ASSIGNED_IDENTITIES = Call(
    "Microsoft.ManagedIdentity/userAssignedIdentities:listBySubscription",
    "msi",
    "user_assigned_identities.list_by_subscription",
)
LIST_FEDERATED_CREDENTIALS = Call(
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials:list",
    "msi",
    "federated_identity_credentials.list",
)

LIST_VAULTS = Call("Microsoft.KeyVault/vaults:listBySubscription", "keyvault", "vaults.list_by_subscription")
GET_KEY = Call("Microsoft.KeyVault/vaults/keys:get", "keyvault", "keys.get", listed=False)
GET_KEY_VERSION = Call("Microsoft.KeyVault/vaults/keys/versions:get", "keyvault", "keys.get_version", listed=False)

CALLS: tuple[Call, ...] = tuple(value for _, value in sorted(globals().items()) if isinstance(value, Call))
