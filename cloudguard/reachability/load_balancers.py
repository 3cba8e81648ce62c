"""Paths through load balancers.

A packet passes the balancer's filters, then the target's filters. These see the address of the client or of the
balancer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce

from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import Balancer, ClientAddress, OuterBalancer
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE
from cloudguard.reachability.filters import TCP, UDP, Filters, RuleTarget
from cloudguard.reachability.host_classes import HostClass, Registration
from cloudguard.reachability.senders import Sender, SenderKind, Senders, all_from, consumers


class LoadBalancerPaths:
    """The traffic through the load balancers of a topology. The clients of each listener are computed once."""

    def __init__(self, filters: Filters, senders: Senders) -> None:
        self._filters = filters
        self._senders = senders
        self._clients: dict[tuple[str, ServiceSet, Sender, str], Bounds] = {}

    def senders(self, balancer: Balancer) -> Iterator[Sender]:
        """Yield the possible clients. A balancer that faces the internet also has addresses inside the network."""
        if balancer.internet_facing is None:
            yield self._senders.by_unknown_balancer
        elif balancer.internet_facing:
            yield self._senders.internet
        yield from self._senders.inside(balancer.front.subnets)
        for group in sorted(self._filters.allowed_traffic(balancer.first_filters, Direction.INGRESS).by_group):
            yield from self._senders.group_members(group)
        yield from (consumers(service) for service in balancer.published if service.has_consumers is not False)
        yield from (sender for tunnel, sender in self._senders.tunnels.items() if tunnel.to_balancers)

    def through(
        self, registration: Registration, target: HostClass, sender: Sender, sent: Callable[[str], Bounds] | None = None
    ) -> Bounds:
        """Return the traffic allowed from ``sender`` through a balancer to a registered class of hosts.

        The registration's services have one protocol. ``sent`` returns the traffic that the sender's own filters let
        out to the listener in a subnet (id). None: they let everything out.
        """
        by_subnet: dict[str, Bounds] = {}
        outer = self._entering(registration, sender, sent) if registration.balancer.outer else None
        for subnet in registration.balancer.subnets or ("",):
            clients = self._sent_to(registration, sender, subnet, sent) if outer is None else outer
            by_subnet[subnet] = self._from_subnet(registration, subnet, clients, sender, target)
        by_any_subnet, own_subnet = reduce(_either, by_subnet.values()), by_subnet.get(target.key.subnet)
        return by_any_subnet if own_subnet is None else Bounds(own_subnet.lower, by_any_subnet.upper)

    def _entering(self, registration: Registration, sender: Sender, sent: Callable[[str], Bounds] | None) -> Bounds:
        """Return the clients that reach the outer balancer in all of its subnets, and those that reach it in any."""
        subnets = registration.balancer.front.subnets or ("",)
        return reduce(_either, (self._sent_to(registration, sender, subnet, sent) for subnet in subnets))

    def _sent_to(
        self, registration: Registration, sender: Sender, subnet: str, sent: Callable[[str], Bounds] | None
    ) -> Bounds:
        """Return the clients that reach the listener in a subnet, and whose own filters let that out."""
        clients = self._clients_in(registration, sender, subnet)
        if sent is None:
            return clients
        out = sent(subnet)
        return clients & Bounds(all_from(out.lower.addresses()), all_from(out.upper.addresses()))

    def _clients_in(self, registration: Registration, sender: Sender, subnet: str) -> Bounds:
        """Return the clients that reach the listener in a subnet, as a packet set with every service."""
        balancer, listening = registration.balancer, registration.listener.service
        services_of = (listening & protocol for protocol in (TCP, UDP) if registration.service <= protocol)
        services = next(filter(None, services_of), listening)
        key = (balancer.id, services, sender, subnet)
        if key not in self._clients:
            self._clients[key] = sender.bounded(self._reach_listener(balancer, services, sender, subnet))
        return self._clients[key]

    def _reach_listener(self, balancer: Balancer, services: ServiceSet, sender: Sender, subnet: str) -> Bounds:
        """Return the senders that reach one of ``services`` of a balancer in a subnet, with every service."""
        if sender.kind is SenderKind.CONSUMERS:
            arriving = exactly(all_from(sender.addresses))
        elif sender.kind is SenderKind.INTERNET:
            arriving = self._senders.replied_to(subnet) & self._filters.subnet_filters(subnet)
            arriving = arriving if balancer.public_ipv4 else arriving.within(ALL6)
        else:
            arriving = exactly(all_from(sender.addresses)) & self._filters.subnet_ingress(subnet)
        if sender.kind is SenderKind.GROUP:
            arriving &= self._senders.connected((subnet,))
        if not balancer.dual_stack:
            arriving = arriving.within(ALL4)
        filters = () if sender.published and not sender.published.filtered else balancer.front.filters
        traffic = self._filters.allowed_traffic(filters, Direction.INGRESS, self._own_target(balancer))
        passing, outer = arriving & traffic.allows(sender.addresses, sender.groups), balancer.outer
        if outer is None:
            return _clients_of(passing, services)
        return _clients_of(passing, outer.services) & self._passed_on(balancer, outer, services, sender, subnet)

    def _passed_on(
        self, balancer: Balancer, outer: OuterBalancer, services: ServiceSet, sender: Sender, subnet: str
    ) -> Bounds:
        """Return the clients that the ``outer`` balancer in a subnet passes on and that ``balancer`` lets in.

        IPv6 clients may arrive with the outer balancer's own address.
        """
        out = self._filters.allowed_traffic(outer.filters, Direction.EGRESS).allows(EVERYWHERE, balancer.groups)
        inside = self._senders.ranges(balancer.subnets)
        lower = _from_each(inside, out.lower, services) if inside else ServiceSet.nothing()
        sent = _let_through(lower, out.upper.within(inside or EVERYWHERE), services)
        traffic = self._filters.allowed_traffic(balancer.filters, Direction.INGRESS)
        addresses = self._senders.ranges((subnet,)) & ALL4
        let_in = traffic.allows(addresses, outer.groups)
        lower = _from_each(addresses, let_in.lower, services) if addresses else ServiceSet.nothing()
        replaced = _let_through(lower, let_in.upper, services)
        if sender.kind is SenderKind.CONSUMERS:
            return sent & replaced
        preserved = _clients_of(traffic.allows(EVERYWHERE, outer.groups), services)
        return sent & (preserved.within(ALL4) | _either(preserved, replaced).within(ALL6))

    def _own_target(self, balancer: Balancer) -> RuleTarget:
        """Return a balancer as the target of its filters' rules, by its possible addresses inside the network."""
        return RuleTarget(addresses=self._senders.ranges(balancer.subnets) or None)

    def _from_subnet(
        self, registration: Registration, subnet: str, clients: Bounds, sender: Sender, target: HostClass
    ) -> Bounds:
        """Return the traffic from a balancer in one of its subnets to a class of hosts, by the client's address."""
        balancer, key = registration.balancer, target.key
        addresses = target.addresses or self._senders.ranges((key.subnet,))
        clients = _only(clients, *self._let_out(registration, subnet, target, addresses))
        traffic = self._filters.allowed_traffic(key.filters, Direction.INGRESS, rule_target(target, balancer))
        same_subnet = subnet == key.subnet
        ingress = exactly(PacketSet.everything()) if same_subnet else self._filters.subnet_filters(key.subnet)
        preserved = clients & traffic.allows(EVERYWHERE, seen_groups(balancer, sender.groups)) & ingress
        translated = sender.published.translated_to if sender.published else AddressSet.nothing()
        own_addresses = translated or self._senders.ranges((subnet,))
        own_addresses = own_addresses & ALL4 or own_addresses
        replaced = _with_replaced_addresses(
            own_addresses, clients, traffic.allows(own_addresses, balancer.groups) & ingress, registration.service
        )
        if registration.listener.client_address is ClientAddress.REPLACED or sender.kind is SenderKind.CONSUMERS:
            return replaced
        if registration.listener.client_address is ClientAddress.PRESERVED:
            return _by_version(addresses, preserved, replaced)
        return _either(preserved, replaced)

    def _let_out(
        self, registration: Registration, subnet: str, target: HostClass, addresses: AddressSet
    ) -> tuple[ServiceSet, ServiceSet]:
        """Return the services let out of the balancer's subnet to every target, and to at least one target."""
        balancer = registration.balancer
        traffic = self._filters.allowed_traffic(balancer.filters, Direction.EGRESS, self._own_target(balancer))
        out = traffic.allows(EVERYWHERE, target.key.groups)
        if subnet != target.key.subnet:
            out &= self._filters.subnet_egress(subnet)
        service = registration.service
        lower = _from_each(addresses & ALL4 or addresses, out.lower, service) if addresses else ServiceSet.nothing()
        return lower, out.upper.within(addresses or EVERYWHERE).services() & service


def _clients_of(traffic: Bounds, services: ServiceSet) -> Bounds:
    """Return the senders of any of ``services``, with every service."""
    return Bounds(all_from(traffic.lower.on(services)), all_from(traffic.upper.on(services)))


def _let_through(lower: ServiceSet, upper: PacketSet, services: ServiceSet) -> Bounds:
    """Return everything, if it is certain (``lower``) or possible (``upper``) that any of ``services`` passes."""
    everything, nothing = PacketSet.everything(), PacketSet.nothing()
    return Bounds(everything if lower & services else nothing, everything if upper.on(services) else nothing)


def passes_on(balancer: Balancer) -> bool:
    """Whether a balancer has no address of its own between client and target, and only passes packets on."""
    return balancer.transparent or balancer.keeps_destination


def seen_groups(balancer: Balancer, groups: tuple[str, ...]) -> tuple[str, ...]:
    """Return the groups that a target's rules match for a client in ``groups`` that keeps its address.

    They are the client's own if the balancer only passes packets on. A balancer with an address of its own is the
    sender: a rule that names the client's group does not match.
    """
    return (*balancer.groups, *groups) if passes_on(balancer) else balancer.groups


def destination_addresses(target: HostClass, balancer: Balancer | None) -> AddressSet | None:
    """Return the destination addresses of packets to a class of hosts, or None if they are unknown.

    ``balancer`` None: the packets arrive directly.
    """
    if balancer is None or not balancer.keeps_destination:
        return target.addresses or target.subnet_ranges or None
    return balancer.addresses or None


def rule_target(target: HostClass, balancer: Balancer | None = None) -> RuleTarget:
    """Return a class of hosts as the target of its filters' rules, for packets through ``balancer`` (None: direct)."""
    return RuleTarget(target.key.groups, destination_addresses(target, balancer))


def _with_replaced_addresses(
    own_addresses: AddressSet, clients: Bounds, admitted: Bounds, services: ServiceSet
) -> Bounds:
    """Return ``clients`` with the services that are admitted if the balancer's ``own_addresses`` replace theirs."""
    if not own_addresses:
        return Bounds(PacketSet.nothing(), clients.upper)
    return _only(clients, _from_each(own_addresses, admitted.lower, services), admitted.upper.only(services).services())


def _by_version(addresses: AddressSet, preserved: Bounds, replaced: Bounds) -> Bounds:
    """Return the admitted traffic of a balancer that preserves the client's address.

    The address is preserved only if the client and the target have the same IP version. If the target has both
    versions, it is unknown whether the balancer reaches it by IPv4 or IPv6 for IPv6 clients.
    """
    if not addresses & ALL4:
        return preserved.within(ALL6) | replaced.within(ALL4)
    six = _either(preserved, replaced) if addresses & ALL6 else replaced
    return preserved.within(ALL4) | six.within(ALL6)


def _either(bounds: Bounds, other: Bounds) -> Bounds:
    """Return the bounds of a set that is one of two, and it is unknown which."""
    return Bounds(bounds.lower & other.lower, bounds.upper | other.upper)


def _from_each(addresses: AddressSet, admitted: PacketSet, services: ServiceSet) -> ServiceSet:
    """Return the part of ``services`` that is admitted from every one of ``addresses``."""
    return services - (PacketSet.product(addresses, services) - admitted).services()


def _only(clients: Bounds, lower: ServiceSet, upper: ServiceSet) -> Bounds:
    return Bounds(clients.lower.only(lower), clients.upper.only(upper))
