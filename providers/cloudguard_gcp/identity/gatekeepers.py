"""What IAM guards: the tunnels of Identity-Aware Proxy, and GKE's endpoints by DNS name.

https://cloud.google.com/iap/docs/using-tcp-forwarding,
https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cloudguard.model.network import Endpoint, Topology, Tunnel
from cloudguard.model.source import Source
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_PROJECT_POLICY
from cloudguard_gcp.cluster.gke import GkeCluster
from cloudguard_gcp.cluster.gke_endpoints import CONNECT, GATEWAY
from cloudguard_gcp.identity.bindings import EVERYONE, Level, read_levels
from cloudguard_gcp.identity.conditions import is_over
from cloudguard_gcp.identity.roles import Roles
from cloudguard_gcp.network.subnets import TUNNELS

_PROXY: Final = "Identity-Aware Proxy"
_BY_PROXY: Final = "iap.tunnelInstances.accessViaIAP"


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
