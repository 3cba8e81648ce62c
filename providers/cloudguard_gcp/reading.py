"""Reads all facts about a cluster that was found. This module imports most of the package."""

from __future__ import annotations

from functools import partial

from cloudguard.model.cluster import Cluster, Host, Pool
from cloudguard.model.identity import Identities
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.collecting import snapshot_of
from cloudguard.provider.etcd_disks import EtcdStorage, etcd_traits
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.resource_names import owner_of
from cloudguard_gcp.access.session import Caller
from cloudguard_gcp.cluster.disks import PROJECT_NUMBER, read_storage
from cloudguard_gcp.cluster.find import FoundCluster
from cloudguard_gcp.cluster.gke import MANAGED_BY
from cloudguard_gcp.cluster.hosts import guarded as guarded_hosts
from cloudguard_gcp.cluster.hosts import read_hosts
from cloudguard_gcp.cluster.instances import Instance
from cloudguard_gcp.cluster.keys import read_keys
from cloudguard_gcp.cluster.pod_ranges import pod_ranges
from cloudguard_gcp.cluster.pools import guarded as guarded_pools
from cloudguard_gcp.cluster.pools import next_hosts, read_pools
from cloudguard_gcp.identity.gatekeepers import with_guarded_ways
from cloudguard_gcp.identity.identities import held_accounts, known, read_identities
from cloudguard_gcp.identity.kubernetes_accounts import IdentityPools, SelfManaged
from cloudguard_gcp.identity.shared_copies import with_outsiders
from cloudguard_gcp.network.members import with_members
from cloudguard_gcp.network.topology import read_around


def read_all(api: Api, caller: Caller, found: FoundCluster) -> Snapshot:
    """Read all facts about a cluster that was found."""
    found = with_members(api, found)
    machines = read_hosts(api, found)
    groups, templates = read_pools(api, found, machines)
    around, storage, identities = api.parallel(
        partial(read_around, api, found, machines, groups),
        partial(_read_storage, api, found, machines),
        partial(_read_identities, api, caller, found, (machines, groups, templates)),
    )
    own_names = (caller.project, *_numbers(caller))
    disks, copies = with_outsiders(api, own_names, storage.disks, storage.copies)
    machines, groups = guarded_hosts(machines, around.chains), guarded_pools(groups, around.chains)
    installer = found.installer(machines, disks, around.topology.balancers)
    number_trait = ((PROJECT_NUMBER, number) for number in _numbers(caller))
    cluster = Cluster(
        name=found.name,
        provider="gcp",
        account=caller.project,
        regions=found.regions,
        installer=installer.name,
        version=found.gke.version if found.gke else "",
        managed=found.gke is not None,
        scanned_by=caller.account,
        hosts=known(machines, caller),
        pools=known(groups, caller),
        disks=disks,
        copies=copies,
        keys=storage.keys,
        managed_by=MANAGED_BY if found.gke else "",
        secrets_encryption=storage.secrets,
        pod_ranges=pod_ranges(api, found),
        traits=(*etcd_traits(disks), *next_hosts(api, found.project, groups), *number_trait),
        installer_strength=installer.strength,
        place=found.gke.location if found.gke and found.gke.location != found.gke.region else "",
    )
    topology = with_guarded_ways(api, own_names, around.topology, found.gke)
    return snapshot_of(api, cluster, topology, identities)


def _read_identities(
    api: Api,
    caller: Caller,
    found: FoundCluster,
    holding: tuple[tuple[Host, ...], tuple[Pool, ...], dict[str, Instance]],
) -> Identities:
    cluster: IdentityPools | SelfManaged = SelfManaged(found.name, found.other_clusters)
    if gke := found.gke:
        cluster_name = f"projects/{caller.project}/locations/{gke.location}/clusters/{gke.name}"
        cluster = IdentityPools(gke.workload_pools, cluster_name)
    holders = held_accounts(found, caller, *holding)
    return read_identities(api, (caller.project, *_numbers(caller)), holders, cluster, found.outside_groups)


def _read_storage(api: Api, found: FoundCluster, hosts: tuple[Host, ...]) -> EtcdStorage:
    """Read the disks that may hold etcd, and their keys. For a managed cluster, read the key of its Secrets."""
    if gke := found.gke:
        return EtcdStorage(keys=read_keys(api, (gke.secrets.key, *gke.keys)), secrets=gke.secrets)
    return read_storage(api, project=found.project, cluster=found.name, hosts=hosts, instances=found.instances)


def _numbers(caller: Caller) -> tuple[str, ...]:
    """Return the number of the caller's project, which its default account has in its address; () if it is unknown."""
    number = owner_of(caller.default_account)
    return (number,) if number else ()
