"""The places that filters guard: host classes, and the listeners of load balancers."""

from __future__ import annotations

from cloudguard.model.load_balancers import Balancer
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.planning.proof.network_state import NetworkState
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.load_balancers import destination_addresses
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Guarded:
    """A place that ``filters`` (ids) guard, as a member of ``groups``; ``name``: the place in words.

    ``addresses``: the destination addresses of packets to it (None: unknown).
    """

    name: str
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    addresses: AddressSet | None

    @classmethod
    def of_hosts(cls, target: HostClass, balancer: Balancer | None = None) -> Guarded:
        """Return a host class as the place, for packets through ``balancer`` (None: packets that arrive directly)."""
        roles = "/".join(target.key.roles) or "unknown"
        return cls(f"{roles} hosts", target.key.filters, target.key.groups, destination_addresses(target, balancer))

    @classmethod
    def of_balancer(cls, state: NetworkState, balancer: Balancer, *, outer: bool = False) -> Guarded:
        """Return the listeners of a balancer, or of the ``outer`` one before it, as the place."""
        guarding = balancer.front if outer else balancer
        addresses = state.reach.senders.ranges(guarding.subnets) or None
        return cls(f"balancer {balancer.id}", guarding.filters, (), addresses)
