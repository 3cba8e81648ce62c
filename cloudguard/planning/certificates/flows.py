"""The needed flows to the cluster's hosts, for the certificate: senders (addresses and groups) and services."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.needs.ports import Ports
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.proof.needed_traffic import needed_between, needed_by_paths
from cloudguard.planning.proof.network_state import NetworkState
from cloudguard.reachability.cluster_traffic import allowed_between
from cloudguard.reachability.host_classes import HostClass
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
    target: HostClass

    @property
    def why(self) -> str:
        """The sender and the target in words."""
        return f"{self.sender} to {'/'.join(self.target.key.roles) or 'unknown'} hosts"


@dataclass(frozen=True, slots=True)
class _Caller:
    """A sender that needs ``services`` of a host class; ``groups``: its groups before the plan, ``later``: after it."""

    name: str
    addresses: AddressSet
    services: ServiceSet
    groups: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


def flows(first: NetworkState, last: NetworkState, context: Context) -> Iterator[Flow]:
    """Yield the needed flows to each host class.

    They are of hosts, pods, managed control planes and load balancers, and of clients from outside that connect
    directly: administrators and declared clients.
    """
    ports = context.ports
    for target in first.classes:
        for path, needed in needed_by_paths(context, first, target):
            if path.registration is None:
                for addresses, services in needed.lower.items():
                    yield Flow(path.sender.name, addresses, path.sender.groups, services, target)
        admitted = first.reach.allowed_in(target)
        for caller in _callers(first, last, ports, target):
            groups = tuple(dict.fromkeys((*caller.groups, *caller.later)))
            allowed = admitted.allows(caller.addresses, caller.groups).only(caller.services).lower
            for addresses, services in allowed.items():
                yield Flow(caller.name, addresses, groups, services, target)


def _callers(first: NetworkState, last: NetworkState, ports: Ports, target: HostClass) -> Iterator[_Caller]:
    reach = first.reach
    for host_class, later in zip(first.classes, last.classes, strict=True):
        needed = needed_between(host_class, target, ports)
        yield _Caller(
            reach.sender_of(host_class).name,
            host_class.possible_addresses,
            needed,
            host_class.key.groups,
            later.key.groups,
        )
    yield _Caller("pods", first.snapshot.cluster.pod_ranges, allowed_between(None, target, ports))
    for endpoint in first.snapshot.topology.endpoints:
        ranges = reach.senders.ranges(endpoint.subnets)
        needed = ports.between_hosts & reach.allowed_in(target).of_group(endpoint.groups)
        yield _Caller(f"endpoint {endpoint.id}", ranges, needed, endpoint.groups)
    for registration in target.key.registrations:
        balancer = registration.balancer
        own_addresses = reach.senders.of_balancer(balancer)
        yield _Caller(f"balancer {balancer.id}", own_addresses, registration.service, balancer.groups)
