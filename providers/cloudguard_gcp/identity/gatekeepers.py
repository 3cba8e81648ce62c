"""What IAM guards: the tunnels of Identity-Aware Proxy, the DNS name of a GKE endpoint, and copies of disks.

https://cloud.google.com/iap/docs/using-tcp-forwarding,
https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cloudguard.model.cluster import Disk, DiskSnapshot
from cloudguard.model.network import Endpoint, Topology, Tunnel
from cloudguard.model.source import Source
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_PROJECT_POLICY
from cloudguard_gcp.cluster.gke import GkeCluster
from cloudguard_gcp.cluster.gke_endpoints import CONNECT, GATEWAY
from cloudguard_gcp.identity.bindings import EVERYONE, Level, read_levels
from cloudguard_gcp.identity.conditions import is_over
from cloudguard_gcp.identity.resource_names import owner_of
from cloudguard_gcp.identity.roles import Roles
from cloudguard_gcp.network.subnets import TUNNELS

_PROXY: Final = "Identity-Aware Proxy"
_BY_PROXY: Final = "iap.tunnelInstances.accessViaIAP"
_EVERYONE: Final = "allAuthenticatedUsers"
_BASIC: Final = frozenset({"projectOwner", "projectEditor", "projectViewer"})
"""Members that stand for all who have a basic role on a project (https://cloud.google.com/iam/docs/principal-identifiers).
"""
_USES: Final[Mapping[str, str]] = {
    "snapshot": "compute.snapshots.useReadOnly",
    "instant snapshot": "compute.instantSnapshots.useReadOnly",
    "image": "compute.images.useReadOnly",
    "machine image": "compute.machineImages.useReadOnly",
}
"""For each kind of copy, the permission to make a disk or an instance from it
(https://cloud.google.com/compute/docs/access/iam-permissions)."""


def with_guarded_ways(api: Api, project: str, topology: Topology, gke: GkeCluster | None) -> Topology:
    """Return the topology with IAP's tunnels, and with GKE's endpoints and the filters and lists that they name.

    A tunnel or endpoint has no gatekeeper if IAM lets everyone through.
    """
    levels, roles = read_levels(api, project), Roles(api)
    gatekeeper = "" if _everyone_holds(levels, roles, _BY_PROXY) else f"{_PROXY}, which requires {_BY_PROXY},"
    tunnel = Tunnel(_PROXY, TUNNELS, gatekeeper, Source(GET_PROJECT_POLICY.name, project))
    if gke is None:
        return replace(topology, tunnels=(tunnel,))
    opened = {permission for permission in (CONNECT, GATEWAY) if _everyone_holds(levels, roles, permission)}
    return replace(
        topology,
        tunnels=(tunnel,),
        endpoints=tuple(_opened(endpoint, opened) for endpoint in gke.endpoints),
        filters=(*topology.filters, *gke.filters),
        address_lists=(*topology.address_lists, *gke.lists),
    )


def with_outsiders(
    api: Api, own_members: Sequence[str], disks: Iterable[Disk], copies: Iterable[DiskSnapshot]
) -> tuple[tuple[Disk, ...], tuple[DiskSnapshot, ...]]:
    """Return disks and copies that are shared only with members outside the project.

    A copy is shared with everyone if a policy above it lets everyone use it. ``own_members``: the project's id
    and number.
    """
    disks, copies = tuple(disks), tuple(copies)
    kinds = {copy.kind for listed in (copies, *(disk.snapshots for disk in disks)) for copy in listed}
    if not kinds:
        return disks, copies
    levels, roles = read_levels(api, own_members[0]), Roles(api)
    used = frozenset(kind for kind, use in _USES.items() if kind in kinds and _everyone_holds(levels, roles, use))
    return tuple(replace(disk, snapshots=_shared(disk.snapshots, used, own_members)) for disk in disks), _shared(
        copies, used, own_members
    )


def _shared(
    copies: Iterable[DiskSnapshot], kinds: Container[str], own_members: Container[str]
) -> tuple[DiskSnapshot, ...]:
    """Return copies without members of the project (``own_members``), those of ``kinds`` shared with everyone too."""
    return tuple(copy if copy.shared_with is None else _shared_copy(copy, kinds, own_members) for copy in copies)


def _shared_copy(copy: DiskSnapshot, kinds: Container[str], own_members: Container[str]) -> DiskSnapshot:
    others = {member for member in copy.shared_with or () if not _is_own(member, own_members)}
    return replace(copy, shared_with=tuple(sorted(others | ({_EVERYONE} if copy.kind in kinds else set()))))


def _is_own(member: str, own_members: Container[str]) -> bool:
    """Whether a member is a service account of the project, or all who have a basic role on the project."""
    kind, _, name = member.partition(":")
    return (kind == "serviceAccount" and owner_of(name) in own_members) or (kind in _BASIC and name in own_members)


def _opened(endpoint: Endpoint, permissions: Iterable[str]) -> Endpoint:
    """Return an endpoint, without its gatekeeper if everyone has the permission that the gatekeeper requires."""
    passes = any(permission in endpoint.gatekeeper for permission in permissions)
    return replace(endpoint, gatekeeper="") if passes else endpoint


def _everyone_holds(levels: Iterable[Level], roles: Roles, permission: str) -> bool:
    now, every = datetime.now(UTC), (binding for level in levels for binding in level.bindings)
    bindings = (
        binding for binding in every if not EVERYONE.isdisjoint(binding.members) and not is_over(binding.condition, now)
    )
    roles_held = (roles.role(binding.role) for binding in bindings)
    return any(role is not None and permission in role.permissions for role in roles_held)
