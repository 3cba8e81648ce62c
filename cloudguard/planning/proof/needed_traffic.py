"""The flows that the cluster needs from its network. Each flow can be evaluated at any point of a plan.

Traffic that is needed and allowed today must be allowed at every point of the plan: for today's hosts, and for the next
host of each pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from cloudguard.model.cluster import Role
from cloudguard.model.filters import Direction
from cloudguard.model.network import Endpoint
from cloudguard.needs.ports import PATH_MTU, Ports
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import NOTHING, Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.proof.network_state import NetworkState, PathKey, path_key
from cloudguard.reachability.allowed_traffic import EVERYWHERE
from cloudguard.reachability.host_classes import HostClass, Registration
from cloudguard.reachability.paths import Path
from cloudguard.rows.context import Context
from cloudguard.rows.network.phrases import target_text
from cloudguard.rows.network.way_out import lasting_addresses, own_addresses, using_own_addresses
from cloudguard.rows.node_access import beyond_service
from cloudguard.values import dataclass


@dataclass(frozen=True, eq=False)
class NeededTraffic:
    """A flow that the cluster needs.

    ``who`` and ``target``: the sender and the target in words. ``why``: the reason in words. ``filters``: ids of the
    filters that may stop the flow. ``allowed`` returns the needed packets that are allowed at a point of the plan.
    """

    who: str
    target: str
    why: str
    filters: frozenset[str]
    allowed: Callable[[NetworkState], Bounds]


def needed_traffic(context: Context, first: NetworkState) -> Iterator[NeededTraffic]:
    """Yield all flows that the cluster needs at the beginning of a plan (``first``)."""
    yield _of_administrators(context)
    for number, target in enumerate(first.classes):
        for other, source in enumerate(first.classes):
            yield from _between(context, first, (other, source), (number, target))
        yield from _from_outside(context, first, number, target)
        yield from _of_balancers(first, number, target)
        yield from _of_pods(context, number, target)
        for place, endpoint in enumerate(first.snapshot.topology.endpoints):
            yield _from_endpoint(context.ports, (place, endpoint), (number, target))
            if endpoint.for_all_or_nobody:
                continue  # hosts use another endpoint, or the provider's own way
            yield _to_endpoint(first, (place, endpoint), (number, target))


def _of_administrators(context: Context) -> NeededTraffic:
    """Return the flow from the declared administrators to a managed API, through any of its endpoints."""
    expected = exactly(PacketSet.product(context.administrators, ServiceSet.everything()))

    def allowed(state: NetworkState) -> Bounds:
        bounds = NOTHING
        for endpoint in state.snapshot.topology.endpoints:
            for path in state.reach.endpoint_paths(endpoint):
                bounds |= path.allowed & expected
        return bounds

    endpoints = frozenset(endpoint.id for endpoint in context.snapshot.topology.endpoints)
    return NeededTraffic("the administrators", "the managed API", "--admin-cidr declares them", endpoints, allowed)


def _between(
    context: Context, first: NetworkState, sender: tuple[int, HostClass], receiver: tuple[int, HostClass]
) -> Iterator[NeededTraffic]:
    """Yield the flows from one class to another: by any path, and by each balancer inside the network.

    Hosts connect by a balancer's name, also where they could connect directly. A bastion does not need a load
    balancer that faces the internet.
    """
    (other, source), (number, target) = sender, receiver
    needed = needed_between(source, target, context.ports)
    services = needed_by_balancers(context, source, target)

    def allowed(state: NetworkState, wanted: ServiceSet = services, rank: tuple[object, ...] = ()) -> Bounds:
        bounds = NOTHING
        for path in state.reach.host_paths(state.classes[other], state.classes[number], wanted, next_host=True):
            if source.known_bastions and path.balancer and path.balancer.internet_facing:
                continue
            if not rank or (path.registration and path.registration.rank == rank):
                bounds |= path.allowed.only(wanted if path.registration else needed)
        return bounds

    filters = {name for registration in target.key.registrations for name in registration.balancer.all_filters}
    name = first.reach.sender_of(source).name
    guards = frozenset({*target.key.filters, *filters})
    yield NeededTraffic(name, target_text(target), "the cluster's hosts connect to each other", guards, allowed)
    for registration in target.key.registrations:
        balancer = registration.balancer
        if not balancer.internet_facing and registration.service & services:
            by_it = partial(allowed, wanted=registration.service & services, rank=registration.rank)
            why = f"they reach it by {balancer.kind}/{balancer.name} too"
            yield NeededTraffic(name, target_text(target), why, guards, by_it)


def needed_between(source: HostClass, target: HostClass, ports: Ports) -> ServiceSet:
    """Return the services that the hosts of ``source`` may need on the hosts of ``target``.

    The ports of etcd are included only if either class runs the control plane or etcd, or has unknown roles.
    """
    needed = ports.allowed_between(source.key.roles, target.key.roles)
    if any(
        host_class.has(Role.CONTROL_PLANE) or host_class.has(Role.ETCD) or not host_class.key.roles
        for host_class in (source, target)
    ):
        return needed
    return needed - ports.etcd - ports.etcd_auxiliary


def needed_by_balancers(context: Context, source: HostClass, target: HostClass) -> ServiceSet:
    """Return the services that the hosts of ``source`` may need on the hosts of ``target`` through load balancers."""
    api = context.ports.api if target.has(Role.CONTROL_PLANE) else ServiceSet.nothing()
    registrations = target.key.registrations
    behind = (each.service & api | _published(context, target, each) for each in registrations)
    return ServiceSet.union(behind) & needed_between(source, target, context.ports)


def _from_outside(context: Context, first: NetworkState, number: int, target: HostClass) -> Iterator[NeededTraffic]:
    """Yield the flows from outside: of administrators, declared clients and clients of services; one for each path."""
    for path, needed in needed_by_paths(context, first, target):
        guards = frozenset({*path.filters, *(path.balancer.all_filters if path.balancer else ())})
        yield NeededTraffic(
            path.sender.name,
            target_text(target),
            "declared, or a service",
            guards,
            _on_path(path_key(path), number, needed),
        )


def needed_by_paths(context: Context, first: NetworkState, target: HostClass) -> Iterator[tuple[Path, Bounds]]:
    """Yield each path from outside the cluster to ``target`` with the needed part of its allowed traffic, if any."""
    groups, expected = context.declared_groups(target), _expected(context, target)
    for path in first.reach.paths_to(target):
        by_address = expected
        if using_own_addresses(context, path):
            by_address |= PacketSet.product(own_addresses(context), context.ports.api)
        needed = exactly(by_address.within(path.sender.addresses)) & path.allowed
        needed |= path.allowed.only(PATH_MTU)
        named = ServiceSet.union(groups.get(group, ServiceSet.nothing()) for group in path.sender.groups)
        needed |= path.allowed.only(named) if named else NOTHING
        if path.registration is not None:
            needed |= path.allowed.only(_published(context, target, path.registration))
        if needed.upper:
            yield path, needed


def _on_path(key: PathKey, number: int, needed: Bounds) -> Callable[[NetworkState], Bounds]:
    def allowed(state: NetworkState) -> Bounds:
        bounds = state.paths_to(number).get(key, NOTHING)
        return Bounds(bounds.lower & needed.lower, bounds.upper & needed.upper)

    return allowed


def _expected(context: Context, target: HostClass) -> PacketSet:
    """Return the declared clients of ``target``.

    For the control plane, add the administrators and the outbound addresses of the cluster's hosts, on the API's ports.
    """
    declared = context.declared_packets(target)
    if not target.has(Role.CONTROL_PLANE):
        return declared
    return declared | PacketSet.product(context.administrators | lasting_addresses(context), context.ports.api)


def _published(context: Context, target: HostClass, registration: Registration) -> ServiceSet:
    """Return the services of ``target`` that clients may use through a load balancer.

    These are the ports of the Kubernetes Service that the balancer was created for. For any other balancer, these are
    the NodePorts.
    """
    if registration.balancer.declared_service:
        beyond = beyond_service(context, target, registration)
        return registration.service - beyond
    return registration.service & context.ports.node_ports


def _of_balancers(first: NetworkState, number: int, target: HostClass) -> Iterator[NeededTraffic]:
    """Yield the flows that load balancers send from their own addresses: health checks and forwarded traffic."""
    for registration in target.key.registrations:
        own = first.reach.senders.of_balancer(registration.balancer)

        def allowed(state: NetworkState, registration: Registration = registration, own: AddressSet = own) -> Bounds:
            admitted = state.reach.allowed_in(state.classes[number]).allows(own, registration.balancer.groups)
            return admitted.only(registration.service)

        guards = frozenset(target.key.filters)
        who = f"{registration.balancer.kind}/{registration.balancer.name}"
        yield NeededTraffic(who, target_text(target), "it checks the health of its targets", guards, allowed)


def _of_pods(context: Context, number: int, target: HostClass) -> Iterator[NeededTraffic]:
    pods = context.cluster.pod_ranges
    if not pods:
        return
    needed = context.ports.allowed_between((), target.key.roles)

    def allowed(state: NetworkState) -> Bounds:
        return state.reach.allowed_in(state.classes[number]).allows(pods, ()).only(needed)

    yield NeededTraffic(
        "pods", target_text(target), "pods and hosts connect to each other", frozenset(target.key.filters), allowed
    )


def _from_endpoint(ports: Ports, sender: tuple[int, Endpoint], receiver: tuple[int, HostClass]) -> NeededTraffic:
    (place, endpoint), (number, target) = sender, receiver

    def allowed(state: NetworkState) -> Bounds:
        endpoint_now = state.snapshot.topology.endpoints[place]
        return state.reach.from_endpoint(endpoint_now, state.classes[number]).allowed.only(ports.between_hosts)

    why = "kubelets, webhooks and aggregated APIs"
    return NeededTraffic(
        f"the endpoint {endpoint.id}", target_text(target), why, frozenset(target.key.filters), allowed
    )


def possible_ways_out(first: NetworkState, source: HostClass) -> AddressSet:
    """Return the public addresses that the hosts of a class may send from."""
    unknown = first.reach.senders.has_unknown_way_out(source.key.subnet) or source.key.has_public_ipv4 is not False
    return EVERYWHERE if unknown else first.snapshot.topology.outbound_addresses


def inside_traffic(state: NetworkState, endpoint: Endpoint, source: HostClass) -> Bounds:
    """Return the traffic that the private side of an endpoint lets in from the hosts of a class."""
    if not endpoint.private:
        return NOTHING
    traffic = state.reach.filters.allowed_traffic(endpoint.filters, Direction.INGRESS)
    return traffic.allows(source.possible_addresses, source.key.groups).only(endpoint.service)


def _to_endpoint(first: NetworkState, target: tuple[int, Endpoint], sender: tuple[int, HostClass]) -> NeededTraffic:
    """Return the flow from a host class to a managed API: through its private side, or else its public side."""
    (place, endpoint), (number, source) = target, sender
    addresses, outbound = source.possible_addresses, possible_ways_out(first, source)

    def allowed(state: NetworkState) -> Bounds:
        endpoint_now = state.snapshot.topology.endpoints[place]
        inside = inside_traffic(state, endpoint_now, state.classes[number])
        everything = exactly(PacketSet.product(addresses | outbound, endpoint_now.service))
        if inside.lower == PacketSet.product(addresses, endpoint_now.service):
            return everything
        return inside | state.public_side(endpoint_now).within(outbound)

    guards = frozenset({*endpoint.filters, endpoint.id})
    name = first.reach.sender_of(source).name
    return NeededTraffic(name, f"the endpoint {endpoint.id}", "hosts need the API", guards, allowed)
