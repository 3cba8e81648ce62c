"""A GKE cluster's description: its endpoints, who may reach them, its node pools, the key of its Secrets.

Fields and defaults: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters,
https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.model.cluster import MetadataService
from cloudguard.model.filters import AddressList, Filter
from cloudguard.model.keys import SecretsEncryption
from cloudguard.model.network import Endpoint
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, child, children, flag, number, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access.calls import LIST_CLUSTERS
from cloudguard_gcp.access.links import project_of, short
from cloudguard_gcp.cluster.gke_endpoints import address_lists, authorized_networks, endpoints
from cloudguard_gcp.cluster.instances import place_of

MANAGED_BY: Final = "Google Kubernetes Engine"
_ENCRYPTED: Final = frozenset({"ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"})
_DISK_KEYS: Final = ("controlPlaneDiskEncryptionKey", "gkeopsEtcdBackupEncryptionKey")
"""https://cloud.google.com/kubernetes-engine/docs/concepts/about-control-plane-authority"""
_GKE_METADATA: Final = "GKE_METADATA"
"""With Workload Identity, GKE's own metadata server answers pods in place of Compute's
(https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity).
"""
_DEFAULT_SCOPES: Final = "the default scopes of nodes that GKE creates"
_REMEDY: Final = "Workload Identity: the node pool's metadata mode GKE_METADATA"


@dataclass(frozen=True, eq=False, slots=True)
class NodePool:
    """A GKE node pool, or the defaults of future ones. ``account``: its service account, "default" or an address."""

    name: str
    account: str
    scopes: Sequence[str]
    metadata_mode: str


@dataclass(frozen=True, eq=False, slots=True)
class GkeCluster:
    """A GKE cluster. ``filters`` and ``lists``: those that its endpoints name.

    ``keys``: the user's own keys for the control plane's disks and the copies of etcd. ``pod_ranges``: ranges for the
    pods of future nodes, and the range of a control plane in a network that Google peers. ``groups``: the group
    managers of its node pools. ``workload_pools``: the identity pools of its service accounts. ``range_names``: the
    secondary ranges of its subnet that it assigns to pods, by their names.
    """

    name: str
    location: str
    version: str
    node_count: int
    autopilot: bool
    endpoints: tuple[Endpoint, ...]
    filters: tuple[Filter, ...]
    lists: tuple[AddressList, ...]
    secrets: SecretsEncryption
    keys: tuple[str, ...]
    node_pools: tuple[NodePool, ...]
    pod_ranges: AddressSet
    workload_pools: frozenset[str]
    groups: frozenset[str]
    range_names: frozenset[str]

    @property
    def region(self) -> str:
        """The cluster's region. Its location may be a zone: "europe-west1-b"."""
        return self.location.rpartition("-")[0] if self.location.count("-") == 2 else self.location  # noqa: PLR2004

    def metadata_service(self, pool: str) -> MetadataService:
        """Return whether pods can use the metadata server of a node pool's hosts."""
        modes = {known.metadata_mode for known in self.node_pools if known.name == pool}
        concealed = self.autopilot or modes == {_GKE_METADATA}
        return MetadataService(
            enabled=True, tokens_required=concealed, hop_limit=1, remedy="" if concealed else _REMEDY
        )


def gke_cluster(item: Item) -> GkeCluster:
    """Return a GKE cluster from the API's answer."""
    name = required(item, "name")
    source = Source(LIST_CLUSTERS.name, short(text(item, "selfLink")).replace("/zones/", "/locations/") or name)
    guard = authorized_networks(item, source)
    own_keys = child(item, "userManagedKeysConfig")
    return GkeCluster(
        name=name,
        location=text(item, "location"),
        version=text(item, "currentMasterVersion"),
        node_count=number(item, "currentNodeCount", 0),
        autopilot=flag(child(item, "autopilot"), "enabled"),
        endpoints=tuple(endpoints(item, source, guard)),
        filters=(guard,) if guard else (),
        lists=address_lists(source),
        secrets=SecretsEncryption(_secrets_key(item), source),
        keys=tuple(filter(None, (text(own_keys, key) for key in _DISK_KEYS))),
        node_pools=tuple(_node_pools(item)),
        pod_ranges=AddressSet.of(_pod_ranges(item)),
        workload_pools=frozenset(_workload_pools(item)),
        groups=frozenset(
            place_of(url) for pool in children(item, "nodePools") for url in texts(pool, "instanceGroupUrls")
        ),
        range_names=frozenset(filter(None, _range_names(item))),
    )


def _range_names(item: Item) -> Iterator[str]:
    """Yield the names of the ranges of pods: of the cluster, those that were added to it, and of its node pools."""
    policy = child(item, "ipAllocationPolicy")
    yield text(policy, "clusterSecondaryRangeName")
    yield from texts(child(policy, "additionalPodRangesConfig"), "podRangeNames")
    for pool in children(item, "nodePools"):
        yield text(child(pool, "networkConfig"), "podRange")


def _workload_pools(item: Item) -> Iterator[str]:
    """Yield the identity pools of a cluster's service accounts: its own, and its fleet's if the project's id is known.

    https://cloud.google.com/kubernetes-engine/fleet-management/docs/use-workload-identity
    """
    fleet = child(item, "fleet")
    projects = {text(fleet, "project"), project_of(text(fleet, "membership"))}
    own = text(child(item, "workloadIdentityConfig"), "workloadPool")
    yield from filter(None, (own, *(f"{name}.svc.id.goog" for name in projects if name and not name.isdigit())))


def _node_pools(item: Item) -> Iterator[NodePool]:
    """Yield the node pools, and the defaults of the node pools that GKE creates by itself."""
    for pool in children(item, "nodePools"):
        yield _node_pool(text(pool, "name"), child(pool, "config"))
    created = _node_pool("", child(item, "autoscaling", "autoprovisioningNodePoolDefaults"))
    if flag(child(item, "autoscaling"), "enableNodeAutoprovisioning") or flag(child(item, "autopilot"), "enabled"):
        created = replace(created, account=created.account or "default", scopes=created.scopes or (_DEFAULT_SCOPES,))
    yield created


def _node_pool(name: str, config: Item) -> NodePool:
    mode = text(child(config, "workloadMetadataConfig"), "mode")
    return NodePool(name, text(config, "serviceAccount"), texts(config, "oauthScopes"), mode)


def _pod_ranges(item: Item) -> Iterator[str]:
    cidr = text(child(item, "ipAllocationPolicy"), "clusterIpv4CidrBlock") or text(item, "clusterIpv4Cidr")
    pools = (text(child(pool, "networkConfig"), "podIpv4CidrBlock") for pool in children(item, "nodePools"))
    yield from filter(None, (cidr, *pools, _control_plane(item)))


def _control_plane(item: Item) -> str:
    """Return the range of a control plane in a peered network of Google's; "" if it is not in one.

    https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation
    """
    private = child(item, "privateClusterConfig")
    return text(private, "masterIpv4CidrBlock") if text(private, "peeringName") else ""


def _secrets_key(cluster: Item) -> str:
    """Return the key that encrypts Secrets; "" if only Google's own key does."""
    encryption = child(cluster, "databaseEncryption")
    state = text(encryption, "currentState") or text(encryption, "state")
    return text(encryption, "keyName") if state.removeprefix("CURRENT_STATE_") in _ENCRYPTED else ""
