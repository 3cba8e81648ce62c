"""Ways in through a load balancer: the listener's filter, then the target's, with the client's address or its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import Balancer, ClientAddress, Listener
from cloudguard.model.network import Topology
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet, union
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE, AllowedTraffic
from cloudguard.reachability.filters import TCP, UDP, Filters
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.origins import Sender, SenderKind
from cloudguard.reachability.senders import Senders, at


class LoadBalancerPaths:
    """Balancers and what gets through them, each front evaluated once."""

    def __init__(self, topology: Topology, gates: Filters, places: Senders) -> None:
        self._gates = gates
        self._places = places
        self._balancers = {one.id: one for one in topology.balancers}
        self._listeners = {(one.id, listener.id): listener for one in topology.balancers for listener in one.listeners}
        self._clients: dict[tuple[str, str, ServiceSet, Sender, str], Bounds] = {}

    def find(self, balancer: str, listener: str) -> tuple[Balancer, Listener]:
        """Return a balancer and its listener by their ids."""
        return self._balancers[balancer], self._listeners[balancer, listener]

    def senders(self, balancer: Balancer) -> Iterator[Sender]:
        """Yield who may be a client of the balancer: one that faces the internet has addresses inside as well."""
        if balancer.internet_facing:
            yield self._places.internet
        yield from self._places.inside(balancer.subnets)
        for label in sorted(self._gates.allowed_traffic(balancer.filters, Direction.INGRESS).by_group):
            carriers = self._places.group_members(label)
            if carriers is not None:
                yield carriers

    def through(
        self,
        front: tuple[Balancer, Listener],
        service: ServiceSet,
        target: HostClass,
        origin: Sender,
        sent: Callable[[str], Bounds] | None = None,
    ) -> Bounds:
        """Return what ``origin`` gets through a listener to ``service`` of a class of hosts.

        ``sent``: what gets out to the listener on the sender's side, by the balancer's segment; None: everything.
        """
        balancer, _ = front
        ways: dict[str, Bounds] = {}
        for segment in balancer.subnets or ("",):
            clients = self._clients_in(front, service, origin, segment)
            if sent is not None:
                out = sent(segment)
                clients &= Bounds(at(out.lower.addresses()), at(out.upper.addresses()))
            ways[segment] = self._from_segment(front, segment, clients.only(service), service, target)
        home = ways.get(target.key.subnet)
        possibly = union(one.upper for one in ways.values())
        if home is not None:
            return Bounds(home.lower, possibly)
        surely = possibly
        for one in ways.values():
            surely &= one.lower
        return Bounds(surely, possibly)

    def _clients_in(
        self, front: tuple[Balancer, Listener], service: ServiceSet, origin: Sender, segment: str
    ) -> Bounds:
        """Return which clients reach the listener in a segment, for ``service``: their packets carry every service."""
        balancer, listener = front
        own = listener.service
        asked = next((own & part for part in (TCP, UDP) if service <= part and own & part), own)
        key = (balancer.id, listener.id, asked, origin, segment)
        found = self._clients.get(key)
        if found is None:
            found = self._clients[key] = origin.bounded(self._reach_listener(balancer, asked, origin, segment))
        return found

    def _reach_listener(self, balancer: Balancer, asked: ServiceSet, origin: Sender, segment: str) -> Bounds:
        if origin.kind is SenderKind.INTERNET:
            arriving = self._places.answered(segment) & self._gates.subnet_filters(segment)
        else:
            arriving = exactly(at(origin.addresses)) & self._gates.subnet_ingress(segment)
        if not balancer.dual_stack:
            arriving = arriving.within(ALL4)
        side = self._gates.allowed_traffic(balancer.filters, Direction.INGRESS)
        passing = (arriving & side.allows(origin.addresses, origin.groups)).only(asked)
        return Bounds(at(passing.lower.on(asked)), at(passing.upper.on(asked)))

    def _from_segment(
        self,
        front: tuple[Balancer, Listener],
        segment: str,
        clients: Bounds,
        service: ServiceSet,
        target: HostClass,
    ) -> Bounds:
        """Return what gets from the balancer's place in a segment to a class of hosts."""
        balancer, listener = front
        targets = target.addresses or self._places.ranges((target.key.subnet,))
        near = segment == target.key.subnet
        clients = _only(clients, *self._leaving(balancer, segment, target, targets, service))
        signature = target.key
        side = self._gates.allowed_traffic(
            signature.filters, Direction.INGRESS, signature.groups, destination_addresses(target, balancer)
        )
        crossing = exactly(PacketSet.everything()) if near else self._gates.subnet_filters(target.key.subnet)
        preserved = clients & self._seen_as_client(side, balancer, crossing)
        replaced = self._seen_as_balancer(clients, side, (segment, balancer.groups), service, crossing)
        if listener.client_address is ClientAddress.REPLACED:
            return replaced
        if listener.client_address is ClientAddress.PRESERVED:
            return _by_family(targets, preserved, replaced)
        return _either(preserved, replaced)

    def _leaving(
        self,
        balancer: Balancer,
        segment: str,
        target: HostClass,
        targets: AddressSet,
        service: ServiceSet,
    ) -> tuple[ServiceSet, ServiceSet]:
        """Return what of ``service`` gets from the balancer to each of its targets, and to any of them."""
        side = self._gates.allowed_traffic(balancer.filters, Direction.EGRESS)
        leaving = side.allows(EVERYWHERE, target.key.groups)
        if segment != target.key.subnet:
            leaving &= self._gates.subnet_egress(segment)
        sure = _everywhere(leaving.lower, targets & ALL4 or targets, service) if targets else ServiceSet.nothing()
        return sure, leaving.upper.within(targets or EVERYWHERE).services() & service

    def _seen_as_client(self, side: AllowedTraffic, balancer: Balancer, crossing: Bounds) -> Bounds:
        return side.allows(EVERYWHERE, balancer.groups) & crossing

    def _seen_as_balancer(
        self,
        clients: Bounds,
        side: AllowedTraffic,
        place: tuple[str, tuple[str, ...]],
        service: ServiceSet,
        crossing: Bounds,
    ) -> Bounds:
        """The target sees one of the balancer's addresses, somewhere in a segment's ranges, and its labels."""
        segment, labels = place
        own = self._places.ranges((segment,))
        own = own & ALL4 or own
        if not own:
            return Bounds(PacketSet.nothing(), clients.upper)
        admitted = side.allows(own, labels) & crossing
        return _only(clients, _everywhere(admitted.lower, own, service), admitted.upper.only(service).services())


def destination_addresses(target: HostClass, balancer: Balancer | None) -> AddressSet | None:
    """Return the addresses that packets to a class of hosts bear, by a balancer or without; None: not known."""
    if balancer is None or not balancer.keeps_destination:
        return target.addresses or None
    return balancer.addresses or None


def _by_family(targets: AddressSet, preserved: Bounds, replaced: Bounds) -> Bounds:
    """Return what gets in where the client's address is preserved: within one family only.

    Targets of both families are sent to by version 4, or by 6 for clients of 6: which, is not told.
    """
    if not targets & ALL4:
        return preserved.within(ALL6) | replaced.within(ALL4)
    six = _either(preserved, replaced) if targets & ALL6 else replaced
    return preserved.within(ALL4) | six.within(ALL6)


def _either(one: Bounds, other: Bounds) -> Bounds:
    return Bounds(one.lower & other.lower, one.upper | other.upper)


def _everywhere(admitted: PacketSet, addresses: AddressSet, service: ServiceSet) -> ServiceSet:
    """Return what of ``service`` is admitted from each one of ``addresses``."""
    return service - (PacketSet.of([(addresses, service)]) - admitted).services()


def _only(clients: Bounds, surely: ServiceSet, possibly: ServiceSet) -> Bounds:
    return Bounds(clients.lower.only(surely), clients.upper.only(possibly))
