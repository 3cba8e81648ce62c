"""The needed flows to the cluster's hosts and load balancers, for the certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.needs.ports import Ports
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.certificates.guarded import Guarded
from cloudguard.planning.proof.needed_traffic import needed_between, needed_by_balancers, needed_by_paths
from cloudguard.planning.proof.network_state import IMPOSSIBLE, NetworkState
from cloudguard.reachability.filters import TCP, UDP, RuleTarget
from cloudguard.reachability.host_classes import HostClass, Registration
from cloudguard.reachability.load_balancers import seen_groups
from cloudguard.reachability.paths import Path
from cloudguard.reachability.senders import SenderKind
from cloudguard.rows.context import Context
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """A needed flow: ``services`` from ``sender`` to ``target`` that the target's own filters allow today.

    ``addresses``: the sender's addresses. ``groups``: the sender's groups from before and after the plan.
    """

    sender: str
    addresses: AddressSet
    groups: tuple[str, ...]
    services: ServiceSet
    target: Guarded

    @property
    def why(self) -> str:
        """The sender and the target in words."""
        return f"{self.sender} to {self.target.name}"


@dataclass(frozen=True, slots=True)
class Caller:
    """A sender that needs ``services`` of a target; ``groups``: its groups before the plan, ``later``: after it."""

    name: str
    addresses: AddressSet
    services: ServiceSet
    groups: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


def flows(first: NetworkState, last: NetworkState, context: Context) -> Iterator[Flow]:
    """Yield the needed flows to each host class, and to the load balancers in front of it.

    They are of hosts, pods, managed control planes and load balancers, and of clients from outside: administrators,
    declared clients, and clients of services.
    """
    for target in first.classes:
        hosts = Guarded.of_hosts(target)
        for caller in _callers(first, last, context.ports, target):
            yield from permitted(first, caller, hosts)
        clients = [(path, needed.lower, path.sender.groups) for path, needed in needed_by_paths(context, first, target)]
        for path, needed, groups in (*clients, *_hosts_through(first, last, context, target)):
            for addresses, services in (needed - IMPOSSIBLE).items():
                caller = Caller(path.sender.name, addresses, services, path.sender.groups, groups)
                if path.registration is None:
                    yield Flow(caller.name, addresses, groups, services, hosts)
                elif path.sender.kind is not SenderKind.CONSUMERS:  # their addresses are replaced before the listener
                    yield from _through(first, caller, path.registration, target)


def _hosts_through(
    first: NetworkState, last: NetworkState, context: Context, target: HostClass
) -> Iterator[tuple[Path, PacketSet, tuple[str, ...]]]:
    """Yield the paths of the cluster's hosts by balancers inside the network, their needs, and their later groups."""
    for source, later in zip(first.classes, last.classes, strict=True):
        services = needed_by_balancers(context, source, target)
        for path in first.reach.host_paths(source, target, services, next_host=True):
            if path.balancer is not None and not path.balancer.internet_facing:
                yield path, path.allowed.lower.only(services), later.key.groups


def permitted(first: NetworkState, caller: Caller, target: Guarded) -> Iterator[Flow]:
    """Yield what the filters of ``target`` allow today of the needs of ``caller``."""
    traffic = first.reach.filters.allowed_traffic(
        target.filters, Direction.INGRESS, RuleTarget(target.groups, target.addresses)
    )
    allowed = traffic.allows(caller.addresses, caller.groups).only(caller.services)
    groups = tuple(dict.fromkeys((*caller.groups, *caller.later)))
    for addresses, services in (allowed.lower - IMPOSSIBLE).items():
        yield Flow(caller.name, addresses, groups, services, target)


def _through(first: NetworkState, caller: Caller, registration: Registration, target: HostClass) -> Iterator[Flow]:
    """Yield the flows of a client through a balancer: to its listener, and on to the targets with its own address.

    A client of an outer balancer arrives at the listener with its own address too. The flow with the balancer's
    address is one of ``_callers``.
    """
    balancer, listener = registration.balancer, registration.listener
    parts = (listener.service & part for part in (TCP, UDP) if caller.services <= part)
    arriving = replace(caller, services=next(filter(None, parts), listener.service))
    if outer := balancer.outer:
        yield from permitted(
            first, replace(caller, services=outer.services), Guarded.of_balancer(first, balancer, outer=True)
        )
        arriving = replace(arriving, addresses=arriving.addresses & ALL4, groups=outer.groups, later=())
    yield from permitted(first, arriving, Guarded.of_balancer(first, balancer))
    if listener.client_address is not ClientAddress.REPLACED:
        groups = seen_groups(balancer, tuple(dict.fromkeys((*caller.groups, *caller.later))))
        own = target.addresses or target.subnet_ranges
        kept = AddressSet.union(caller.addresses & version for version in (ALL4, ALL6) if own & version)
        passed = Caller(f"{caller.name} through {balancer.id}", kept, caller.services, groups)
        yield from permitted(first, passed, Guarded.of_hosts(target, balancer))


def _callers(first: NetworkState, last: NetworkState, ports: Ports, target: HostClass) -> Iterator[Caller]:
    reach = first.reach
    for host_class, later in zip(first.classes, last.classes, strict=True):
        needed = needed_between(host_class, target, ports)
        yield Caller(
            reach.sender_of(host_class).name,
            host_class.possible_addresses,
            needed,
            host_class.key.groups,
            later.key.groups,
        )
    yield Caller("pods", first.snapshot.cluster.pod_ranges, ports.allowed_between((), target.key.roles))
    for endpoint in first.snapshot.topology.endpoints:
        ranges = reach.senders.ranges(endpoint.subnets)
        needed = ports.between_hosts & reach.allowed_in(target).of_group(endpoint.groups)
        yield Caller(f"endpoint {endpoint.id}", ranges, needed, endpoint.groups)
    for registration in target.key.registrations:
        balancer = registration.balancer
        own_addresses = reach.senders.of_balancer(balancer)
        yield Caller(f"balancer {balancer.id}", own_addresses, registration.service, balancer.groups)
