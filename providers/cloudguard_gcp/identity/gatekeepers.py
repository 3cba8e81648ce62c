"""What IAM guards: the tunnels of Identity-Aware Proxy, and GKE's endpoints by DNS name.

https://cloud.google.com/iap/docs/using-tcp-forwarding,
https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cloudguard.model.filters import AddressList
from cloudguard.model.network import Endpoint, Topology, Tunnel
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_PROJECT_POLICY
from cloudguard_gcp.access.links import project_of
from cloudguard_gcp.cluster.gke import GkeCluster
from cloudguard_gcp.cluster.gke_endpoints import CONNECT, GATEWAY
from cloudguard_gcp.identity.bindings import EVERYONE, bindings_of
from cloudguard_gcp.identity.conditions import is_met
from cloudguard_gcp.identity.levels import Level, read_levels
from cloudguard_gcp.identity.roles import Roles
from cloudguard_gcp.network.subnets import TUNNELS

_PROXY: Final = "Identity-Aware Proxy"
_BY_PROXY: Final = frozenset({"iap.tunnelInstances.accessViaIAP"})
_GUARDS: Final = {
    CONNECT: frozenset({CONNECT}),
    GATEWAY: frozenset(f"gkehub.gateway.{verb}" for verb in ("delete", "get", "patch", "post", "put", "stream")),
}
"""For the permission that an endpoint's gatekeeper names, all permissions with any of which it lets a request through
(https://cloud.google.com/kubernetes-engine/enterprise/multicluster-management/gateway/setup).
"""
_UNDECIDED: Final = "everyone, if IAM lets everyone through"
_WHY: Final = "a condition was not understood, or a role or policy was not read"


def with_guarded_ways(api: Api, own_names: Sequence[str], topology: Topology, gke: GkeCluster | None) -> Topology:
    """Return the topology with IAP's tunnels, and with GKE's endpoints and the filters and lists that they name.

    A tunnel or endpoint has no gatekeeper if IAM lets everyone through. If this is undecided, there is one more of it
    without a gatekeeper, and it is unknown who can use that one. ``own_names``: the project's id and number.
    """
    levels, roles = read_levels(api, own_names[0]), Roles(api)
    source = Source(GET_PROJECT_POLICY.name, own_names[0])
    tunnels = tuple(_tunnels(_everyone_holds(levels, roles, _BY_PROXY), source))
    if gke is None:
        return replace(topology, tunnels=tunnels)
    endpoints = tuple(
        each
        for endpoint in gke.endpoints
        for each in _decided(endpoint, _everyone_passes(api, own_names, levels, endpoint))
    )
    undecided = AddressList(_UNDECIDED, f"{_UNDECIDED}: {_WHY}", (), known=False, source=source)
    return replace(
        topology,
        tunnels=tunnels,
        endpoints=endpoints,
        filters=(*topology.filters, *gke.filters),
        address_lists=(*topology.address_lists, *gke.lists, undecided),
    )


def _tunnels(everyone: bool | None, source: Source) -> Iterator[Tunnel]:  # noqa: FBT001 - what IAM lets through
    (permission,) = _BY_PROXY
    yield Tunnel(_PROXY, TUNNELS, "" if everyone else f"{_PROXY}, which requires {permission},", source)
    if everyone is None:
        why = f"it is unknown whether IAM lets everyone through: {_WHY}"
        yield Tunnel(f"{_PROXY} without a permission", TUNNELS, "", source, uncertain=why)


def _decided(endpoint: Endpoint, everyone: bool | None) -> Iterator[Endpoint]:  # noqa: FBT001 - what IAM lets through
    yield replace(endpoint, gatekeeper="") if everyone else endpoint
    if everyone is None:
        name = f"{endpoint.id}, without a permission"
        yield replace(endpoint, id=name, public_ranges=NO_ADDRESSES, public_lists=(_UNDECIDED,), gatekeeper="")


def _everyone_passes(api: Api, own_names: Sequence[str], levels: Sequence[Level], endpoint: Endpoint) -> bool | None:
    """Whether IAM lets everyone through to an endpoint; None if this is undecided.

    A fleet's gateway asks for permissions in the project of the fleet.
    """
    permissions = next((_GUARDS[name] for name in _GUARDS if name in endpoint.gatekeeper), None)
    if permissions is None:
        return False
    roles, fleet = Roles(api), project_of(endpoint.address) if GATEWAY in permissions else ""
    if not fleet or fleet in own_names:
        return _everyone_holds(levels, roles, permissions)
    policy = api.read_or_none(GET_PROJECT_POLICY, hides=(), about=fleet, project=fleet)
    if policy is None:
        return None
    bindings, complete = bindings_of(api, GET_PROJECT_POLICY, policy, fleet, ())
    return _everyone_holds((*levels[1:], replace(levels[0], bindings=bindings, complete=complete)), roles, permissions)


def _everyone_holds(levels: Sequence[Level], roles: Roles, permissions: frozenset[str]) -> bool | None:
    """Whether everyone has one of the permissions today; None if this is undecided."""
    now, answers = datetime.now(UTC), set[bool | None]()
    for binding in (binding for level in levels for binding in level.bindings):
        met = is_met(binding.condition, {}, now) if not EVERYONE.isdisjoint(binding.members) else False
        if met is False:
            continue
        role = roles.role(binding.role)
        holds = role is not None and not permissions.isdisjoint(role.permissions)
        answers.add(met if holds else None if role is None or role.read else False)
    answers |= set() if all(level.complete for level in levels) else {None}
    return True if True in answers else None if None in answers else False
