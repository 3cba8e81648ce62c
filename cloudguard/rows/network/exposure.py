"""The exposure of hosts: who outside the cluster can connect to which of their services. Part of the rows' bases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from cloudguard.needs.in_force import is_everyone
from cloudguard.needs.ports import ICMP, KUBELET, SSH_AND_RDP
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path
from cloudguard.results.network.exposure import ENDPOINT, HostExposure, ServiceExposure, Widest
from cloudguard.rows.context import Context
from cloudguard.rows.network.phrases import public_text

OTHERS = "others"
"""The kind of all services that belong to no other kind."""
MOST_SENDERS = 6
"""The maximum number of senders named for one service."""
_RANKS = (Widest.NOBODY, Widest.INSIDE, Widest.PUBLIC, Widest.INTERNET)


def of_hosts(context: Context) -> tuple[HostExposure, ...]:
    """Return the exposure of the cluster's hosts, one entry for hosts with the same roles and the same exposure."""
    named = _services(context)
    own_addresses = context.own_addresses | context.snapshot.topology.outbound_addresses
    alike = defaultdict[tuple[str, tuple[ServiceExposure, ...]], list[HostClass]](list)
    for target in context.reach.classes:
        services = _exposures(context.reach.paths_to(target), named, own_addresses)
        alike["+".join(target.key.roles) or "unknown role", services].append(target)
    return tuple(
        HostExposure(roles, sum(len(target.hosts) for target in targets), targets[0].members[0].id, services)
        for (roles, services), targets in alike.items()
    )


def of_endpoints(context: Context) -> tuple[HostExposure, ...]:
    """Return the exposure of a managed control plane's endpoints."""
    own_addresses = context.own_addresses | context.snapshot.topology.outbound_addresses
    exposures = (
        (endpoint, _exposures(tuple(context.reach.endpoint_paths(endpoint)), {"API": endpoint.service}, own_addresses))
        for endpoint in context.snapshot.topology.endpoints
    )
    return tuple(HostExposure(ENDPOINT, 0, endpoint.id, services) for endpoint, services in exposures)


def _services(context: Context) -> Mapping[str, ServiceSet]:
    """Return the services by kind. A port that several kinds have belongs to the first of them."""
    ports = context.ports
    kinds = {
        "API": ports.api,
        "etcd": ports.etcd | ports.etcd_from_nodes,
        "kubelet": KUBELET,
        "SSH, RDP": SSH_AND_RDP,
        "NodePorts": ports.node_ports,
        OTHERS: ServiceSet.everything() - ICMP,
    }
    left, by_kind = ServiceSet.everything(), dict[str, ServiceSet]()
    for name, services in kinds.items():
        by_kind[name], left = services & left, left - services
    return by_kind


def _exposures(
    paths: tuple[Path, ...], named: Mapping[str, ServiceSet], own_addresses: AddressSet
) -> tuple[ServiceExposure, ...]:
    bounds = [(path, path.allowed.lower.services(), path.allowed.upper.services()) for path in paths]
    exposures = list[ServiceExposure]()
    for name, services in named.items():
        certain, possible = dict[Path, AddressSet](), Widest.NOBODY
        for path, lower, upper in bounds:
            if lower & services:
                certain[path] = path.allowed.lower.only(services).addresses() - own_addresses
            if upper & services:
                widest = _widest(path, path.allowed.upper.only(services).addresses() - own_addresses)
                possible = max(possible, widest, key=_RANKS.index)
        text = "every other port" if name == OTHERS else str(services)
        exposures.append(_exposure(name, text, certain, possible))
    return tuple(exposures)


def _widest(path: Path, addresses: AddressSet) -> Widest:
    """Return how wide the senders on ``path`` are. ``addresses`` are theirs, without the cluster's own."""
    if not addresses:
        return Widest.NOBODY
    if path.sender.inside:
        return Widest.INSIDE
    return Widest.INTERNET if is_everyone(addresses) else Widest.PUBLIC


def _exposure(name: str, services: str, certain: Mapping[Path, AddressSet], possible: Widest) -> ServiceExposure:
    others = {path: addresses for path, addresses in certain.items() if addresses}
    widest = max((_widest(*each) for each in others.items()), key=_RANKS.index, default=Widest.NOBODY)
    senders = dict.fromkeys(path.sender.name if path.sender.inside else public_text(at) for path, at in others.items())
    by = dict.fromkeys(path.balancer.name for path in others if path.balancer)
    return ServiceExposure(
        name,
        services,
        widest,
        tuple(senders)[:MOST_SENDERS],
        tuple(by)[:MOST_SENDERS],
        possible if _RANKS.index(possible) > _RANKS.index(widest) else None,
    )
