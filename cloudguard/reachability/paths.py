"""Effective reachability: every path to a host class or managed endpoint, with its allowed traffic as two bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import Balancer
from cloudguard.model.network import Endpoint
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import ALL4, ALL6, PUBLIC, AddressSet
from cloudguard.packet_sets.bounds import NOTHING, Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE, AllowedTraffic
from cloudguard.reachability.filters import TCP, UDP, Filters, RuleTarget, versions_of
from cloudguard.reachability.host_classes import HostClass, Registration, classify, hosts_text
from cloudguard.reachability.load_balancers import LoadBalancerPaths, rule_target
from cloudguard.reachability.senders import Sender, SenderKind, Senders
from cloudguard.values import cached_method, dataclass

ServiceBounds = tuple[ServiceSet, ServiceSet]
"""The lower and the upper bound of a set of services."""


@dataclass(frozen=True, eq=False)
class Path:
    """A path from ``sender`` to ``target``, directly or by a load balancer with ``registration``.

    ``allowed``: the traffic that passes, by the sender's address and the service at the target. ``endpoint_ranges``:
    the ranges that contain the addresses of an endpoint as ``target``; None if they are unknown.
    """

    sender: Sender
    target: HostClass | Endpoint
    allowed: Bounds
    registration: Registration | None = None
    endpoint_ranges: AddressSet | None = None

    @property
    def balancer(self) -> Balancer | None:
        """The load balancer on the path, or None if the path is direct."""
        return self.registration.balancer if self.registration else None

    @property
    def rule_target(self) -> RuleTarget:
        """The target of the path as the target of its filters' rules."""
        if isinstance(self.target, Endpoint):
            return RuleTarget(addresses=self.endpoint_ranges)
        return rule_target(self.target, self.balancer)

    @property
    def filters(self) -> tuple[str, ...]:
        """The ids of the target's own filters."""
        return self.target.filters if isinstance(self.target, Endpoint) else self.target.key.filters


class Reachability:
    """The reachability of one snapshot: who reaches which target."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.topology = snapshot.topology
        self.cluster = snapshot.cluster
        self.subnets = {subnet.id: subnet for subnet in self.topology.subnets}
        self.filters = Filters(self.topology)
        self.senders = Senders(self.topology)
        self.classes = classify(self.cluster, self.topology)
        self._balancers = LoadBalancerPaths(self.filters, self.senders)

    @cached_method
    def paths_to(self, target: HostClass) -> tuple[Path, ...]:
        """Return every path from outside the cluster to a class, including paths that allow nothing."""
        return (
            *self._direct(target),
            *self._behind_balancers(target),
            *self._from_inside(target),
            *self._from_groups(target, self.allowed_in(target), (target.key.subnet,)),
            *self._by_tunnels(target),
        )

    def endpoint_paths(self, endpoint: Endpoint) -> Iterator[Path]:
        """Yield every path to a managed control plane's endpoint."""
        if endpoint.public:
            clients = self.senders.listed(endpoint.public_ranges, endpoint.public_lists).within(PUBLIC)
            yield Path(self.senders.internet, endpoint, clients.only(endpoint.service))
        if endpoint.private:
            known = all(name in self.subnets for name in endpoint.subnets)
            ranges = (self.senders.ranges(endpoint.subnets) or None) if known else None
            traffic = self.filters.allowed_traffic(endpoint.filters, Direction.INGRESS, RuleTarget(addresses=ranges))
            for sender in self.senders.inside(endpoint.subnets):
                allowed = traffic.by_address.within(sender.addresses).only(endpoint.service)
                yield Path(sender, endpoint, sender.bounded(allowed), endpoint_ranges=ranges)
            for path in self._from_groups(endpoint, traffic, endpoint.subnets):
                yield replace(path, allowed=path.allowed.only(endpoint.service), endpoint_ranges=ranges)

    def between(self, source: HostClass, target: HostClass, *, next_host: bool = False) -> Path:
        """Return the direct path from one class of the cluster's hosts to another, or to hosts of the same class.

        ``next_host``: the sender includes the possible addresses of the class's next host.
        """
        sender = self.sender_of(source, next_host=next_host)
        admitted = self.allowed_in(target).allows(sender.addresses, sender.groups)
        arriving = admitted & self.filters.subnet_ingress(target.key.subnet)
        addresses = target.addresses or self.senders.ranges((target.key.subnet,))
        return Path(
            sender, target, self._sent(arriving, source, addresses, target.key.groups, self._versions_of(target))
        )

    def host_paths(
        self, source: HostClass, target: HostClass, services: ServiceSet, *, next_host: bool = False
    ) -> Iterator[Path]:
        """Yield the paths between two classes of the cluster's hosts that may lead to ``services``.

        They are the direct path, and a path for each registration of the target. ``next_host``: as in ``between``.
        """
        yield self.between(source, target, next_host=next_host)
        sender = self.sender_of(source, next_host=next_host)
        for registration in self._registrations(target):
            if not registration.service & services:
                continue
            listening = registration.balancer.listens_on(registration.listener)
            calls = exactly(PacketSet.product(sender.addresses, listening))

            def sent(subnet: str, calls: Bounds = calls, balancer: Balancer = registration.balancer) -> Bounds:
                return self._sent(calls, source, self.senders.ranges((subnet,)) or EVERYWHERE, balancer.front.groups)

            allowed = self._balancers.through(registration, target, sender, sent)
            yield Path(sender, target, allowed, registration)

    def _sent(
        self,
        arriving: Bounds,
        source: HostClass,
        destination: AddressSet,
        groups: tuple[str, ...],
        versions: AddressSet = EVERYWHERE,
    ) -> Bounds:
        """Return the part of ``arriving`` that the source's filters and subnet let out to members of ``groups``.

        ``versions``: all addresses of the IP versions of the destination.
        """
        sent = NOTHING
        for version, (lower, upper) in zip((ALL4, ALL6), self._let_out(source, destination, groups), strict=True):
            if upper and version <= versions:
                bounds = arriving.within(version)
                sent |= Bounds(bounds.lower.only(lower), bounds.upper.only(upper))
        return sent

    @cached_method
    def _let_out(self, source: HostClass, destination: AddressSet, groups: tuple[str, ...]) -> list[ServiceBounds]:
        """Return the services that the source's filters and subnet let out, for IPv4 and for IPv6."""
        traffic = self.filters.allowed_traffic(source.key.filters, Direction.EGRESS, rule_target(source))
        out = traffic.allows(destination, groups) & self.filters.subnet_egress(source.key.subnet)
        by_version = [out.within(version) for version in (ALL4, ALL6)]
        return [(bounds.lower.services(), bounds.upper.services()) for bounds in by_version]

    def from_endpoint(self, endpoint: Endpoint, target: HostClass) -> Path:
        """Return the path from a managed control plane to a class of hosts, as allowed by its groups."""
        ranges = self.senders.ranges(endpoint.subnets)
        sender = Sender(SenderKind.HOSTS, "the managed control plane", ranges, endpoint.groups)
        allowed = exactly(PacketSet.product(ranges, self.allowed_in(target).of_group(endpoint.groups)))
        return Path(sender, target, allowed & self.filters.subnet_ingress(target.key.subnet))

    def sender_of(self, source: HostClass, *, next_host: bool = False) -> Sender:
        """Return a class of hosts as a sender. ``next_host``: with the possible addresses of its next host, too."""
        key = source.key
        return Sender(
            SenderKind.HOSTS,
            hosts_text(key.roles, len(source.hosts)),
            source.possible_addresses if next_host else source.addresses or self.senders.ranges((key.subnet,)),
            key.groups,
            example=source.hosts[0].id if source.hosts else "",
            hosts=source,
        )

    def allowed_in(self, target: HostClass) -> AllowedTraffic:
        """Return the traffic that a class's own filters let in."""
        return self.filters.allowed_traffic(target.key.filters, Direction.INGRESS, rule_target(target))

    def _direct(self, target: HostClass) -> Iterator[Path]:
        """Yield the path from the internet to the public addresses of a class, if it has or may have any."""
        key, nothing = target.key, AddressSet.nothing()
        versions = (ALL4 if key.has_public_ipv4 else nothing) | (ALL6 if key.has_public_ipv6 else nothing)
        if versions:
            yield Path(self.senders.internet, target, self._by_public_address(target, versions))
        if key.has_public_ipv4 is None:
            sender = self.senders.by_unknown_address
            yield Path(sender, target, sender.bounded(self._by_public_address(target, ALL4)))

    def _by_public_address(self, target: HostClass, versions: AddressSet) -> Bounds:
        """Return the traffic from the internet to a class's public addresses of the IP versions ``versions``."""
        clients = self.senders.replied_to(target.key.subnet).within(versions)
        return clients & self.filters.subnet_filters(target.key.subnet) & self.allowed_in(target).by_address

    def exposed(self, target: HostClass) -> bool:
        """Whether the class has a public address and a route for replies to the internet."""
        known = any(not path.sender.uncertain for path in self._direct(target))
        return known and bool(self.senders.replied_to(target.key.subnet).lower)

    def _behind_balancers(self, target: HostClass) -> Iterator[Path]:
        for registration in self._registrations(target):
            for sender in self._balancers.senders(registration.balancer):
                yield Path(sender, target, self._balancers.through(registration, target, sender), registration)

    def _registrations(self, target: HostClass) -> Iterator[Registration]:
        """Yield a class's registrations. A registration with several protocols is split by protocol."""
        for registration in target.key.registrations:
            for services in filter(
                None, (registration.service & TCP, registration.service & UDP, registration.service - TCP - UDP)
            ):
                yield replace(registration, service=services)

    @cached_method
    def _versions_of(self, target: HostClass) -> AddressSet:
        """Return all addresses of the IP versions of a class. Only these addresses can connect to it directly."""
        return versions_of(target.addresses or self.senders.ranges((target.key.subnet,))) or EVERYWHERE

    def _from_inside(self, target: HostClass) -> Iterator[Path]:
        traffic, ingress = self.allowed_in(target), self.filters.subnet_ingress(target.key.subnet)
        for sender in self.senders.inside((target.key.subnet,)):
            addresses = sender.addresses & self._versions_of(target)
            yield Path(sender, target, sender.bounded(traffic.by_address.within(addresses) & ingress))

    def _by_tunnels(self, target: HostClass) -> Iterator[Path]:
        traffic, ingress = self.allowed_in(target), self.filters.subnet_ingress(target.key.subnet)
        for tunnel, sender in self.senders.tunnels.items():
            addresses = sender.addresses & self._versions_of(target)
            allowed = traffic.allows(addresses, sender.groups) & ingress
            yield Path(sender, target, sender.bounded(allowed.only(tunnel.services)))

    def _from_groups(
        self, target: HostClass | Endpoint, traffic: AllowedTraffic, subnets: tuple[str, ...]
    ) -> Iterator[Path]:
        """Yield the paths from external members of the groups that the target's rules name."""
        connected = self.senders.connected(subnets)
        for sender in (sender for group in sorted(traffic.by_group) for sender in self.senders.group_members(group)):
            allowed = traffic.allows_group(sender.groups[0], sender.addresses) & connected
            if not isinstance(target, Endpoint):
                allowed = allowed.within(self._versions_of(target))
            if not isinstance(target, Endpoint) or len(subnets) == 1:
                allowed &= self.filters.subnet_ingress(subnets[0])
            yield Path(sender, target, sender.bounded(allowed))
