"""An AKS cluster's own description: its groups, its pools, the key of its Secrets.

Fields: https://learn.microsoft.com/rest/api/aks/managed-clusters/list. Its endpoint is read in ``network``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cloudguard.model.cluster import SecretsEncryption
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, flag, number, part, parts, required, text, texts
from cloudguard_azure.access.calls import LIST_MANAGED_CLUSTERS
from cloudguard_azure.access.ids import canonical, group_of, own_id, word
from cloudguard_azure.cluster.keys import KeyReference

MANAGED_BY: Final = "Azure Kubernetes Service"
OF_MACHINES: Final = "virtualmachines"
"""The type of an agent pool that is no scale set (https://learn.microsoft.com/azure/aks/virtual-machines-node-pools)."""


@dataclass(frozen=True, slots=True)
class AgentPool:
    """A node pool; ``count``: the nodes that it has, or would have if it were not ``stopped``; ``kind``: its type."""

    name: str
    kind: str
    count: int
    stopped: bool
    subnet: str
    public: bool
    groups: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class ManagedCluster:
    """An AKS cluster. ``node_group``: the group of its machines, in lower case.

    ``hosted_system``: its system nodes are in a subscription of Azure's.
    """

    id: str
    name: str
    version: str
    node_group: str
    stopped: bool
    pools: tuple[AgentPool, ...]
    hosted_system: bool
    item: Item

    @property
    def group(self) -> str:
        """Its resource group, in lower case."""
        return group_of(self.id)

    @property
    def node_count(self) -> int:
        """The nodes that it counts in its pools."""
        return 0 if self.stopped else sum(pool.count for pool in self.pools if not pool.stopped)


def managed_cluster(item: Item) -> ManagedCluster:
    """Return what AKS says of a cluster."""
    properties = part(item, "properties")
    return ManagedCluster(
        id=own_id(item),
        name=required(item, "name"),
        version=text(properties, "currentKubernetesVersion") or text(properties, "kubernetesVersion"),
        node_group=required(properties, "nodeResourceGroup").lower(),
        stopped=_is_stopped(properties),
        pools=tuple(map(_agent_pool, parts(properties, "agentPoolProfiles"))),
        hosted_system=flag(part(properties, "hostedSystemProfile"), "enabled"),
        item=item,
    )


def _is_stopped(properties: Item) -> bool:
    return word(part(properties, "powerState"), "code") == "stopped"


def _agent_pool(item: Item) -> AgentPool:
    listed = parts(item, "virtualMachineNodesStatus")
    return AgentPool(
        name=required(item, "name"),
        kind=word(item, "type"),
        count=number(item, "count", sum(number(one, "count", 0) for one in listed)),
        stopped=_is_stopped(item),
        subnet=canonical(text(item, "vnetSubnetID")),
        public=flag(item, "enableNodePublicIP"),
        groups=tuple(sorted(map(canonical, texts(part(item, "networkProfile"), "applicationSecurityGroups")))),
    )


def secrets_encryption(cluster: ManagedCluster) -> SecretsEncryption:
    """Return whose key encrypts the Secrets in etcd: "" where it is Azure's, or only etcd's disks are encrypted.

    https://learn.microsoft.com/azure/aks/use-kms-etcd-encryption
    """
    kms = _kms(cluster)
    key = required(kms, "keyId") if flag(kms, "enabled") else ""
    return SecretsEncryption(key, Source(LIST_MANAGED_CLUSTERS.name, cluster.name))


def keys_of(cluster: ManagedCluster) -> Iterator[KeyReference]:
    """Yield the key of the Secrets in etcd, where it is the customer's."""
    if key := secrets_encryption(cluster).key:
        yield KeyReference.of(key, canonical(text(_kms(cluster), "keyVaultResourceId")))


def _kms(cluster: ManagedCluster) -> Item:
    return part(cluster.item, "properties", "securityProfile", "azureKeyVaultKms")
