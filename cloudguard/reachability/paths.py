"""Effective reachability: every way in to a class of hosts or a managed endpoint, gates intersected, in two bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import Balancer, Listener
from cloudguard.model.network import Endpoint
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import ALL4, ALL6, PUBLIC, AddressSet
from cloudguard.packet_sets.bounds import NOTHING, Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE, AllowedTraffic
from cloudguard.reachability.filters import TCP, UDP, Filters
from cloudguard.reachability.host_classes import HostClass, classify
from cloudguard.reachability.load_balancers import LoadBalancerPaths, destination_addresses
from cloudguard.reachability.origins import Sender, SenderKind
from cloudguard.reachability.senders import Senders

Services = tuple[ServiceSet, ServiceSet]
"""What surely gets through, and what possibly does."""


@dataclass(frozen=True, eq=False)
class Path:
    """One way in: what ``origin`` gets through to ``target`` (sender's address and service at the target)."""

    sender: Sender
    target: HostClass | Endpoint
    allowed: Bounds
    balancer: Balancer | None = None
    listener: Listener | None = None

    @property
    def destination(self) -> AddressSet | None:
        """The addresses that its packets are for when they reach the target's filters; None: not known."""
        if isinstance(self.target, Endpoint):
            return None
        return destination_addresses(self.target, self.balancer)

    @property
    def target_groups(self) -> tuple[str, ...]:
        """The labels of what they guard, by which rules are about it or not."""
        return () if isinstance(self.target, Endpoint) else self.target.key.groups

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters of the target itself."""
        return self.target.filters if isinstance(self.target, Endpoint) else self.target.key.filters


class Reachability:
    """Answers, for one snapshot, who reaches what."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.topology = snapshot.topology
        self.cluster = snapshot.cluster
        self.subnets = {one.id: one for one in self.topology.subnets}
        self.filters = Filters(self.topology)
        self.senders = Senders(self.topology, self.filters)
        self.classes = classify(self.cluster, self.topology)
        self._ways: dict[HostClass, tuple[Path, ...]] = {}
        self._sending: dict[tuple[object, ...], list[Services]] = {}
        self._known_families: dict[HostClass, AddressSet] = {}
        self._fronts = LoadBalancerPaths(self.topology, self.filters, self.senders)

    def paths_to(self, target: HostClass) -> tuple[Path, ...]:
        """Return every way in to a class from outside the cluster, worked out once; those that let nothing in too."""
        found = self._ways.get(target)
        if found is None:
            found = self._ways[target] = (
                *self._direct(target),
                *self._behind_balancers(target),
                *self._from_inside(target),
                *self._from_groups(target, self.allowed_in(target), (target.key.subnet,)),
            )
        return found

    def endpoint_paths(self, endpoint: Endpoint) -> Iterator[Path]:
        """Yield every way in to a managed control plane's endpoint."""
        service = endpoint.service
        if endpoint.public:
            clients = self.senders.listed(endpoint.public_ranges, endpoint.public_lists).within(PUBLIC)
            yield Path(self.senders.internet, endpoint, clients.only(service))
        if endpoint.private:
            side = self.filters.allowed_traffic(endpoint.filters, Direction.INGRESS)
            for origin in self.senders.inside(endpoint.subnets):
                granted = side.by_address.within(origin.addresses).only(service)
                yield Path(origin, endpoint, origin.bounded(granted))
            for way in self._from_groups(endpoint, side, endpoint.subnets):
                yield Path(way.sender, endpoint, way.allowed.only(service))

    def between(self, source: HostClass, target: HostClass) -> Path:
        """Return the way from a class of the cluster's hosts to another (or to its own other hosts)."""
        origin = self.sender_of(source)
        side = self.allowed_in(target)
        arriving = side.allows(origin.addresses, origin.groups) & self.filters.subnet_ingress(target.key.subnet)
        addresses = target.addresses or self.senders.ranges((target.key.subnet,))
        granted = self._sent(arriving, source, addresses, target.key.groups, self._families(target))
        return Path(origin, target, granted)

    def host_paths(self, source: HostClass, target: HostClass, asked: ServiceSet) -> Iterator[Path]:
        """Yield the ways from a class of the cluster's hosts to another that may lead to the services ``asked``.

        That is the straight one, and each by a balancer in front of one of them.
        """
        yield self.between(source, target)
        origin = self.sender_of(source)
        for balancer, listener, service in self._fronts_of(target):
            if not service & asked:
                continue
            calls = exactly(PacketSet.of([(origin.addresses, listener.service)]))

            def sent(segment: str, calls: Bounds = calls, labels: tuple[str, ...] = balancer.groups) -> Bounds:
                return self._sent(calls, source, self.senders.ranges((segment,)) or EVERYWHERE, labels)

            granted = self._fronts.through((balancer, listener), service, target, origin, sent)
            yield Path(origin, target, granted, balancer, listener)

    def _sent(
        self,
        arriving: Bounds,
        source: HostClass,
        to: AddressSet,
        labels: tuple[str, ...],
        families: AddressSet = EVERYWHERE,
    ) -> Bounds:
        """Return what of ``arriving`` the source's own filters and border let out to ``to``, in ``families``."""
        sent = NOTHING
        for family, (surely, possibly) in zip((ALL4, ALL6), self._leaving(source, to, labels), strict=True):
            if possibly and family <= families:
                own = arriving.within(family)
                sent |= Bounds(own.lower.only(surely), own.upper.only(possibly))
        return sent

    def _leaving(self, source: HostClass, to: AddressSet, labels: tuple[str, ...]) -> list[Services]:
        """Return the services that the source's own filters and border let out to peers at ``to``, by family."""
        signature = source.key
        key = (signature.filters, signature.groups, signature.subnet, source.addresses, to, labels)
        found = self._sending.get(key)
        if found is None:
            own = destination_addresses(source, None)
            side = self.filters.allowed_traffic(signature.filters, Direction.EGRESS, signature.groups, own)
            leaving = side.allows(to, labels) & self.filters.subnet_egress(signature.subnet)
            parts = [leaving.within(family) for family in (ALL4, ALL6)]
            found = self._sending[key] = [(one.lower.services(), one.upper.services()) for one in parts]
        return found

    def from_endpoint(self, endpoint: Endpoint, target: HostClass) -> Path:
        """Return what a managed control plane gets through to a class of hosts."""
        ranges = self.senders.ranges(endpoint.subnets)
        origin = Sender(SenderKind.HOSTS, "the managed control plane", ranges, endpoint.groups)
        named = self.allowed_in(target).of_group(endpoint.groups)
        granted = exactly(PacketSet.of([(ranges, named)]))
        return Path(origin, target, granted & self.filters.subnet_ingress(target.key.subnet))

    def sender_of(self, source: HostClass) -> Sender:
        """Return a class of hosts as senders."""
        signature, count = source.key, len(source.hosts)
        roles = "/".join(signature.roles) or "unknown"
        name = f"{count} {roles} host{'s' if count != 1 else ''}" if count else f"the next {roles} host"
        return Sender(
            SenderKind.HOSTS,
            name,
            source.addresses or self.senders.ranges((signature.subnet,)),
            signature.groups,
            example=source.hosts[0].id if count else "",
            hosts=source,
        )

    def allowed_in(self, target: HostClass) -> AllowedTraffic:
        """Return what a class's own filters let in."""
        signature = target.key
        return self.filters.allowed_traffic(
            signature.filters, Direction.INGRESS, signature.groups, destination_addresses(target, None)
        )

    def _direct(self, target: HostClass) -> Iterator[Path]:
        signature = target.key
        families = AddressSet.nothing()
        if signature.has_public_ipv4:
            families |= ALL4
        if signature.has_public_ipv6:
            families |= ALL6
        if not families:
            return
        clients = self.senders.answered(signature.subnet).within(families)
        side = self.allowed_in(target)
        yield Path(
            self.senders.internet, target, clients & self.filters.subnet_filters(signature.subnet) & side.by_address
        )

    def exposed(self, target: HostClass) -> bool:
        """Whether the class has a public address and a route that answers the internet."""
        return any(way.sender.kind is SenderKind.INTERNET for way in self._direct(target)) and bool(
            self.senders.answered(target.key.subnet).lower,
        )

    def _behind_balancers(self, target: HostClass) -> Iterator[Path]:
        for balancer, listener, service in self._fronts_of(target):
            for origin in self._fronts.senders(balancer):
                granted = self._fronts.through((balancer, listener), service, target, origin)
                yield Path(origin, target, granted, balancer, listener)

    def _fronts_of(self, target: HostClass) -> Iterator[tuple[Balancer, Listener, ServiceSet]]:
        for balancer, listener, service in target.key.registrations:
            for part in filter(None, (service & TCP, service & UDP, service - TCP - UDP)):
                yield *self._fronts.find(balancer, listener), part

    def _families(self, target: HostClass) -> AddressSet:
        """Return the addresses whose family a class has an address of: no other sender can connect straight to it."""
        found = self._known_families.get(target)
        if found is None:
            own = target.addresses or self.senders.ranges((target.key.subnet,))
            known = (ALL4 if own & ALL4 else AddressSet.nothing()) | (ALL6 if own & ALL6 else AddressSet.nothing())
            found = self._known_families[target] = known or ALL4 | ALL6
        return found

    def _from_inside(self, target: HostClass) -> Iterator[Path]:
        side = self.allowed_in(target)
        crossing = self.filters.subnet_ingress(target.key.subnet)
        for origin in self.senders.inside((target.key.subnet,)):
            heard = origin.addresses & self._families(target)
            yield Path(origin, target, origin.bounded(side.by_address.within(heard) & crossing))

    def _from_groups(
        self,
        target: HostClass | Endpoint,
        side: AllowedTraffic,
        segments: tuple[str, ...],
    ) -> Iterator[Path]:
        for label in sorted(side.by_group):
            origin = self.senders.group_members(label)
            if origin is None:
                continue
            granted = side.allows_group(label, origin.addresses)
            if not isinstance(target, Endpoint):
                granted = granted.within(self._families(target)) & self.filters.subnet_ingress(segments[0])
            elif len(segments) == 1:
                granted &= self.filters.subnet_ingress(segments[0])
            yield Path(origin, target, origin.bounded(granted))
