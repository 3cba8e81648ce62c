"""Scale sets, and AKS's pools of single machines, as pools: what their next host will be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cloudguard.model.cluster import DiskTemplate, Host, NextInterface, Pool
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import AnswerError, Item, child, children, flag
from cloudguard.provider.host_roles import HostRoles, managed_node, may_run_etcd, roles_by_flags, roles_of_pool
from cloudguard.provider.network.metadata_server import OPEN_METADATA
from cloudguard.provider.ownership.facts import Thing
from cloudguard.provider.role_names import roles_by_names
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_MANAGED_CLUSTERS, LIST_SCALE_SETS
from cloudguard_azure.access.ids import own_id, word
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.cluster import installer_tags
from cloudguard_azure.cluster.aks import OF_SCALE_SET, AgentPool, ManagedCluster
from cloudguard_azure.cluster.attached_disks import attached_disks, has_host_encryption, is_encrypted
from cloudguard_azure.cluster.find import FoundCluster
from cloudguard_azure.cluster.interfaces import configurations, filters_of, groups_of, is_v6, subnet_of
from cloudguard_azure.cluster.machines import ScaleSet, metadata_service
from cloudguard_azure.cluster.members import has_own_tag

HIDES: Final = (FactKind.POOLS,)
_POOL_TAG: Final = "aks-managed-poolname"
"""https://learn.microsoft.com/azure/aks/use-tags, on the scale set or machine that AKS makes for a pool."""


def read_pools(api: Api, found: FoundCluster, hosts: tuple[Host, ...]) -> tuple[Pool, ...]:
    """Return the pools of the cluster. A flexible scale set without a profile makes no hosts by itself."""
    makers = {scale_set.id: scale_set for scale_set in found.scale_sets if scale_set.uniform or scale_set.profile}
    items = [maker.item for maker in makers.values()]
    pools = api.mapped(LIST_SCALE_SETS, items, lambda item: _pool(api, found, hosts, makers[own_id(item)]), hides=HIDES)
    if found.aks is not None:
        pools += tuple(_pools_of_machines(api, found, found.aks, hosts))
    return tuple(sorted(pools, key=lambda pool: pool.id))


def _pool(api: Api, found: FoundCluster, hosts: Sequence[Host], scale_set: ScaleSet) -> Pool:
    """Return a scale set as a pool. Raises AnswerError if its profile can't be parsed.

    AKS changes the scale set only some time after its pool: what either of them gives the next host counts.
    """
    profile = scale_set.profile
    first, *others = next_interfaces(profile)
    of_aks = [pool for pool in (found.aks.pools if found.aks else ()) if _is_of_pool(scale_set, pool)]
    known = roles_of_pool(api, LIST_SCALE_SETS, scale_set.id, hosts, _roles(found, scale_set))
    return Pool(
        id=scale_set.id,
        name=scale_set.name,
        roles=known.roles,
        role_evidence=known.evidence,
        subnets=tuple(dict.fromkeys((*first.subnets, *(pool.subnet for pool in of_aks if pool.subnet)))),
        filters=first.filters,
        groups=first.groups,
        source=api.source(LIST_SCALE_SETS, scale_set.id),
        public=first.public or any(pool.public for pool in of_aks),
        public_ipv6=first.public_ipv6,
        desired=scale_set.count,
        disks=_disks(profile) if may_run_etcd(known, hosts) else (),
        metadata=metadata_service(profile),
        further=tuple(others),
        host_encryption=any(pool.host_encryption for pool in of_aks) or has_host_encryption(profile),
        written_by=OWNERS.of(Thing.POOL, scale_set.name, scale_set.tags),
    )


def _roles(found: FoundCluster, scale_set: ScaleSet) -> HostRoles | None:
    """Return the roles of a scale set's hosts: by flags, then by AKS, by tags, or by its name."""
    name = f"{scale_set.name}_0"  # as its machines are called
    known = roles_by_flags(found.role_tags, lambda pair: has_own_tag(scale_set.tags, pair, name))
    if known is None and found.aks is not None:
        return _of_aks(found.aks)
    known = known or installer_tags.roles_by_tags(scale_set.tags, found.name, scale_set.name)
    return known or roles_by_names([("scale set", scale_set.name)], found.name)


def _of_aks(cluster: ManagedCluster) -> HostRoles:
    return managed_node(f"it is a pool of the AKS cluster {cluster.name}, whose control plane Azure runs")


def next_interfaces(profile: Item) -> tuple[NextInterface, ...]:
    """Return the interfaces of a profile's next machine, the primary one first. Raises AnswerError if it has none."""
    listed = children(child(profile, "networkProfile"), "networkInterfaceConfigurations")
    ordered = sorted(listed, key=lambda item: not flag(child(item, "properties"), "primary"))
    interfaces = tuple(map(_interface, ordered))
    if not interfaces:
        message = "networkInterfaceConfigurations is missing"
        raise AnswerError(message)
    return interfaces


def _interface(item: Item) -> NextInterface:
    listed = configurations(item)
    public = [_has_v6(item) for item in listed if child(item, "publicIPAddressConfiguration")]
    return NextInterface(
        filters=filters_of(child(item, "properties")),
        groups=groups_of(listed),
        subnets=(subnet_of(listed),),
        public=not all(public),
        public_ipv6=any(public),
    )


def _has_v6(configuration: Item) -> bool:
    """Whether the public address of an IP configuration is IPv6."""
    public = child(configuration, "publicIPAddressConfiguration", "properties")
    version = word(public, "publicIPAddressVersion")
    return version == "ipv6" if version else is_v6(configuration)


def _disks(profile: Item) -> tuple[DiskTemplate, ...]:
    """Return the disks of a profile's next machine, with the encryption that the profile states."""
    return tuple(
        DiskTemplate(
            attached_disk.device,
            is_encrypted(attached_disk, profile),
            attached_disk.encryption_set,
            customer_key=bool(attached_disk.encryption_set),
        )
        for attached_disk in attached_disks(profile)
    )


def _pools_of_machines(api: Api, found: FoundCluster, cluster: ManagedCluster, hosts: Sequence[Host]) -> Iterator[Pool]:
    """Yield AKS's pools whose machines no scale set makes. The next machine is assumed to be like today's.

    A pool without a scale set or machine that was read leaves a Gap.
    """
    sets = {pool.name for pool in cluster.pools for scale_set in found.scale_sets if _is_of_pool(scale_set, pool)}
    by_id = {host.id: host for host in hosts}
    for pool in cluster.pools:
        machines = [
            machine for machine in found.machines if machine.tags.get(_POOL_TAG, "").lower() == pool.name.lower()
        ]
        hosts_of_pool = [
            by_id[machine.id] for machine in machines if machine.id in by_id and by_id[machine.id].interfaces
        ]
        if pool.name in sets:
            continue
        if pool.kind == OF_SCALE_SET or not hosts_of_pool:
            message = f"the settings of the next node of the pool {pool.name} were not found"
            api.missed(LIST_MANAGED_CLUSTERS, cluster.name, message, HIDES)
        yield from _of_machines(api, cluster, pool, hosts_of_pool)


def _is_of_pool(scale_set: ScaleSet, pool: AgentPool) -> bool:
    """Whether AKS made a scale set for a pool: by its tag, else its name, "aks-POOL-…-vmss" or "aksPOOL"."""
    tagged, name, wanted = scale_set.tags.get(_POOL_TAG, "").lower(), scale_set.name.lower(), pool.name.lower()
    return tagged == wanted if tagged else name.startswith(f"aks-{wanted}-") or name == f"aks{wanted}"


def _of_machines(api: Api, cluster: ManagedCluster, pool: AgentPool, hosts: Iterable[Host]) -> Iterator[Pool]:
    """Yield one pool for each kind of interface that the pool's machines have today."""
    known = _of_aks(cluster)
    kinds = dict.fromkeys(
        (interface.subnet, interface.filters, interface.groups) for host in hosts for interface in host.interfaces[:1]
    )
    for place, (subnet, filters, groups) in enumerate(kinds):
        yield Pool(
            id=f"{cluster.id}/agentpools/{pool.name.lower()}" + (f"/{place}" if place else ""),
            name=pool.name,
            roles=known.roles,
            role_evidence=known.evidence,
            subnets=(pool.subnet or subnet,),
            filters=filters,
            groups=pool.groups or groups,
            source=api.source(LIST_MANAGED_CLUSTERS, cluster.name),
            public=pool.public,
            desired=pool.count,
            metadata=OPEN_METADATA,
            host_encryption=pool.host_encryption,
        )
