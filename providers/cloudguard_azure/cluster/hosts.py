"""The cluster's machines as hosts: their interfaces, and their roles with evidence."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final

from cloudguard.model.cluster import EvidenceKind, Host, Role, RoleEvidence
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.host_roles import HostRoles, flagged_or_tagged, managed_node, with_roles
from cloudguard.provider.role_names import roles_by_names
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import Call
from cloudguard_azure.cluster.find import FoundCluster
from cloudguard_azure.cluster.installer_tags import roles_by_tags
from cloudguard_azure.cluster.interfaces import interface
from cloudguard_azure.cluster.machines import HIDES, Machine, host_of, is_member

_HOSTS: Final = (FactKind.HOSTS,)


def read_hosts(api: Api, found: FoundCluster) -> tuple[Host, ...]:
    """Return the cluster's hosts with their roles. A host whose role is unknown has no role and leaves a Gap."""
    _record_missing_nodes(api, found)
    _record_missing_members(api, found)
    hosts = tuple(filter(None, (_host(api, found, machine) for machine in found.machines)))
    roles = {machine.id: known for machine in found.machines if (known := roles_of(found, machine))}
    return with_roles(api, calls.LIST_MACHINES, hosts, roles)


def _host(api: Api, found: FoundCluster, machine: Machine) -> Host | None:
    """Return a machine's host, with the interfaces that the machine names and those that name the machine."""
    call: Call = calls.LIST_SCALE_SET_INTERFACES if is_member(machine) else calls.LIST_INTERFACES
    items = found.interfaces.of_machine.get(machine.id, ())
    make = partial(interface, source=api.source(call, machine.id), public=found.interfaces.public)
    interfaces = api.mapped(call, items, make, hides=HIDES)
    hosts = api.mapped(
        calls.LIST_MACHINES, (machine.item,), lambda _: _host_with(api, call, machine, interfaces), hides=HIDES
    )
    return hosts[0] if hosts else None


def _host_with(api: Api, call: Call, machine: Machine, interfaces: tuple[Interface, ...]) -> Host:
    """Return a machine's host. An interface that the machine names but that was not listed leaves a Gap."""
    missing = sorted(set(machine.interface_ids) - {interface.id for interface in interfaces})
    if missing:
        message = f"{', '.join(missing)} of {machine.name} was not read"
        api.missed(call, machine.id, message, _HOSTS)
    return host_of(machine, tuple(sorted(interfaces, key=lambda item: (item.secondary, item.id))))


def roles_of(found: FoundCluster, machine: Machine) -> HostRoles | None:
    """Return the roles of a machine: by flags and tags, then by its load balancer, then by names."""
    tagged = None if found.aks else roles_by_tags(machine.tags, found.name, machine.name)
    known = flagged_or_tagged(found.by_flag.get(machine.id), tagged)
    if known is None and found.aks is not None:
        return managed_node(f"it is in the node group of the AKS cluster {found.name}, whose control plane Azure runs")
    if known is None and machine.id in found.api_targets:
        sends = RoleEvidence(EvidenceKind.REGISTRATION, found.api_targets[machine.id])
        return HostRoles((Role.CONTROL_PLANE,), (sends,))
    return known or roles_by_names(machine.suggestive_names(), found.name)


def _record_missing_members(api: Api, found: FoundCluster) -> None:
    """Record a Gap for each scale set that counts more members than were read."""
    counts = Counter(machine.pool for machine in found.machines)
    for scale_set in found.scale_sets:
        if scale_set.count > counts[scale_set.id]:
            call = calls.LIST_SCALE_SET_MACHINES if scale_set.uniform else calls.LIST_MACHINES
            message = f"it reports {scale_set.count} members, but only {counts[scale_set.id]} were found"
            api.missed(call, scale_set.id, message, _HOSTS)


def _record_missing_nodes(api: Api, found: FoundCluster) -> None:
    """Record a Gap for nodes of AKS that were not read. AKS may count early, or hide nodes in its own subscription.

    https://learn.microsoft.com/azure/aks/automatic/aks-automatic-managed-system-node-pools-about
    """
    if (aks := found.aks) is None:
        return
    nodes = len(found.machines)
    if aks.node_count > nodes:
        message = f"AKS reports {aks.node_count} nodes, but only {nodes} were found in {aks.node_group}"
        api.missed(calls.LIST_MANAGED_CLUSTERS, aks.name, message, _HOSTS)
    if aks.hosted_system:
        message = "its system nodes are in a subscription of Microsoft and cannot be listed"
        api.missed(calls.LIST_MANAGED_CLUSTERS, aks.name, message, _HOSTS, Reason.UNSUPPORTED)
