"""A cluster's machines, by tags, flags, scale sets, load balancers and AKS's resource group."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Final

from cloudguard.errors import UsageError
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.host_roles import API_PORTS, CLUSTER_PORTS, FlaggedHosts, HostRoles, tag_flags
from cloudguard.provider.port import CollectRequest, option
from cloudguard.provider.tag_patterns import has_tag
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_LOAD_BALANCERS, LIST_MACHINES
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.cluster import installer_tags
from cloudguard_azure.cluster.aks import ManagedCluster
from cloudguard_azure.cluster.inventory import Interfaces, Inventory, read_members
from cloudguard_azure.cluster.machines import Machine, ScaleSet, Tags
from cloudguard_azure.cluster.registered import registered

_HOSTS: Final = (FactKind.HOSTS,)


@dataclass(frozen=True, eq=False)
class Members:
    """The machines and scale sets of a cluster.

    ``everyone``: all machines that were read. ``free``: ids of machines of this cluster or of none. ``guests``: ids of
    the machines that ``--host`` names, in any place. ``by_flag``: roles from the user's flags. ``api_targets``: the
    load balancer that sends the API's connections there, as text. Both are by machine id.
    """

    machines: tuple[Machine, ...]
    scale_sets: tuple[ScaleSet, ...]
    everyone: tuple[Machine, ...]
    free: frozenset[str]
    guests: frozenset[str]
    by_flag: Mapping[str, HostRoles]
    api_targets: Mapping[str, str] = field(default_factory=dict[str, str])


def read_cluster_members(api: Api, request: CollectRequest, read: Inventory, aks: ManagedCluster | None) -> Members:
    """Read the members of scale sets, and return the members of the AKS cluster, or else of the cluster with the name.

    The machines that AKS made in its node group are its own. The machines in the node group of another cluster belong
    to that one.
    """
    foreign = {cluster.node_group for cluster in read.clusters if cluster is not aks}
    sets = [scale_set for scale_set in read.sets if _may_concern(scale_set, request, aks, foreign)]
    everyone = (*read.machines, *read_members(api, sets))
    flagged = FlaggedHosts(api, LIST_MACHINES)
    _flag_by_tags(flagged, request, [each for each in everyone if _is_free(each, request.cluster, foreign)])
    guests = _flag_by_name(flagged, request, everyone)
    by_flag = flagged.by_host
    own_ids = {machine.id for machine in everyone if machine.id in by_flag or _belongs(machine, request, aks, foreign)}
    tagged = {scale_set.id for scale_set in read.sets if _belongs(scale_set, request, aks, foreign)}
    free = frozenset(
        machine.id for machine in everyone if machine.id in own_ids or _is_free(machine, request.cluster, foreign)
    )
    return _with_sets(read, Members((), (), everyone, free, guests, by_flag), own_ids, tagged)


def _with_sets(read: Inventory, members: Members, own_ids: Collection[str], sets: Collection[str]) -> Members:
    """Return the cluster's ``own_ids`` machines, its ``sets``, and all members of the machines' scale sets."""
    pools = {machine.pool for machine in members.everyone if machine.id in own_ids and machine.pool} | {*sets}
    machines = [
        machine
        for machine in members.everyone
        if machine.id in own_ids or (machine.pool in pools and machine.id in members.free)
    ]
    return replace(
        members,
        machines=tuple(sorted(machines, key=lambda machine: machine.id)),
        scale_sets=tuple(
            sorted((scale_set for scale_set in read.sets if scale_set.id in pools), key=lambda item: item.id)
        ),
    )


def with_registered(api: Api, read: Inventory, members: Members, interfaces: Interfaces) -> Members:
    """Return the members, and the other targets of load balancers that send the cluster's connections to a member."""
    own_ids, targets = {machine.id for machine in members.machines}, dict[str, str]()
    for target in registered(api, interfaces):
        concerns = ServiceSet.parse(f"tcp/{target.port}") <= CLUSTER_PORTS
        if target.port in API_PORTS:
            words = f"member of {target.pool}, which receives connections on port {target.port}"
            targets |= {name: words for name in target.machines if name not in targets}
        if concerns and own_ids & target.machines:
            own_ids |= target.machines & members.free
            if target.unseen:  # the unread targets may be the cluster's hosts
                why = f"it also sends to {', '.join(target.unseen)}, but no interface that was read matches"
                api.missed(LIST_LOAD_BALANCERS, target.pool, why, _HOSTS)
    complete = _with_sets(read, members, own_ids, [scale_set.id for scale_set in members.scale_sets])
    return replace(complete, api_targets=targets)


def _may_concern(
    scale_set: ScaleSet, request: CollectRequest, aks: ManagedCluster | None, foreign: Iterable[str]
) -> bool:
    """Whether a scale set's members may be the cluster's: for AKS those in its group, and those that flags may name."""
    named = any(name.lower().rpartition("_")[0] == scale_set.name.lower() for name in request.extra_hosts)
    by_id = any(canonical(name).startswith(f"{scale_set.id}/") for name in request.extra_hosts if "/" in name)
    if named or by_id:
        return True
    if aks is not None and not (request.role_tags or request.extra_hosts):
        return scale_set.group == aks.node_group
    return scale_set.group not in foreign


def _belongs(
    machine: Machine | ScaleSet, request: CollectRequest, aks: ManagedCluster | None, foreign: Collection[str]
) -> bool:
    if aks is not None:
        return machine.group == aks.node_group and installer_tags.is_of_aks(machine.tags, machine.name)
    return machine.group not in foreign and installer_tags.is_of(machine.tags, request.cluster)


def _is_free(machine: Machine, cluster: str, foreign: Iterable[str]) -> bool:
    """Whether a machine belongs to this cluster or to none. Other clusters may use the same tag."""
    if machine.group in foreign:
        return False
    return installer_tags.is_of(machine.tags, cluster) or not any(installer_tags.clusters_of(machine.tags))


def _flag_by_tags(flagged: FlaggedHosts, request: CollectRequest, free: Sequence[Machine]) -> None:
    """Add the roles that the user's flags give to the ``free`` machines by their tags."""
    for flag, role, pair in tag_flags(request.role_tags):
        hit = [machine.id for machine in free if has_own_tag(machine.tags, pair, machine.name)]
        flagged.add(flag, (role,), hit)


def _flag_by_name(flagged: FlaggedHosts, request: CollectRequest, everyone: Sequence[Machine]) -> frozenset[str]:
    """Add the roles of the machines that the user names by name or id, and return the ids of these machines.

    Raises UsageError if several machines have the name, and ``--resource-group`` does not choose one.
    """
    group, guests = option(request, "resource-group").lower(), set[str]()
    for name, roles in request.extra_hosts.items():
        wanted = canonical(name) if "/" in name else name.lower()
        named = [machine for machine in everyone if wanted in machine.names]
        hit = [machine for machine in named if machine.group == group] or named
        if len(hit) > 1:
            groups = " and ".join(sorted(machine.group for machine in hit))
            message = f"{len(hit)} machines are called {name!r}: in {groups}"
            raise UsageError(message, hint="Give its id, or --resource-group")
        flagged.add(f"--host {name}", tuple(roles), [machine.id for machine in hit])
        guests.update(machine.id for machine in hit)
    return frozenset(guests)


def has_own_tag(tags: Tags, pair: str, name: str) -> bool:
    """Whether tags match the pattern. A resource without a tag called "Name" has its own name as this tag."""
    key, _, value = pair.partition("=")
    return has_tag({"name": name, **tags}, f"{key.lower()}={value}")
