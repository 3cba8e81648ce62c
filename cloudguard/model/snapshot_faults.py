"""Texts in a snapshot that must be addresses or services and aren't: what a file's shape alone doesn't show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cloudguard.model.network import Filter, Interface, PeerKind, Topology
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet


def faults(snapshot: Snapshot) -> Iterator[str]:
    """Yield where an address or a service can't be read, and why."""
    topology = snapshot.topology
    for place, text in _addresses(topology):
        yield from _fault(AddressSet.parse, place, text)
    for host in snapshot.cluster.hosts:
        for place, text in _of_interfaces(host.interfaces):
            yield from _fault(AddressSet.parse, place, text)
    for place, text in _services(topology):
        yield from _fault(ServiceSet.parse, place, text)


def _fault(parse: Callable[[str], object], place: str, text: str) -> Iterator[str]:
    try:
        parse(text)
    except ValueError as error:
        yield f"{place}: {error}"


def _addresses(topology: Topology) -> Iterator[tuple[str, str]]:
    for network in topology.networks:
        yield from _each(f"network {network.id}", network.ranges)
    for segment in topology.subnets:
        yield from _each(f"segment {segment.id}", segment.ranges)
        ways = (route.destination for route in segment.routes if "/" in route.destination)  # else a list's id
        yield from _each(f"a route of segment {segment.id}", ways)
    for one in topology.address_lists:
        yield from _each(f"address list {one.id}", one.ranges)
    for endpoint in topology.endpoints:
        ranges = (text for text in endpoint.public_ranges if "/" in text)  # else a list's id
        yield from _each(f"endpoint {endpoint.id}", ranges)
    yield from _each("outbound addresses", topology.outbound_addresses)
    for held in topology.filters:
        yield from _each(f"filter {held.id}", _peers(held))
    yield from _of_interfaces(topology.external_members)


def _peers(held: Filter) -> Iterator[str]:
    for rule in held.rules:
        yield from (rule.peer.value,) if rule.peer.kind is PeerKind.RANGE else ()
        yield from rule.target_ranges


def _of_interfaces(interfaces: Iterable[Interface]) -> Iterator[tuple[str, str]]:
    for one in interfaces:
        yield from _each(f"interface {one.id}", (*one.addresses, *one.public))


def _services(topology: Topology) -> Iterator[tuple[str, str]]:
    for held in topology.filters:
        yield from _each(f"filter {held.id}", (rule.services for rule in held.rules))
    for balancer in topology.balancers:
        for listener in balancer.listeners:
            targets = (target.service for target in listener.targets)
            yield from _each(f"listener {listener.id}", (listener.service, *targets))
    for endpoint in topology.endpoints:
        yield from _each(f"endpoint {endpoint.id}", (endpoint.service,))


def _each(place: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((place, text) for text in texts)
