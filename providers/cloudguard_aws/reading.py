"""Reads all facts about a cluster that was found. This module imports most of the package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from cloudguard.model.cluster import Cluster, Disk, Host, Pool, Role, Strength
from cloudguard.model.identity import Identities, Statement
from cloudguard.model.load_balancers import Balancer
from cloudguard.model.network import Topology
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.provider.collecting import snapshot_of
from cloudguard.provider.etcd_disks import EtcdStorage, etcd_traits
from cloudguard.provider.host_roles import API_PORTS
from cloudguard.provider.installers import ShownInstaller, with_openshift
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import GET_KEY_POLICY, LIST_ROLES
from cloudguard_aws.access.session import Caller
from cloudguard_aws.cluster.eks import MANAGED_BY, NodeGroups, read_node_groups
from cloudguard_aws.cluster.fargate import read_fargate_pods
from cloudguard_aws.cluster.find import FoundCluster
from cloudguard_aws.cluster.hosts import hosts_by_tags, read_hosts
from cloudguard_aws.cluster.interfaces import with_both_answers
from cloudguard_aws.cluster.pools.next_hosts import read_pools
from cloudguard_aws.cluster.pools.scaling_groups import read_scaling_groups
from cloudguard_aws.cluster.tags import legacy_tag, shown_installer
from cloudguard_aws.iam_catalog.catalog_of_cluster import ready
from cloudguard_aws.identity.other_roles import ALL_AT_ONCE, with_assumable_roles, with_trusting_roles
from cloudguard_aws.identity.resource_policies import (
    read_key_policies,
    with_policies_of_resources,
    with_resource_policies,
)
from cloudguard_aws.identity.roles import read_identities, resolve_profiles
from cloudguard_aws.identity.surroundings import all_identities, read_surroundings
from cloudguard_aws.network.inventory import read_inventory
from cloudguard_aws.network.members import with_members
from cloudguard_aws.network.registrations import api_targets
from cloudguard_aws.network.topology import read_topology
from cloudguard_aws.storage.disks import read_storage
from cloudguard_aws.storage.keys import read_keys


def read_all(api: Api, found: FoundCluster, caller: Caller) -> Snapshot:
    """Read all facts about a cluster that was found. A second thread makes likely calls ahead."""
    snapshot, _ = api.parallel(lambda: _snapshot(api, found, caller), lambda: _ask_ahead(api, found, caller))
    return snapshot


def _snapshot(api: Api, found: FoundCluster, caller: Caller) -> Snapshot:
    managed = found.eks
    found, node_groups = _members(api, found)
    machines = read_hosts(api, found, partial(api_targets, api, found.networks, API_PORTS))
    if managed and managed.security_group and node_groups and node_groups.fargate:
        known = {interface.id for host in machines for interface in host.interfaces}
        machines += read_fargate_pods(api, managed.security_group, known)
    account = caller.account or _account(found, machines)
    (machines, groups, topology, identities), (storage, policies) = api.parallel(
        lambda: _around(api, found, node_groups, machines, account),
        lambda: _read_storage(api, found, machines, account),
    )
    identities = with_resource_policies(api, identities, GET_KEY_POLICY, policies)
    identities = with_assumable_roles(api, with_trusting_roles(api, identities))
    machines, groups = _with_roles(api, machines, groups)
    installer = _installer(found, machines, storage.disks, topology.balancers)
    cluster = Cluster(
        name=found.name,
        provider="aws",
        account=account,
        regions=(api.region,),
        installer=installer.name,
        version=managed.version if managed else "",
        managed=managed is not None,
        scanned_by=caller.arn,
        hosts=machines,
        pools=groups,
        disks=storage.disks,
        copies=storage.copies,
        datastores=storage.datastores,
        keys=storage.keys,
        managed_by=MANAGED_BY if managed else "",
        secrets_encryption=managed.secrets if managed else None,
        pod_ranges=managed.remote if managed else NO_ADDRESSES,
        traits=(*etcd_traits(storage.disks), *legacy_tag([instance.tags for instance in found.instances], found.name)),
        installer_strength=installer.strength,
        place=found.place,
    )
    return with_policies_of_resources(api, snapshot_of(api, cluster, topology, identities))


def _ask_ahead(api: Api, found: FoundCluster, caller: Caller) -> None:
    """Make the calls that need only the cluster's identity. Their answers are shared, so no call is made twice."""
    hosts = tuple(instance.host for instance in found.instances)
    endpoints = (found.eks.endpoint,) if found.eks else ()
    account = caller.account or _account(found, hosts)
    reads: list[Callable[[], object]] = [
        partial(read_identities, api, hosts=hosts, pools=(), extra=found.eks.roles if found.eks else ()),
        partial(read_inventory, api, hosts=hosts, endpoints=endpoints, network_ids=found.interface_networks),
        partial(_read_storage, api, found, hosts_by_tags(api, found), account),
        partial(read_surroundings, api, found, account),
        partial(read_scaling_groups, api, found, ()),
        partial(api.prefetch, LIST_ROLES, **ALL_AT_ONCE),
        ready,
    ]
    api.gather(*reads)


def _members(api: Api, found: FoundCluster) -> tuple[FoundCluster, NodeGroups | None]:
    """Return the cluster with all of its instances, and its node groups (None unless it is an EKS cluster)."""
    groups = read_node_groups(api, found.eks.name) if found.eks else None
    return with_members(api, found, groups.scaling_groups if groups else ()), groups


def _installer(
    found: FoundCluster, machines: tuple[Host, ...], disks: tuple[Disk, ...], balancers: tuple[Balancer, ...]
) -> ShownInstaller:
    """Return the installer that made the cluster, with the strength of the evidence."""
    if found.eks:
        return ShownInstaller("eks", Strength.STRONG)
    control_plane = [host.id for host in machines if Role.CONTROL_PLANE in host.roles]
    tagged = {instance.id: instance.tags for instance in found.instances}
    known = shown_installer(tagged, found.name, control_plane, disks)
    return with_openshift(known, found.name, control_plane, balancers)


def _around(
    api: Api, found: FoundCluster, node_groups: NodeGroups | None, machines: tuple[Host, ...], account: str
) -> tuple[tuple[Host, ...], tuple[Pool, ...], Topology, Identities]:
    """Read the pools, then the network and identities of hosts and pools.

    Return the hosts with the interfaces that both answers show, the pools, the topology and the identities.
    """
    endpoints = (found.eks.endpoint,) if found.eks else ()
    extra = (*(found.eks.roles if found.eks else ()), *(node_groups.holders if node_groups else ()))
    groups, around = api.parallel(
        lambda: read_pools(api, found, machines, node_groups.scaling_groups if node_groups else ()),
        lambda: read_inventory(
            api,
            hosts=machines,
            endpoints=endpoints,
            network_ids=found.interface_networks,
            registers=found.registers,
        ),
    )
    machines = with_both_answers(api, machines, around.vpcs.interfaces or ())
    network, identities, surroundings = api.parallel(
        lambda: read_topology(
            api, around, cluster=found.name, hosts=machines, pools=groups, endpoints=endpoints, account=account
        ),
        lambda: read_identities(api, hosts=machines, pools=groups, extra=extra),
        lambda: read_surroundings(api, found, account),
    )
    return machines, groups, network, all_identities(identities, surroundings)


def _account(found: FoundCluster, hosts: tuple[Host, ...]) -> str:
    """Return the account in the cluster's ARNs, for a caller without a known account. "" if no ARN has one."""
    names = [found.eks.arn if found.eks else "", *(host.identity for host in hosts)]
    return next((name.split(":")[4] for name in names if name.startswith("arn:")), "")


def _read_storage(
    api: Api, found: FoundCluster, hosts: tuple[Host, ...], account: str
) -> tuple[EtcdStorage, Mapping[str, tuple[Statement, ...]]]:
    """Read etcd's disks and the keys with their policies. For an EKS cluster, read only the key of its Secrets."""
    if found.eks is None:
        storage = read_storage(
            api,
            cluster=found.name,
            hosts=hosts,
            installer=found.installer,
            networks=found.networks,
            account=account,
            stores={instance.id: instance.store for instance in found.instances},
        )
    else:
        storage = EtcdStorage(keys=read_keys(api, (found.eks.secrets.key,), account))
    return storage, read_key_policies(api, storage.keys, account)


def _with_roles(
    api: Api, hosts: tuple[Host, ...], pools: tuple[Pool, ...]
) -> tuple[tuple[Host, ...], tuple[Pool, ...]]:
    """Return hosts and pools with the role of their instance profile in place of the profile, if the role is known."""
    profiles = {*(host.identity for host in hosts), *(pool.identity for pool in pools)} - {""}
    roles = resolve_profiles(api, frozenset(profiles))
    return (
        tuple(replace(host, identity=roles.get(host.identity, host.identity)) for host in hosts),
        tuple(replace(pool, identity=roles.get(pool.identity, pool.identity)) for pool in pools),
    )
