"""The addresses with which load balancers, and the cluster's own hosts behind them, arrive at targets."""

from __future__ import annotations

from typing import Final

from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.load_balancers import passes_on
from cloudguard.rows.context import Context

HEALTH: Final = "health checks"


def health_checks(context: Context, targets: tuple[HostClass | Endpoint, ...]) -> AddressSet:
    """Return the addresses of balancers that check the health of ``targets``.

    Balancers whose group is already let in by a rule of the target are left out.
    """
    addresses = list[AddressSet]()
    for target in (target for target in targets if isinstance(target, HostClass)):
        allowed = context.reach.allowed_in(target)
        for registration in target.key.registrations:
            if not registration.service <= allowed.of_group(registration.balancer.groups):
                addresses.append(context.reach.senders.of_balancer(registration.balancer))
    return AddressSet.union(addresses)


def hosts_by_balancers(context: Context, targets: tuple[HostClass | Endpoint, ...]) -> AddressSet:
    """Return the addresses that ``targets`` see of the cluster's hosts behind load balancers inside the network.

    Balancers behind which the target sees the hosts' groups are left out: rules then name these, as for hosts that
    connect directly. So are balancers whose group is already let in by a rule of the target.
    """
    addresses, hosts = list[AddressSet](), context.reach.classes
    for target in (target for target in targets if isinstance(target, HostClass)):
        allowed = context.reach.allowed_in(target)
        for registration in target.key.registrations:
            balancer, seen = registration.balancer, registration.listener.client_address is not ClientAddress.REPLACED
            by_address = seen and not passes_on(balancer) and not balancer.internet_facing
            if by_address and not registration.service & context.ports.api <= allowed.of_group(balancer.groups):
                addresses += [source.addresses | source.subnet_addresses for source in hosts]
    return AddressSet.union(addresses)
