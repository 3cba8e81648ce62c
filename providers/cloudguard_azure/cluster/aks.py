"""An AKS cluster's description: its resource groups and its pools.

Fields: https://learn.microsoft.com/rest/api/aks/managed-clusters/list. The endpoint is read in ``network``, the key of
the Secrets in ``storage``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, child, children, flag, number, required, text, texts
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_MANAGED_CLUSTERS
from cloudguard_azure.access.ids import Resource, canonical, own_id, subscription_of, word
from cloudguard_azure.cluster.machines import location_of

MANAGED_BY: Final = "Azure Kubernetes Service"
OF_SCALE_SET: Final = "virtualmachinescalesets"
"""The usual type of a pool. Other pools have single machines
(https://learn.microsoft.com/azure/aks/virtual-machines-node-pools).
"""


@dataclass(frozen=True, slots=True)
class AgentPool:
    """A node pool. ``count``: its nodes, or those that it would have if it were not ``stopped``. ``kind``: its type."""

    name: str
    kind: str
    count: int
    stopped: bool
    subnet: str
    pod_subnet: str
    public: bool
    groups: tuple[str, ...]
    host_encryption: bool


@dataclass(frozen=True, eq=False, slots=True)
class ManagedCluster(Resource):
    """An AKS cluster. ``node_group``: the resource group of its machines, in lower case.

    ``hosted_system``: its system nodes are in a subscription of Azure's.
    """

    name: str
    location: str
    version: str
    node_group: str
    stopped: bool
    pools: tuple[AgentPool, ...]
    hosted_system: bool
    item: Item

    @property
    def node_count(self) -> int:
        """The number of nodes in its pools that are not stopped."""
        return 0 if self.stopped else sum(pool.count for pool in self.pools if not pool.stopped)


def managed_cluster(item: Item) -> ManagedCluster:
    """Return an AKS cluster from the API's answer."""
    properties = child(item, "properties")
    return ManagedCluster(
        id=own_id(item),
        name=required(item, "name"),
        location=location_of(item),
        version=text(properties, "currentKubernetesVersion") or text(properties, "kubernetesVersion"),
        node_group=required(properties, "nodeResourceGroup").lower(),
        stopped=_is_stopped(properties),
        pools=tuple(map(_agent_pool, children(properties, "agentPoolProfiles"))),
        hosted_system=flag(child(properties, "hostedSystemProfile"), "enabled"),
        item=item,
    )


def _is_stopped(properties: Item) -> bool:
    return word(child(properties, "powerState"), "code") == "stopped"


def _agent_pool(item: Item) -> AgentPool:
    listed = children(item, "virtualMachineNodesStatus")
    return AgentPool(
        name=required(item, "name"),
        kind=word(item, "type"),
        count=number(item, "count", sum(number(item, "count", 0) for item in listed)),
        stopped=_is_stopped(item),
        subnet=canonical(text(item, "vnetSubnetID")),
        pod_subnet=canonical(text(item, "podSubnetID")),
        public=flag(item, "enableNodePublicIP"),
        groups=tuple(sorted(map(canonical, texts(child(item, "networkProfile"), "applicationSecurityGroups")))),
        host_encryption=flag(item, "enableEncryptionAtHost"),
    )


def own_pod_subnets(cluster: ManagedCluster, clusters: Iterable[ManagedCluster]) -> frozenset[str]:
    """Return the subnets (ids) for the pods of this cluster alone, as far as ``clusters`` show it.

    Clusters of other subscriptions may use a subnet of another subscription too.
    https://learn.microsoft.com/azure/aks/configure-azure-cni-dynamic-ip-allocation
    """
    others = [pool for other in clusters if other.id != cluster.id for pool in other.pools]
    shared = {name for pool in others for name in (pool.subnet, pool.pod_subnet)}
    own = {pool.pod_subnet for pool in cluster.pools} - {pool.subnet for pool in cluster.pools} - shared
    return frozenset(name for name in own if name and subscription_of(name) == subscription_of(cluster.id))


def read_pod_ranges(api: Api, cluster: ManagedCluster | None) -> AddressSet:
    """Return the ranges of pods in an overlay or behind routes; not those with addresses of the network.

    https://learn.microsoft.com/azure/aks/azure-cni-overlay
    """
    items = (cluster.item,) if cluster else ()
    return AddressSet.union(api.mapped(LIST_MANAGED_CLUSTERS, items, _pod_ranges, hides=(FactKind.HOSTS,)))


def _pod_ranges(item: Item) -> AddressSet:
    profile = child(item, "properties", "networkProfile")
    return AddressSet.of([*texts(profile, "podCidrs"), *filter(None, [text(profile, "podCidr")])])
