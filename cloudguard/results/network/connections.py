"""Connections as lines of text: "tcp/22 from 0.0.0.0/0 to node"; how wide a finding about them is."""

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
"""All public addresses but so many are written as everyone: which few are left out changes from day to day."""


@dataclass(slots=True)
class Connections:
    """Who reaches which services, by target (the role of a host, or "endpoint").

    ``packets`` by the senders' addresses, ``named`` by a name of theirs where their addresses change ("node hosts").
    """

    packets: dict[str, PacketSet] = field(default_factory=dict[str, PacketSet])
    named: dict[tuple[str, str], ServiceSet] = field(default_factory=dict[tuple[str, str], ServiceSet])
    """By name of the sender and target."""

    def add(self, packets: PacketSet, target: str) -> None:
        """Add what reaches ``target``, by the senders' addresses."""
        self.packets[target] = self.packets.get(target, PacketSet.nothing()) | packets

    def add_named(self, services: ServiceSet, sender: str, target: str) -> None:
        """Add the ``services`` of ``target`` that senders of a name reach."""
        key = (sender, target)
        self.named[key] = self.named.get(key, ServiceSet.nothing()) | services

    def __le__(self, other: Connections) -> bool:
        """Whether ``other`` has all of these."""
        return all(
            packets <= other.packets.get(target, PacketSet.nothing()) for target, packets in self.packets.items()
        ) and all(services <= other.named.get(key, ServiceSet.nothing()) for key, services in self.named.items())

    def lines(self) -> tuple[str, ...]:
        """Return them as text that ``read`` takes back."""
        targets: dict[tuple[str, str], list[str]] = {}
        for target, packets in sorted(self.packets.items()):
            for services, peers in _products(packets):
                targets.setdefault((str(services), ",".join(peers)), []).append(target)
        for (sender, target), services in sorted(self.named.items()):
            targets.setdefault((str(services), sender), []).append(target)
        return tuple(f"{services} from {peers} to {','.join(names)}" for (services, peers), names in targets.items())


def is_line(text: str) -> bool:
    """Whether ``text`` is a line about connections."""
    found = _LINE.fullmatch(text)
    return found is not None and _services(found[1]) is not None


def to_any_target(lines: Iterable[str]) -> tuple[str, ...]:
    """Return ``lines`` with those about connections to a target of any role."""
    return tuple(f"{line.rpartition(' to ')[0]} to {_ANY}" if is_line(line) else line for line in lines)


def read(lines: Iterable[str]) -> Connections:
    """Return what ``lines`` say, each of which ``is_line``."""
    found, pairs = Connections(), dict[str, list[tuple[AddressSet, ServiceSet]]]()
    for match in filter(None, map(_LINE.fullmatch, lines)):
        services, addresses = _services(match[1]) or ServiceSet.nothing(), _addresses(match[2])
        for target in match[3].split(","):
            if addresses is None:
                found.add_named(services, match[2], target)
            else:
                pairs.setdefault(target, []).append((addresses, services))
    for target, listed in pairs.items():
        found.add(PacketSet.of(listed), target)
    return found


def _services(text: str) -> ServiceSet | None:
    try:
        return ServiceSet.parse(text)
    except ValueError:
        return None


def _addresses(text: str) -> AddressSet | None:
    """Return the addresses of ``text``; None where it is a name."""
    try:
        return AddressSet.of(text.split(","))
    except ValueError:
        return None


def _products(packets: PacketSet) -> Iterator[tuple[ServiceSet, tuple[str, ...]]]:
    """Yield sets of services, each with the CIDRs of the addresses from which all of it is reached."""
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
