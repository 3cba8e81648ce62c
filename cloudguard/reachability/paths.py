"""Effective reachability: every way in to a class of hosts or a managed endpoint, gates intersected, in two bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudguard.model.network import Balancer, Direction, Endpoint, Listener
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import ALL4, ALL6, PUBLIC, AddressSet
from cloudguard.packet_sets.bounds import NOTHING, Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE, Side
from cloudguard.reachability.filters import TCP, UDP, Gates
from cloudguard.reachability.host_classes import HostClass, classify
from cloudguard.reachability.load_balancers import Fronts, addressed
from cloudguard.reachability.origins import Origin, OriginKind
from cloudguard.reachability.senders import Places

Services = tuple[ServiceSet, ServiceSet]
"""What surely gets through, and what possibly does."""


@dataclass(frozen=True, eq=False)
class Way:
    """One way in: what ``origin`` gets through to ``target`` (sender's address and service at the target)."""

    origin: Origin
    target: HostClass | Endpoint
    granted: Bounds
    balancer: Balancer | None = None
    listener: Listener | None = None

    @property
    def own(self) -> AddressSet | None:
        """The addresses that its packets are for when they reach the target's filters; None: not known."""
        if isinstance(self.target, Endpoint):
            return None
        return addressed(self.target, self.balancer)

    @property
    def carried(self) -> tuple[str, ...]:
        """The labels of what they guard, by which rules are about it or not."""
        return () if isinstance(self.target, Endpoint) else self.target.signature.labels

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters of the target itself."""
        return self.target.filters if isinstance(self.target, Endpoint) else self.target.signature.filters


class Reach:
    """Answers, for one snapshot, who reaches what."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.topology = snapshot.topology
        self.cluster = snapshot.cluster
        self.segments = {one.id: one for one in self.topology.segments}
        self.gates = Gates(self.topology)
        self.places = Places(self.topology, self.gates)
        self.classes = classify(self.cluster, self.topology)
        self._ways: dict[HostClass, tuple[Way, ...]] = {}
        self._sending: dict[tuple[object, ...], list[Services]] = {}
        self._known_families: dict[HostClass, AddressSet] = {}
        self._fronts = Fronts(self.topology, self.gates, self.places)

    def ways(self, target: HostClass) -> tuple[Way, ...]:
        """Return every way in to a class from outside the cluster, worked out once; those that let nothing in too."""
        found = self._ways.get(target)
        if found is None:
            found = self._ways[target] = (
                *self._direct(target),
                *self._behind_balancers(target),
                *self._from_inside(target),
                *self._from_groups(target, self.side(target), (target.signature.segment,)),
            )
        return found

    def endpoint_ways(self, endpoint: Endpoint) -> Iterator[Way]:
        """Yield every way in to a managed control plane's endpoint."""
        service = ServiceSet.parse(endpoint.service)
        if endpoint.public:
            clients = self.places.named(endpoint.public_ranges).within(PUBLIC)
            yield Way(self.places.internet, endpoint, clients.only(service))
        if endpoint.private:
            side = self.gates.side(endpoint.filters, Direction.INGRESS)
            for origin in self.places.inside(endpoint.segments):
                granted = side.ranges.within(origin.addresses).only(service)
                yield Way(origin, endpoint, origin.bounded(granted))
            for way in self._from_groups(endpoint, side, endpoint.segments):
                yield Way(way.origin, endpoint, way.granted.only(service))

    def between(self, source: HostClass, target: HostClass) -> Way:
        """Return the way from a class of the cluster's hosts to another (or to its own other hosts)."""
        origin = self.origin_of(source)
        side = self.side(target)
        arriving = side.admits(origin.addresses, origin.labels) & self.gates.crossing(target.signature.segment)
        addresses = target.addresses or self.places.ranges((target.signature.segment,))
        granted = self._sent(arriving, source, addresses, target.signature.labels, self._families(target))
        return Way(origin, target, granted)

    def host_ways(self, source: HostClass, target: HostClass, asked: ServiceSet) -> Iterator[Way]:
        """Yield the ways from a class of the cluster's hosts to another that may lead to the services ``asked``.

        That is the straight one, and each by a balancer in front of one of them.
        """
        yield self.between(source, target)
        origin = self.origin_of(source)
        for balancer, listener, service in self._fronts_of(target):
            if not service & asked:
                continue
            calls = exactly(PacketSet.of([(origin.addresses, ServiceSet.parse(listener.service))]))

            def sent(segment: str, calls: Bounds = calls, labels: tuple[str, ...] = balancer.labels) -> Bounds:
                return self._sent(calls, source, self.places.ranges((segment,)) or EVERYWHERE, labels)

            granted = self._fronts.through((balancer, listener), service, target, origin, sent)
            yield Way(origin, target, granted, balancer, listener)

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
                sent |= Bounds(own.surely.only(surely), own.possibly.only(possibly))
        return sent

    def _leaving(self, source: HostClass, to: AddressSet, labels: tuple[str, ...]) -> list[Services]:
        """Return the services that the source's own filters and border let out to peers at ``to``, by family."""
        signature = source.signature
        key = (signature.filters, signature.labels, signature.segment, source.addresses, to, labels)
        found = self._sending.get(key)
        if found is None:
            own = addressed(source, None)
            side = self.gates.side(signature.filters, Direction.EGRESS, signature.labels, own)
            leaving = side.admits(to, labels) & self.gates.leaving(signature.segment)
            parts = [leaving.within(family) for family in (ALL4, ALL6)]
            found = self._sending[key] = [(one.surely.services(), one.possibly.services()) for one in parts]
        return found

    def from_endpoint(self, endpoint: Endpoint, target: HostClass) -> Way:
        """Return what a managed control plane gets through to a class of hosts."""
        ranges = self.places.ranges(endpoint.segments)
        origin = Origin(OriginKind.HOSTS, "the managed control plane", ranges, endpoint.labels)
        named = self.side(target).by_label(endpoint.labels)
        granted = exactly(PacketSet.of([(ranges, named)]))
        return Way(origin, target, granted & self.gates.crossing(target.signature.segment))

    def origin_of(self, source: HostClass) -> Origin:
        """Return a class of hosts as senders."""
        signature, count = source.signature, len(source.hosts)
        roles = "/".join(signature.roles) or "unknown"
        name = f"{count} {roles} host{'s' if count != 1 else ''}" if count else f"the next {roles} host"
        return Origin(
            OriginKind.HOSTS,
            name,
            source.addresses or self.places.ranges((signature.segment,)),
            signature.labels,
            example=source.hosts[0].id if count else "",
            hosts=source,
        )

    def side(self, target: HostClass) -> Side:
        """Return what a class's own filters let in."""
        signature = target.signature
        return self.gates.side(signature.filters, Direction.INGRESS, signature.labels, addressed(target, None))

    def _direct(self, target: HostClass) -> Iterator[Way]:
        signature = target.signature
        families = AddressSet.nothing()
        if signature.public4:
            families |= ALL4
        if signature.public6:
            families |= ALL6
        if not families:
            return
        clients = self.places.answered(signature.segment).within(families)
        side = self.side(target)
        yield Way(self.places.internet, target, clients & self.gates.border(signature.segment) & side.ranges)

    def exposed(self, target: HostClass) -> bool:
        """Whether the class has a public address and a route that answers the internet."""
        return any(way.origin.kind is OriginKind.INTERNET for way in self._direct(target)) and bool(
            self.places.answered(target.signature.segment).surely,
        )

    def _behind_balancers(self, target: HostClass) -> Iterator[Way]:
        for balancer, listener, service in self._fronts_of(target):
            for origin in self._fronts.origins(balancer):
                granted = self._fronts.through((balancer, listener), service, target, origin)
                yield Way(origin, target, granted, balancer, listener)

    def _fronts_of(self, target: HostClass) -> Iterator[tuple[Balancer, Listener, ServiceSet]]:
        for balancer, listener, service in target.signature.memberships:
            whole = ServiceSet.parse(service)
            for part in filter(None, (whole & TCP, whole & UDP, whole - TCP - UDP)):
                yield *self._fronts.find(balancer, listener), part

    def _families(self, target: HostClass) -> AddressSet:
        """Return the addresses whose family a class has an address of: no other sender can connect straight to it."""
        found = self._known_families.get(target)
        if found is None:
            own = target.addresses or self.places.ranges((target.signature.segment,))
            known = (ALL4 if own & ALL4 else AddressSet.nothing()) | (ALL6 if own & ALL6 else AddressSet.nothing())
            found = self._known_families[target] = known or ALL4 | ALL6
        return found

    def _from_inside(self, target: HostClass) -> Iterator[Way]:
        side = self.side(target)
        crossing = self.gates.crossing(target.signature.segment)
        for origin in self.places.inside((target.signature.segment,)):
            heard = origin.addresses & self._families(target)
            yield Way(origin, target, origin.bounded(side.ranges.within(heard) & crossing))

    def _from_groups(
        self,
        target: HostClass | Endpoint,
        side: Side,
        segments: tuple[str, ...],
    ) -> Iterator[Way]:
        for label in sorted(side.labels):
            origin = self.places.carriers(label)
            if origin is None:
                continue
            granted = side.admits_by(label, origin.addresses)
            if not isinstance(target, Endpoint):
                granted = granted.within(self._families(target)) & self.gates.crossing(segments[0])
            elif len(segments) == 1:
                granted &= self.gates.crossing(segments[0])
            yield Way(origin, target, origin.bounded(granted))
