"""Build a made-up subscription with its clusters, for all tests with Azure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from azure_account import LOCATION, TENANT, guid
from azure_ids import Item
from azure_machines import MachineFixtures
from azure_networks import Ids, link

CLUSTERS: Final = "Microsoft.ContainerService/managedClusters"
_SUFFIX: Final = "12345678"


class Subscription(MachineFixtures):
    """A subscription to build in. Resources are in the resource group "prod" by default."""

    def node_group(self, name: str = "prod", rg: str = "") -> str:
        """Return the name that AKS gives to the resource group of a cluster's nodes."""
        return f"MC_{rg or self.group}_{name}_{LOCATION}"

    def managed_cluster(
        self,
        name: str = "prod",
        *,
        rg: str = "",
        nodes_group: str = "",
        subnet: str = "",
        addresses: Sequence[str] = ("10.224.0.4", "10.224.0.5"),
        access: Mapping[str, Any] | None = None,
        pool: Mapping[str, Any] | None = None,
        nsg_rules: Sequence[Item] = (),
        node_addresses: Sequence[str] = (),
        identities: Ids = (),
        asgs: Ids = (),
        outbound: str = "20.61.1.1",
        tags: Item | None = None,
        sku: Item | None = None,
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add an AKS cluster with one pool, and the resources that AKS creates in the resource group of its nodes.

        ``access``: its apiServerAccessProfile. ``pool``: further fields of the pool's profile. ``nsg_rules``: rules of
        the security group on the nodes' interfaces. ``asgs``: their application security groups. ``outbound``: the
        address of the load balancer for outbound traffic ("": no load balancer).
        """
        group = nodes_group or self.node_group(name, rg)
        where = subnet or self._own_network(group)
        balancer, out = self._outbound(group, outbound) if outbound else ("", "")
        kubelet = self.identity(f"{name}-agentpool", rg=group)
        nsg = self.security_group(f"aks-agentpool-{_SUFFIX}-nsg", *nsg_rules, rg=group)
        self.scale_set(
            f"aks-nodepool1-{_SUFFIX}-vmss",
            where,
            *addresses,
            rg=group,
            nsg=nsg,
            asgs=asgs,
            identities=[kubelet],
            pools=[self.pool(balancer)] if balancer else (),
            public=node_addresses,
            tags={"aks-managed-poolName": "nodepool1", "aks-managed-orchestrator": "Kubernetes:1.33.5"},
        )
        own = self.id(CLUSTERS, name, group=rg)
        system = {"type": "SystemAssigned", "principalId": guid(own), "tenantId": TENANT}
        made = {
            **_names(name, private=bool((access or {}).get("enablePrivateCluster"))),
            "agentPoolProfiles": [_pool(len(addresses), subnet, node_addresses) | dict(pool or {})],
            "nodeResourceGroup": group,
            "networkProfile": _network(out),
            "identityProfile": {"kubeletidentity": self._kubelet(kubelet)},
            **({"apiServerAccessProfile": dict(access)} if access else {}),
        }
        named = sku or {"name": "Base", "tier": "Standard"}
        whose = self.holding(identities) or system
        return self.add(CLUSTERS, name, made | rest, rg=rg, sku=named, identity=whose, tags=tags)

    def _own_network(self, group: str) -> str:
        """Add the network that AKS creates if the user gives none, and return its subnet."""
        return self.subnet(
            self.network(f"aks-vnet-{_SUFFIX}", "10.224.0.0/12", rg=group), "aks-subnet", "10.224.0.0/16"
        )

    def _outbound(self, group: str, address: str) -> tuple[str, str]:
        """Add the load balancer for the nodes' outbound traffic. Return its id and the id of its address."""
        public = self.public_address(
            guid(group), address, rg=group, tags={"aks-managed-type": "aks-slb-managed-outbound-ip"}
        )
        return self.load_balancer("kubernetes", public=public, outbound=True, rg=group), public

    def _kubelet(self, identity: str) -> Item:
        held = self.properties(identity)
        return {"resourceId": identity, "clientId": held["clientId"], "objectId": held["principalId"]}


def _names(name: str, *, private: bool) -> Item:
    """Return the properties that are equal for all clusters, and the cluster's names."""
    return {
        "powerState": {"code": "Running"},
        "kubernetesVersion": "1.33",
        "currentKubernetesVersion": "1.33.5",
        "dnsPrefix": name,
        **({} if private else {"fqdn": f"{name}-{_SUFFIX}.hcp.{LOCATION}.azmk8s.io"}),
        **({"privateFQDN": f"{name}-{_SUFFIX}.privatelink.{LOCATION}.azmk8s.io"} if private else {}),
        "servicePrincipalProfile": {"clientId": "msi"},
        "enableRBAC": True,
        "disableLocalAccounts": False,
        "securityProfile": {},
        "oidcIssuerProfile": {"enabled": False},
    }


def _pool(count: int, subnet: str, node_addresses: Sequence[str]) -> Item:
    return {
        "name": "nodepool1",
        "count": count,
        "vmSize": "Standard_D2s_v3",
        "osDiskSizeGB": 128,
        "osDiskType": "Managed",
        "maxPods": 250,
        "type": "VirtualMachineScaleSets",
        "mode": "System",
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "orchestratorVersion": "1.33",
        "enableNodePublicIP": bool(node_addresses),
        "enableEncryptionAtHost": False,
        **({"vnetSubnetID": subnet} if subnet else {}),
    }


def _network(outbound: str) -> Item:
    profile = {
        "managedOutboundIPs": {"count": 1},
        "effectiveOutboundIPs": [link(outbound)],
        "backendPoolType": "NodeIPConfiguration",
    }
    return {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "loadBalancerSku": "standard",
        "outboundType": "loadBalancer" if outbound else "userDefinedRouting",
        "podCidr": "10.244.0.0/16",
        "serviceCidr": "10.0.0.0/16",
        "dnsServiceIP": "10.0.0.10",
        **({"loadBalancerProfile": profile} if outbound else {}),
    }
