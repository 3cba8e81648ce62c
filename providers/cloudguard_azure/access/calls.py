"""All calls of the adapter, with the permissions that they need. The scanner's role is generated from them.

Methods and addresses are those of the azure-mgmt packages. Permissions are those of
https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations; a GET needs ".../read".
"""

from __future__ import annotations

from typing import Final

from cloudguard.provider.camel_case import snake_case
from cloudguard.values import dataclass

CLIENTS: Final = {
    "Microsoft.Network": ("network", "NetworkManagementClient"),
    "Microsoft.Compute": ("compute", "ComputeManagementClient"),
    "Microsoft.ContainerService": ("containerservice", "ContainerServiceClient"),
    "Microsoft.Authorization": ("authorization", "AuthorizationManagementClient"),
    "Microsoft.ManagedIdentity": ("msi", "ManagedServiceIdentityClient"),
    "Microsoft.KeyVault": ("keyvault", "KeyVaultManagementClient"),
}
"""For each resource provider, the package ``azure.mgmt.…`` and the client's class."""


@dataclass(frozen=True, slots=True)
class Call:
    """A read-only method.

    ``name`` is the resource type and the SDK's verb: "Microsoft.Network/loadBalancers:listAll". ``operation`` is the
    method of the provider's client, if it does not follow from the name: "network_interfaces.list". ``of``: the
    provider of the client, if it is not the name's. ``listed``: the answer is a page with a list ``value``, not one
    object. ``action``: the permission, if it is not the type's "/read".
    """

    name: str
    operation: str = ""
    of: str = ""
    listed: bool = True
    action: str = ""

    @property
    def provider(self) -> str:
        """The resource provider of the SDK's client."""
        return self.of or self.name.partition("/")[0]

    @property
    def method(self) -> str:
        """The method of the SDK's client: "load_balancers.list_all"."""
        kind, _, verb = self.name.partition(":")
        return self.operation or ".".join(map(snake_case, (kind.rpartition("/")[2], verb)))

    @property
    def permissions(self) -> tuple[str, ...]:
        """The actions that the call needs."""
        return (self.action or f"{self.name.partition(':')[0]}/read",)


LIST_SECURITY_GROUPS = Call("Microsoft.Network/networkSecurityGroups:listAll")
LIST_INTERFACES = Call("Microsoft.Network/networkInterfaces:listAll")
"""Without interfaces of uniform scale sets."""
LIST_SCALE_SET_INTERFACES = Call(
    "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces:list",
    "network_interfaces.list_virtual_machine_scale_set_network_interfaces",
    of="Microsoft.Network",
)
LIST_PUBLIC_ADDRESSES = Call("Microsoft.Network/publicIPAddresses:listAll")
"""Without addresses of uniform scale sets."""
LIST_SCALE_SET_PUBLIC_ADDRESSES = Call(
    "Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses:list",
    "public_ip_addresses.list_virtual_machine_scale_set_public_ip_addresses",
    of="Microsoft.Network",
)
LIST_PUBLIC_PREFIXES = Call("Microsoft.Network/publicIPPrefixes:listAll")
LIST_NETWORKS = Call("Microsoft.Network/virtualNetworks:listAll")
LIST_ROUTE_TABLES = Call("Microsoft.Network/routeTables:listAll")
LIST_NAT_GATEWAYS = Call("Microsoft.Network/natGateways:listAll")
LIST_LOAD_BALANCERS = Call("Microsoft.Network/loadBalancers:listAll")
LIST_APPLICATION_GATEWAYS = Call("Microsoft.Network/applicationGateways:listAll")
LIST_PRIVATE_ENDPOINTS = Call("Microsoft.Network/privateEndpoints:listBySubscription")
LIST_PRIVATE_LINK_SERVICES = Call("Microsoft.Network/privateLinkServices:listBySubscription")
LIST_FIREWALLS = Call("Microsoft.Network/azureFirewalls:listAll")
LIST_FIREWALL_RULES = Call(
    "Microsoft.Network/firewallPolicies/ruleCollectionGroups:list", "firewall_policy_rule_collection_groups.list"
)
LIST_IP_GROUPS = Call("Microsoft.Network/ipGroups:list")
LIST_WAF_POLICIES = Call(
    "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies:listAll",
    "web_application_firewall_policies.list_all",
)
LIST_BASTIONS = Call("Microsoft.Network/bastionHosts:list")
LIST_SERVICE_TAGS = Call("Microsoft.Network/locations/serviceTags:list", listed=False)
LIST_EFFECTIVE_ADMIN_RULES = Call(
    "Microsoft.Network/virtualNetworks:listNetworkManagerEffectiveSecurityAdminRules",
    "list_network_manager_effective_security_admin_rules",
    action="Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action",
)
"""A POST that reads the security admin rules of a network, from network managers in any subscription."""
LIST_EFFECTIVE_CONNECTIVITY = Call(
    "Microsoft.Network/virtualNetworks:listNetworkManagerEffectiveConnectivityConfigurations",
    "list_network_manager_effective_connectivity_configurations",
    action="Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveConnectivityConfigurations/action",
)
"""A POST that reads the groups of networks that network managers connect without a peering."""
LIST_MACHINES = Call("Microsoft.Compute/virtualMachines:listAll")
LIST_SCALE_SETS = Call("Microsoft.Compute/virtualMachineScaleSets:listAll")
LIST_SCALE_SET_MACHINES = Call(
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines:list", "virtual_machine_scale_set_vms.list"
)
LIST_DISKS = Call("Microsoft.Compute/disks:list")
LIST_SNAPSHOTS = Call("Microsoft.Compute/snapshots:list")
LIST_IMAGES = Call("Microsoft.Compute/images:list")
LIST_DISK_ENCRYPTION_SETS = Call("Microsoft.Compute/diskEncryptionSets:list")
LIST_MANAGED_CLUSTERS = Call("Microsoft.ContainerService/managedClusters:list")
LIST_ENDPOINT_CONNECTIONS = Call("Microsoft.ContainerService/managedClusters/privateEndpointConnections:list")
LIST_TRUSTED_ACCESS = Call("Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings:list")
LIST_IDENTITY_BINDINGS = Call("Microsoft.ContainerService/managedClusters/identityBindings:listByManagedCluster")
LIST_ROLE_ASSIGNMENTS = Call("Microsoft.Authorization/roleAssignments:listForSubscription")
LIST_ASSIGNED_TO = Call(
    "Microsoft.Authorization/roleAssignments:listAssignedTo", "role_assignments.list_for_subscription"
)
"""With the filter ``assignedTo('…')``: the assignments of a principal, including those through groups."""
GET_ROLE_DEFINITION = Call("Microsoft.Authorization/roleDefinitions:get", "role_definitions.get_by_id", listed=False)
LIST_DENY_ASSIGNMENTS = Call("Microsoft.Authorization/denyAssignments:list")
LIST_USER_ASSIGNED_IDENTITIES = Call("Microsoft.ManagedIdentity/userAssignedIdentities:listBySubscription")
LIST_FEDERATED_CREDENTIALS = Call("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials:list")
LIST_VAULTS = Call("Microsoft.KeyVault/vaults:listBySubscription")
GET_KEY = Call("Microsoft.KeyVault/vaults/keys:get", listed=False)
GET_KEY_VERSION = Call("Microsoft.KeyVault/vaults/keys/versions:get", "keys.get_version", listed=False)

CALLS: tuple[Call, ...] = tuple(value for _, value in sorted(globals().items()) if isinstance(value, Call))
