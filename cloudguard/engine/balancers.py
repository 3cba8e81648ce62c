"""Ways in through a load balancer: the listener's filter, then the target's, with the client's address or its own."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.engine.classes import HostClass
from cloudguard.engine.gates import EVERYWHERE, Gates, Side
from cloudguard.engine.origins import Origin, OriginKind
from cloudguard.engine.places import Places, at
from cloudguard.model.network import Balancer, ClientAddress, Direction, Listener, Topology
from cloudguard.sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.sets.bounds import Bounds, exactly, unknown
from cloudguard.sets.packets import PacketSet
from cloudguard.sets.services import ServiceSet


class Fronts:
    """Balancers and what gets through them, each front evaluated once."""

    def __init__(self, topology: Topology, gates: Gates, places: Places) -> None:
        self._gates = gates
        self._places = places
        self._balancers = {one.id: one for one in topology.balancers}
        self._listeners = {(one.id, listener.id): listener for one in topology.balancers for listener in one.listeners}
        self._clients: dict[tuple[str, str, str], Bounds] = {}

    def find(self, balancer: str, listener: str) -> tuple[Balancer, Listener]:
        """Return a balancer and its listener by their ids."""
        return self._balancers[balancer], self._listeners[balancer, listener]

    def origins(self, balancer: Balancer) -> Iterator[Origin]:
        """Yield who may be a client of the balancer."""
        if balancer.internet_facing:
            yield self._places.internet
        else:
            yield from self._places.inside(balancer.segments)

    def clients(self, balancer: Balancer, listener: Listener, origin: Origin) -> Bounds:
        """Return which clients reach the listener: those whose packets carry every service here."""
        key = (balancer.id, listener.id, origin.name)
        found = self._clients.get(key)
        if found is None:
            found = self._clients[key] = self._reach_listener(balancer, listener, origin)
        return found

    def _reach_listener(self, balancer: Balancer, listener: Listener, origin: Origin) -> Bounds:
        service = ServiceSet.parse(listener.service)
        arriving = exactly(PacketSet.nothing())
        for segment in balancer.segments:
            if origin.kind is OriginKind.INTERNET:
                arriving |= self._places.answered(segment) & self._gates.border(segment)
            else:
                arriving |= exactly(at(origin.addresses)) & self._gates.crossing(segment)
        if not balancer.segments:
            arriving = unknown(at(origin.addresses))
        if not balancer.dual_stack and origin.kind is OriginKind.INTERNET:
            arriving = arriving.within(ALL4)
        side = self._gates.side(balancer.filters, Direction.INGRESS)
        passing = (arriving & side.ranges).only(service)
        return Bounds(at(passing.surely.on(service)), at(passing.possibly.on(service)))

    def through(
        self,
        balancer: Balancer,
        listener: Listener,
        service: ServiceSet,
        target: HostClass,
        origin: Origin,
    ) -> Bounds:
        """Return what ``origin`` gets through a listener to ``service`` of a class of hosts."""
        clients = self.clients(balancer, listener, origin).only(service)
        leaving = self._gates.side(balancer.filters, Direction.EGRESS)
        targets = target.addresses or self._places.ranges((target.signature.segment,))
        clients = _only(clients, *_services(leaving, targets, target.signature.labels, service))
        side = self._gates.side(target.signature.filters, Direction.INGRESS)
        near = target.signature.segment in balancer.segments
        crossing = at_all() if near else self._gates.border(target.signature.segment)
        preserved = clients & self._seen_as_client(side, balancer, crossing)
        replaced = self._seen_as_balancer(clients, side, balancer, service, crossing)
        if listener.client_address is ClientAddress.REPLACED:
            return replaced
        if listener.client_address is ClientAddress.PRESERVED:
            foreign = ALL4 if not _has4(target) else ALL6 if not target.signature.public6 else AddressSet.nothing()
            return preserved.within(EVERYWHERE - foreign) | replaced.within(foreign)
        return Bounds(preserved.surely & replaced.surely, preserved.possibly | replaced.possibly)

    def _seen_as_client(self, side: Side, balancer: Balancer, crossing: Bounds) -> Bounds:
        named = side.by_label(balancer.labels)
        admitted = side.ranges | exactly(PacketSet.of([(EVERYWHERE, named)]))
        return admitted & crossing

    def _seen_as_balancer(
        self,
        clients: Bounds,
        side: Side,
        balancer: Balancer,
        service: ServiceSet,
        crossing: Bounds,
    ) -> Bounds:
        """The target sees one of the balancer's addresses, somewhere in its segments' ranges."""
        own = self._places.ranges(balancer.segments)
        own = own & ALL4 or own
        if not own:
            return Bounds(PacketSet.nothing(), clients.possibly)
        admitted = side.admits(own, balancer.labels) & crossing
        return _only(clients, _everywhere(admitted.surely, own, service), admitted.possibly.only(service).services())


def at_all() -> Bounds:
    """Every packet."""
    return exactly(PacketSet.everything())


def _has4(target: HostClass) -> bool:
    return bool(target.addresses & ALL4) or not target.addresses


def _everywhere(admitted: PacketSet, addresses: AddressSet, service: ServiceSet) -> ServiceSet:
    """Return what of ``service`` is admitted from each one of ``addresses``."""
    return service - (PacketSet.of([(addresses, service)]) - admitted).services()


def _services(
    leaving: Side,
    targets: AddressSet,
    labels: tuple[str, ...],
    service: ServiceSet,
) -> tuple[ServiceSet, ServiceSet]:
    """Return what of ``service`` a balancer may send to its targets: to each of them, to any of them."""
    named = leaving.by_label(labels) & service
    surely = _everywhere(leaving.ranges.surely, targets, service) if targets else ServiceSet.nothing()
    return surely | named, leaving.ranges.possibly.within(targets or EVERYWHERE).services() & service | named


def _only(clients: Bounds, surely: ServiceSet, possibly: ServiceSet) -> Bounds:
    return Bounds(clients.surely.only(surely), clients.possibly.only(possibly))
