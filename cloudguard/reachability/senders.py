"""Where senders are, seen from a segment: the internet it answers, its own network, what is routed to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cloudguard.model.filters import AddressList
from cloudguard.model.network import Interface, Network, NextHop, Subnet, Topology
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.packet_sets.bounds import Bounds, unknown
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE
from cloudguard.reachability.filters import Filters
from cloudguard.reachability.origins import Sender, SenderKind
from cloudguard.reachability.routes import is_default, routed, unknown_destinations

EVERY_SERVICE = ServiceSet.everything()
_WORDS = {NextHop.PEER: "the peered network", NextHop.HUB: "networks behind the hub", NextHop.VPN: "the private link"}


def at(addresses: AddressSet) -> PacketSet:
    """Every service from ``addresses``."""
    return PacketSet.of([(addresses, EVERY_SERVICE)])


class Senders:
    """The senders that a topology knows, by segment."""

    def __init__(self, topology: Topology, gates: Filters) -> None:
        self._gates = gates
        self._segments: Mapping[str, Subnet] = {one.id: one for one in topology.subnets}
        self._networks: Mapping[str, Network] = {one.id: one for one in topology.networks}
        self._lists: Mapping[str, AddressList] = {one.id: one for one in topology.address_lists}
        self._groups = {one.id: one for one in topology.groups}
        self._strangers: dict[str, list[Interface]] = {}
        for stranger in topology.external_members:
            for label in stranger.groups:
                self._strangers.setdefault(label, []).append(stranger)
        own = AddressSet.union(network.ranges for network in topology.networks)
        self.internet = Sender(SenderKind.INTERNET, "the internet", PUBLIC - own)
        self._inside: dict[tuple[str, ...], tuple[Sender, ...]] = {}
        self._answered: dict[str, Bounds] = {}
        self._carriers: dict[str, Sender | None] = {}

    def ranges(self, segments: Iterable[str]) -> AddressSet:
        """Return the addresses inside ``segments``."""
        return AddressSet.union(self._segments[name].ranges for name in segments if name in self._segments)

    def listed(self, ranges: AddressSet, lists: Iterable[str]) -> Bounds:
        """Return every service from ``ranges`` and from address lists (ids); one that was not read may hold any."""
        named = [self._lists.get(name) for name in lists]
        known = ranges | AddressSet.union(part for one in named if one and one.known for part in one.ranges)
        return Bounds(at(known), at(known if all(one and one.known for one in named) else EVERYWHERE))

    def answered(self, segment: str) -> Bounds:
        """Return the internet's addresses whose requests reach the segment and get their reply by its routes."""
        found = self._answered.get(segment)
        if found is None:
            found = self._answered[segment] = self._answer(self._segments.get(segment))
        return found

    def _answer(self, segment: Subnet | None) -> Bounds:
        if segment is None:
            return unknown(at(self.internet.addresses))
        surely = possibly = AddressSet.nothing()
        for (hop, _), addresses in routed(segment, self._lists).items():
            if hop is NextHop.INTERNET and not segment.inspected:
                surely |= addresses
            elif hop in {NextHop.INTERNET, NextHop.APPLIANCE, NextHop.UNKNOWN}:
                possibly |= addresses
        for route in unknown_destinations(segment, self._lists):
            if route.hop in {NextHop.INTERNET, NextHop.APPLIANCE, NextHop.UNKNOWN}:
                possibly = EVERYWHERE
            if route.hop is not NextHop.INTERNET:
                possibly, surely = possibly | surely, AddressSet.nothing()
        public = self.internet.addresses
        return Bounds(at(surely & public), at((surely | possibly) & public))

    def inside(self, segments: tuple[str, ...]) -> tuple[Sender, ...]:
        """Return the senders inside the segments' networks and those routed to them, unlabelled."""
        found = self._inside.get(segments)
        if found is None:
            found = self._inside[segments] = tuple(self._find_inside(segments))
        return found

    def _find_inside(self, segments: tuple[str, ...]) -> Iterable[Sender]:
        known = [self._segments[name] for name in segments if name in self._segments]
        around = {segment.network for segment in known} or set(self._networks) or {"the network"}
        own = AddressSet.nothing()
        for name in sorted(around):
            network = self._networks.get(name)
            if network is None:
                who = f"anyone inside {name}, whose ranges could not be read"
                yield Sender(SenderKind.NETWORK, who, EVERYWHERE - PUBLIC, exact=False)
                continue
            ranges = network.ranges
            own |= ranges
            yield Sender(SenderKind.NETWORK, f"anyone inside {network.name or network.id} ({ranges})", ranges)
        yield from self._routed_in(known, own)
        lost = ", ".join(name for name in segments if name and name not in self._segments)
        if lost:
            who = f"whoever is routed to {lost}, whose routes could not be read"
            yield Sender(SenderKind.ROUTED, who, EVERYWHERE - PUBLIC - own, exact=False)

    def _routed_in(self, known: list[Subnet], own: AddressSet) -> Iterable[Sender]:
        """Yield those whom the segments' routes lead to, beyond the networks' ``own`` addresses."""
        behind: dict[tuple[NextHop, str], AddressSet] = {}
        for segment in known:
            for key, addresses in routed(segment, self._lists).items():
                behind[key] = behind.get(key, AddressSet.nothing()) | addresses
        for (hop, target), addresses in sorted(behind.items(), key=lambda item: item[0]):
            if hop not in _WORDS:
                continue
            senders = (addresses - PUBLIC if is_default(addresses) else addresses) - own
            if senders:
                yield Sender(SenderKind.ROUTED, f"{_WORDS[hop]} {target}", senders)
        doubtful = {(r.hop, r.target, r.address_list) for one in known for r in unknown_destinations(one, self._lists)}
        for hop, target, listed in sorted(doubtful):
            if hop in _WORDS:
                who = f"{_WORDS[hop]} {target}, routed to by {listed}, whose entries could not be read"
                yield Sender(SenderKind.ROUTED, who, EVERYWHERE - PUBLIC - own, exact=False)

    def group_members(self, label: str) -> Sender | None:
        """Return those outside the cluster who carry a group; None when nobody does."""
        if label not in self._carriers:
            self._carriers[label] = self._find_carriers(label)
        return self._carriers[label]

    def _find_carriers(self, label: str) -> Sender | None:
        group, strangers = self._groups.get(label), self._strangers.get(label, [])
        name = f"{label} ({group.name})" if group and group.name else label
        if strangers:
            many = len(strangers) != 1
            who = f"{len(strangers)} interfaces" if many else "an interface"
            who += f" outside the cluster that {'carry' if many else 'carries'} {name}"
            addresses = AddressSet.union(part for one in strangers for part in one.addresses)
            example = strangers[0].owner or strangers[0].id
            return Sender(SenderKind.GROUP, who, addresses, (label,), example, external_members=tuple(strangers))
        if group is not None and not group.members_known:
            whose = f" of {group.owner}" if group.owner else ""
            return Sender(
                SenderKind.GROUP,
                f"whoever carries {name}{whose}, which can't be listed from here",
                EVERYWHERE - PUBLIC,
                (label,),
                label,
                exact=bool(group.owner),
            )
        return None
