"""Connections as lines of text ("tcp/22 from 0.0.0.0/0 to node"). They are the width of a finding about connections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from cloudguard.packet_sets.addresses import ALL4, ALL6, PUBLIC, AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet

_LINE: Final = re.compile(r"(\S+) from (\S.*) to (\S+)")
_ANY: Final = "any"
_MOST_LEFT_OUT4, _MOST_LEFT_OUT6 = 2**24, 2**112
"""A set that lacks at most this many public addresses is written as everyone.

The few missing addresses may change from day to day.
"""


@dataclass(slots=True)
class Connections:
    """The senders that reach services, by target (the role of a host, or "endpoint").

    ``packets`` has senders by address. ``named`` has senders whose addresses change, by name ("node hosts").
    """

    packets: dict[str, PacketSet] = field(default_factory=dict[str, PacketSet])
    named: dict[tuple[str, str], ServiceSet] = field(default_factory=dict[tuple[str, str], ServiceSet])
    """The services, by the name of the sender and the target."""

    def add(self, packets: PacketSet, target: str) -> None:
        """Add packets that reach ``target``."""
        self.packets[target] = self.packets.get(target, PacketSet.nothing()) | packets

    def add_named(self, services: ServiceSet, sender: str, target: str) -> None:
        """Add the ``services`` of ``target`` that senders with the name ``sender`` reach."""
        key = (sender, target)
        self.named[key] = self.named.get(key, ServiceSet.nothing()) | services

    def __sub__(self, other: Connections) -> Connections:
        """Return the connections that ``other`` does not contain."""
        connections = Connections()
        for target, packets in self.packets.items():
            connections.add(packets - other.packets.get(target, PacketSet.nothing()), target)
        for (sender, target), services in self.named.items():
            connections.add_named(services - other.named.get((sender, target), ServiceSet.nothing()), sender, target)
        return connections

    def lines(self) -> tuple[str, ...]:
        """Return the connections as lines that ``read`` can read."""
        targets: dict[tuple[str, str], list[str]] = {}
        for target, packets in sorted(self.packets.items()):
            for services, peers in _products(packets):
                targets.setdefault((str(services), ",".join(peers)), []).append(target)
        for (sender, target), services in sorted(self.named.items()):
            if services:
                targets.setdefault((str(services), sender), []).append(target)
        return tuple(f"{services} from {peers} to {','.join(names)}" for (services, peers), names in targets.items())


def is_line(text: str) -> bool:
    """Whether ``text`` is a line about connections."""
    match = _LINE.fullmatch(text)
    return match is not None and _services(match[1]) is not None


def to_any_target(lines: Iterable[str]) -> tuple[str, ...]:
    """Return ``lines`` with the target "any" in lines about connections."""
    return tuple(f"{line.rpartition(' to ')[0]} to {_ANY}" if is_line(line) else line for line in lines)


def read(lines: Iterable[str]) -> Connections:
    """Return the connections that ``lines`` state. ``is_line`` must be true for each line."""
    connections, pairs = Connections(), dict[str, list[tuple[AddressSet, ServiceSet]]]()
    for match in filter(None, map(_LINE.fullmatch, lines)):
        services, addresses = _services(match[1]) or ServiceSet.nothing(), _addresses(match[2])
        for target in match[3].split(","):
            if addresses is None:
                connections.add_named(services, match[2], target)
            else:
                pairs.setdefault(target, []).append((addresses, services))
    for target, listed in pairs.items():
        connections.add(PacketSet.of(listed), target)
    return connections


def _services(text: str) -> ServiceSet | None:
    try:
        return ServiceSet.parse(text)
    except ValueError:
        return None


def _addresses(text: str) -> AddressSet | None:
    """Return the addresses in ``text``, or None if it is a name."""
    try:
        return AddressSet.of(text.split(","))
    except ValueError:
        return None


def _products(packets: PacketSet) -> Iterator[tuple[ServiceSet, tuple[str, ...]]]:
    """Yield sets of services, each with the CIDRs of the addresses from which all of the set is reached."""
    items = [*packets.items()]
    for _, services in items:
        addresses = AddressSet.union(some for some, theirs in items if services <= theirs)
        yield services, _cidrs(addresses)


def _cidrs(addresses: AddressSet) -> tuple[str, ...]:
    left_out = PUBLIC - addresses
    if left_out.size4 <= _MOST_LEFT_OUT4:
        addresses |= ALL4
    if left_out.size6 <= _MOST_LEFT_OUT6:
        addresses |= ALL6
    return addresses.cidrs()
