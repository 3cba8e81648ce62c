"""Instances as hosts: their roles with evidence, and the filters of their subnets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from cloudguard.model.cluster import EvidenceKind, Host, RoleEvidence
from cloudguard.model.source import FactKind
from cloudguard.provider.host_roles import HostRoles, flagged_or_tagged, managed_node, with_roles
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_INSTANCES
from cloudguard_gcp.cluster.find import FoundCluster
from cloudguard_gcp.cluster.gke import GkeCluster
from cloudguard_gcp.cluster.installer_labels import GKE_POOL, roles_by_labels
from cloudguard_gcp.cluster.instances import Instance

UNREAD: Final = "filters of an unread network"
"""The id of a filter for a network whose filters could not be read. It may let in anything."""


def read_hosts(api: Api, found: FoundCluster) -> tuple[Host, ...]:
    """Return the cluster's hosts with their roles. A host whose role is unknown has no role and leaves a Gap."""
    by_instance = {instance.id: roles_of(found, instance, found.by_flag) for instance in found.instances}
    groups = {
        instance.host.pool: (instance.id, known)
        for instance in found.instances
        if (known := by_instance[instance.id]) and instance.host.pool
    }
    by_group = {
        instance.id: _of_group(*groups[instance.host.pool])
        for instance in found.instances
        if instance.host.pool in groups
    }
    roles = {name: known_roles for name, known in by_instance.items() if (known_roles := known or by_group.get(name))}
    if found.gke is not None:
        _record_missing_nodes(api, found.gke, len(found.instances))
    return with_roles(api, LIST_INSTANCES, (host_of(instance, found.gke) for instance in found.instances), roles)


def _of_group(name: str, known: HostRoles) -> HostRoles:
    """Return the roles of a host in the same managed group as the host ``name``, whose roles are ``known``."""
    evidence = RoleEvidence(
        EvidenceKind.HOSTS, f"in the same managed instance group as {name}: {known.why}", known.strength
    )
    return replace(known, evidence=(evidence,))


def _record_missing_nodes(api: Api, cluster: GkeCluster, nodes: int) -> None:
    """Add a Gap if GKE counts more nodes than were read. Google may hide machines, for example Autopilot's.

    https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-security
    """
    if cluster.node_count > nodes:
        message = f"GKE reports {cluster.node_count} nodes, but only {nodes} were found in the project"
        api.missed(LIST_INSTANCES, cluster.name, message, (FactKind.HOSTS,))


def host_of(instance: Instance, gke: GkeCluster | None) -> Host:
    """Return an instance's host, with the metadata service of its node pool."""
    if gke is None:
        return instance.host
    return replace(instance.host, metadata=gke.metadata_service(instance.labels.get(GKE_POOL, "")))


def roles_of(found: FoundCluster, instance: Instance, by_flag: Mapping[str, HostRoles]) -> HostRoles | None:
    """Return the roles of an instance or of a template's next one; None if no flag, label or tag shows a role."""
    known = flagged_or_tagged(by_flag.get(instance.id), roles_by_labels(instance, found.name))
    if known is None and found.gke is not None:
        return managed_node(f"it belongs to the GKE cluster {found.name}, whose control plane Google runs")
    return known


def guarded(hosts: Iterable[Host], chains: Mapping[str, tuple[str, ...]]) -> tuple[Host, ...]:
    """Return the hosts with the filters of their subnets. ``chains``: map of subnet id → filter ids."""
    return tuple(
        replace(
            host,
            interfaces=tuple(replace(nic, filters=chains.get(nic.subnet, (UNREAD,))) for nic in host.interfaces),
        )
        for host in hosts
    )
