"""Whose machines are: those that tags, flags, scale sets, balancers and AKS's own group show to be a cluster's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cloudguard.errors import UsageError
from cloudguard.model.cluster import EvidenceKind, Role, RoleEvidence
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.host_roles import UNKNOWN, HostRoles
from cloudguard.provider.port import CollectRequest
from cloudguard.provider.tag_patterns import has_tag
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_MACHINES
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.cluster import installer_tags
from cloudguard_azure.cluster.aks import ManagedCluster
from cloudguard_azure.cluster.inventory import Inventory, read_members
from cloudguard_azure.cluster.machines import Machine, ScaleSet, Tags


@dataclass(frozen=True, eq=False)
class Members:
    """The machines and scale sets of a cluster; ``everyone``: all machines that were read."""

    machines: tuple[Machine, ...]
    scale_sets: tuple[ScaleSet, ...]
    everyone: tuple[Machine, ...]
    by_flag: Mapping[str, HostRoles] = field(default_factory=dict[str, HostRoles])


def read_cluster_members(api: Api, request: CollectRequest, read: Inventory, aks: ManagedCluster | None) -> Members:
    """Read the members of scale sets, and return what is the cluster's: an AKS cluster's, else that of its name.

    All in AKS's node group is its own; what is in the node group of another is that one's.
    """
    foreign = {one.node_group for one in read.clusters if one is not aks}
    sets = [one for one in read.sets if _may_concern(one, request, aks, foreign)]
    everyone = (*read.machines, *read_members(api, sets))
    by_flag = _flagged(api, request, everyone, foreign)
    own = {one.id for one in everyone if one.id in by_flag or _belongs(one.tags, one.group, request, aks, foreign)}
    pools = {one.pool for one in everyone if one.id in own} - {""}
    pools |= {one.id for one in read.sets if _belongs(one.tags, one.group, request, aks, foreign)}
    own |= {one.id for one in everyone if one.pool in pools and _is_free(one, request.cluster, foreign)}
    return Members(
        tuple(sorted((one for one in everyone if one.id in own), key=lambda one: one.id)),
        tuple(sorted((one for one in read.sets if one.id in pools), key=lambda one: one.id)),
        everyone,
        by_flag,
    )


def _may_concern(
    scale_set: ScaleSet, request: CollectRequest, aks: ManagedCluster | None, foreign: Iterable[str]
) -> bool:
    """Whether a scale set's members may be the cluster's: of AKS, those in its group; and those that flags may name."""
    named = any(name.lower().rpartition("_")[0] == scale_set.name.lower() for name in request.extra_hosts)
    by_id = any(canonical(name).startswith(f"{scale_set.id}/") for name in request.extra_hosts if "/" in name)
    if named or by_id:
        return True
    if aks is not None and not (request.role_tags or request.extra_hosts):
        return scale_set.group == aks.node_group
    return scale_set.group not in foreign


def _belongs(
    tags: Tags, group: str, request: CollectRequest, aks: ManagedCluster | None, foreign: Iterable[str]
) -> bool:
    if aks is not None:
        return group == aks.node_group
    return group not in foreign and installer_tags.is_of(tags, request.cluster)


def _is_free(machine: Machine, cluster: str, foreign: Iterable[str]) -> bool:
    """Whether a machine is this cluster's, or nobody's: others may use the same tag."""
    if machine.group in foreign:
        return False
    return installer_tags.is_of(machine.tags, cluster) or not any(installer_tags.clusters_of(machine.tags))


def _flagged(
    api: Api, request: CollectRequest, everyone: Sequence[Machine], foreign: Iterable[str]
) -> dict[str, HostRoles]:
    """Return what the caller's flags say of each machine, by id; a flag that names none leaves a Gap."""
    found: dict[str, HostRoles] = {}
    for role, pairs in request.role_tags.items():
        for pair in pairs:
            if "=" not in pair:
                message = f"{pair!r} is not KEY=VALUE"
                raise UsageError(message, hint="A tag reads key=value")
            hit = [one for one in everyone if _has_tag(one.tags, pair)]
            free = [one for one in hit if _is_free(one, request.cluster, foreign)]
            _note(api, found, f"--{role}-tag {pair}", free, (role,))
    for name, roles in request.extra_hosts.items():
        wanted = canonical(name) if "/" in name else name.lower()
        _note(api, found, f"--host {name}", [one for one in everyone if wanted in one.names], tuple(roles))
    return found


def roles_by_flags(role_tags: Mapping[Role, Sequence[str]], tags: Tags) -> HostRoles | None:
    """Return the roles that the caller's flags give to what has ``tags``; None where they give none."""
    named = [(role, pair) for role, listed in role_tags.items() for pair in listed if _has_tag(tags, pair)]
    evidence = tuple(RoleEvidence(EvidenceKind.USER, f"--{role}-tag {pair}") for role, pair in named)
    return HostRoles(tuple(role for role, _ in named), evidence) if named else None


def _has_tag(tags: Tags, pair: str) -> bool:
    key, _, value = pair.partition("=")
    return has_tag(tags, f"{key.lower()}={value}")


def _note(api: Api, found: dict[str, HostRoles], flag: str, hit: Sequence[Machine], roles: tuple[Role, ...]) -> None:
    if not hit:
        message = f"{flag} names no machine of the subscription that is not another cluster's"
        api.add_gap(Gap(LIST_MACHINES.name, flag, Reason.MISSING, message, (FactKind.HOSTS,)))
    for one in hit:
        found[one.id] = found.get(one.id, UNKNOWN).and_also(roles, RoleEvidence(EvidenceKind.USER, flag))
