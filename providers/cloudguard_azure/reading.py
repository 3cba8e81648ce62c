"""Reads all facts about a cluster that was found. This module imports most of the package."""

from __future__ import annotations

from functools import partial

from cloudguard.model.cluster import Cluster, Host, Pool
from cloudguard.model.identity import Identities
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.collecting import snapshot_of
from cloudguard.provider.etcd_disks import EtcdStorage, etcd_traits
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.session import Caller
from cloudguard_azure.cluster.aks import MANAGED_BY, read_pod_ranges
from cloudguard_azure.cluster.find import FoundCluster
from cloudguard_azure.cluster.hosts import read_hosts
from cloudguard_azure.cluster.pools import read_pools
from cloudguard_azure.identity.aks_places import aks_traits
from cloudguard_azure.identity.holders import Attachments, attachments, known
from cloudguard_azure.identity.identities import ClusterHolders, read_identities
from cloudguard_azure.network.topology import read_around
from cloudguard_azure.storage.disks import read_storage
from cloudguard_azure.storage.secrets import read_secrets


def read_all(api: Api, caller: Caller, found: FoundCluster) -> Snapshot:
    """Read all facts about a cluster that was found."""
    machines = read_hosts(api, found)
    groups = read_pools(api, found, machines)
    attached = attachments(api, (*found.machine_items, *(scale_set.item for scale_set in found.scale_sets)))
    around, storage, identities = api.parallel(
        partial(read_around, api, found, machines, groups),
        partial(_read_storage, api, found, machines),
        partial(_read_identities, api, found, (machines, groups), attached),
    )
    installer = found.installer(machines, storage.disks, around.topology.balancers)
    cluster = Cluster(
        name=found.name,
        provider="azure",
        account=caller.subscription,
        regions=found.regions,
        installer=installer.name,
        version=found.aks.version if found.aks else "",
        managed=found.aks is not None,
        scanned_by=caller.account,
        hosts=tuple(known(host, attached) for host in around.hosts),
        pools=tuple(known(pool, attached) for pool in around.pools),
        disks=storage.disks,
        copies=storage.copies,
        keys=storage.keys,
        managed_by=MANAGED_BY if found.aks else "",
        secrets_encryption=storage.secrets,
        pod_ranges=around.pod_ranges | read_pod_ranges(api, found.aks),
        traits=(*etcd_traits(storage.disks), *(aks_traits(api, found.aks.item) if found.aks else ())),
        installer_strength=installer.strength,
        place=found.aks.group if found.aks else "",
    )
    return snapshot_of(api, cluster, around.topology, identities)


def _read_storage(api: Api, found: FoundCluster, hosts: tuple[Host, ...]) -> EtcdStorage:
    """Read the disks that may hold etcd, and their keys. For a managed cluster, read the key of its Secrets."""
    if found.aks is None:
        return read_storage(api, found, hosts)
    secrets, keys = read_secrets(api, found.aks)
    return EtcdStorage(keys=keys, secrets=secrets)


def _read_identities(
    api: Api, found: FoundCluster, holding: tuple[tuple[Host, ...], tuple[Pool, ...]], attached: Attachments
) -> Identities:
    managed = found.aks.item if found.aks else None
    return read_identities(api, ClusterHolders(found.name, *holding, attached, managed, found.issuer))
