"""Find one cluster by its name: an AKS cluster, or the machines that tags, flags and load balancers show to be its."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final

from cloudguard.errors import AccessError, ClusterNotFoundError, SeveralClustersError, UsageError
from cloudguard.model.cluster import Disk, Host, Role, Strength
from cloudguard.model.load_balancers import Balancer
from cloudguard.provider.answers import Item
from cloudguard.provider.collecting import all_clusters, not_found, refused_search, role_counts
from cloudguard.provider.host_roles import HostRoles
from cloudguard.provider.installers import ShownInstaller, with_openshift
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, option
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import (
    LIST_DISKS,
    LIST_LOAD_BALANCERS,
    LIST_NETWORKS,
    LIST_ROUTE_TABLES,
    LIST_SECURITY_GROUPS,
)
from cloudguard_azure.access.session import Caller, begin
from cloudguard_azure.cluster import installer_tags
from cloudguard_azure.cluster.aks import ManagedCluster, own_pod_subnets
from cloudguard_azure.cluster.inventory import SEARCH_CALLS, Interfaces, Inventory, read_interfaces, read_inventory
from cloudguard_azure.cluster.machines import Machine, ScaleSet
from cloudguard_azure.cluster.members import read_cluster_members, with_registered
from cloudguard_azure.cluster.places import in_one_place, refuse_another

_NO_CLUSTER: Final = "No cluster was found. Name its hosts with --control-plane-tag and --node-tag, or with --host"
_PREFETCHED: Final = (LIST_NETWORKS, LIST_SECURITY_GROUPS, LIST_LOAD_BALANCERS, LIST_DISKS, LIST_ROUTE_TABLES)
"""Calls that every cluster needs. They are started while the cluster's hosts are still being searched."""


@dataclass(frozen=True, eq=False)
class FoundCluster:
    """A cluster of one subscription: its AKS description if it has one, its machines and scale sets.

    ``interfaces``: those of its machines, and of all virtual machines.
    """

    name: str
    subscription: str
    machines: tuple[Machine, ...]
    scale_sets: tuple[ScaleSet, ...]
    interfaces: Interfaces
    aks: ManagedCluster | None = None
    by_flag: Mapping[str, HostRoles] = field(default_factory=dict[str, HostRoles])
    """Roles and evidence from the user's flags, by machine id."""
    role_tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])
    """The tags in the user's flags."""
    api_targets: Mapping[str, str] = field(default_factory=dict[str, str])
    """For each machine id, the load balancer that sends the API's connections there, as text."""
    issuer: str = ""
    """The issuer of service accounts' tokens from the user's flag."""
    pod_subnets: frozenset[str] = frozenset()
    """The subnets (ids) in which no other AKS cluster's pods get addresses."""

    def installer(self, hosts: Iterable[Host], disks: Iterable[Disk], balancers: Iterable[Balancer]) -> ShownInstaller:
        """Return the cluster's installer, and how strong the evidence is. ``hosts``: its hosts, with their roles."""
        if self.aks:
            return ShownInstaller("aks", Strength.STRONG)
        ids = {host.id for host in hosts if Role.CONTROL_PLANE in host.roles}
        known = installer_tags.shown_installer(self.machines, ids, self.name, disks)
        return with_openshift(known, self.name, ids, balancers)

    @property
    def regions(self) -> tuple[str, ...]:
        """The cluster's regions."""
        region = self.aks.location if self.aks else ""
        return tuple(sorted({region, *(machine.location for machine in self.machines)} - {""}))

    @property
    def machine_items(self) -> tuple[Item, ...]:
        """The cluster's machines as the API lists them."""
        return tuple(machine.item for machine in self.machines)


def cluster(request: CollectRequest, progress: Progress) -> tuple[Api, Caller, FoundCluster]:
    """Return the reader, the caller, and the cluster.

    Raises UsageError if several clusters have the name, ClusterNotFoundError if none has, AccessError if this is
    unknown.
    """
    api, caller = begin(request, progress, (*SEARCH_CALLS, *_PREFETCHED))
    return api, caller, find(api, request)


def find(api: Api, request: CollectRequest) -> FoundCluster:
    """Return the cluster in the reader's subscription. Raises the same errors as ``cluster``."""
    read = read_inventory(api)
    aks = _chosen_cluster(
        request, [cluster for cluster in read.clusters if cluster.name.lower() == request.cluster.lower()]
    )
    members = read_cluster_members(api, request, read, aks)
    if aks is None and not members.machines and not members.scale_sets:
        raise _not_found(api, request, read, members.everyone)
    interfaces, group = read_interfaces(api, members.scale_sets), option(request, "resource-group").lower()
    if aks is None:
        members = in_one_place(request.cluster, group, members, interfaces)
        members = with_registered(api, read, members, interfaces)
        interfaces = read_interfaces(api, members.scale_sets)
    elif not group:
        refuse_another(request.cluster, aks, read, members)
    names = (
        [aks.name]
        if aks
        else installer_tags.full_names([machine.tags for machine in members.machines], request.cluster)
    )
    if len(names) > 1:
        message = f"clusters called {request.cluster!r} are {' and '.join(names)}"
        raise UsageError(message, hint="Give the full name of one of them")
    return FoundCluster(
        name=names[0],
        subscription=api.subscription,
        machines=members.machines,
        scale_sets=members.scale_sets,
        interfaces=interfaces,
        aks=aks,
        by_flag=members.by_flag,
        role_tags=request.role_tags,
        api_targets=members.api_targets,
        issuer=option(request, "issuer"),
        pod_subnets=own_pod_subnets(aks, read.clusters) if aks else frozenset(),
    )


def clusters(request: CollectRequest, progress: Progress) -> tuple[ClusterSummary, ...]:
    """Return the clusters of the subscription. Raises NotAllSeenError if a call failed."""
    api, caller = begin(request, progress, SEARCH_CALLS[:2])
    return all_clusters(summaries(read_inventory(api)), {caller.subscription: api.gaps}, "azure")


def summaries(read: Inventory) -> tuple[ClusterSummary, ...]:
    """Return the AKS clusters, and the clusters that the tags of machines and scale sets name."""
    managed = {cluster.node_group for cluster in read.clusters}
    hosts: dict[str, list[Machine | ScaleSet]] = {}
    every: tuple[Machine | ScaleSet, ...] = (
        *read.machines,
        *(scale_set for scale_set in read.sets if scale_set.uniform),
    )
    for machine in every:
        if machine.group not in managed:
            for name in {name.lower() for name in installer_tags.clusters_of(machine.tags)}:
                hosts.setdefault(name, []).append(machine)
    clusters_found = [_managed(cluster) for cluster in read.clusters] + [
        _self_managed(name, members) for name, members in hosts.items()
    ]
    return tuple(sorted(clusters_found, key=lambda cluster: (cluster.region, cluster.name)))


def _managed(aks: ManagedCluster) -> ClusterSummary:
    counts = (("node", aks.node_count),) if aks.node_count else ()
    return ClusterSummary(aks.name, "aks", aks.location, counts, (("resource-group", aks.group),))


def _self_managed(name: str, hosts: Sequence[Machine | ScaleSet]) -> ClusterSummary:
    each = [(host, host.count if isinstance(host, ScaleSet) else 1) for host in hosts]
    known = (installer_tags.roles_by_tags(host.tags, name, host.name) for host, count in each for _ in range(count))
    regions = sorted({host.location for host in hosts} - {""})
    installer = installer_tags.installer_of(hosts, name).name
    return ClusterSummary(name, installer, ", ".join(regions), role_counts(known))


def _chosen_cluster(request: CollectRequest, named: Sequence[ManagedCluster]) -> ManagedCluster | None:
    """Return the AKS cluster with the name, in the resource group of the user's flag if it has one; None if none."""
    wanted = option(request, "resource-group").lower()
    here = [cluster for cluster in named if wanted in {"", cluster.group, cluster.node_group}]
    if len(here) > 1:
        places = " and ".join(
            f"{cluster.name} in {cluster.group}" for cluster in sorted(here, key=lambda item: item.group)
        )
        message = f"{len(here)} clusters are called {request.cluster!r}: {places}"
        choices = [{"resource-group": cluster.group} for cluster in here]
        raise SeveralClustersError(message, choices, hint="Choose one with --resource-group")
    return here[0] if here else None


def _not_found(
    api: Api, request: CollectRequest, read: Inventory, everyone: Iterable[Machine]
) -> ClusterNotFoundError | AccessError:
    tagged = {name for host in everyone for name in installer_tags.clusters_of(host.tags)}
    names = {*(f"{cluster.name} (in {cluster.group})" for cluster in read.clusters), *tagged}
    missing = not_found(request.cluster, option(request, "resource-group") or api.subscription, names, _NO_CLUSTER)
    return refused_search(request.cluster, api.gaps, api.subscription, "azure") or missing
