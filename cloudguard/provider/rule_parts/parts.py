"""Parts of a cloud's rule: one part for each peer of the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from cloudguard.model.filters import Filter, Rule
from cloudguard.model.text_forms import NO_ADDRESSES, read_addresses
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import FAMILIES, PORTS, ServiceSet
from cloudguard.results.change import PeerOf, RulePeer, RuleTraffic
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One peer of a rule, with the guarded targets: ``groups`` or addresses (``targets``); neither means all targets.

    ``id``: the id of the model's rule; "" for an added part. ``order``: the order of the part's rule, or of the rule
    that the part replaces.
    """

    id: str
    traffic: RuleTraffic
    groups: tuple[str, ...] = ()
    targets: AddressSet = NO_ADDRESSES
    description: str = ""
    uncertain: str = ""
    order: int = 0

    @classmethod
    def of(cls, rule: Rule) -> Part:
        """Return a rule of the model as a part of the cloud's rule from which it was read."""
        peer = RulePeer(PeerOf(rule.peer.kind), str(rule.peer))
        traffic = RuleTraffic(rule.direction, rule.services, peer, rule.action)
        return cls(
            rule.id, traffic, rule.target_groups, rule.target_ranges, rule.description, rule.uncertain, rule.order
        )

    def replacement_with(self, traffic: RuleTraffic) -> Part:
        """Return an added part with ``traffic`` that replaces this part."""
        return replace(self, id="", traffic=traffic, uncertain="")


def name_of_rule(id_: str) -> str:
    """Return the name of the cloud's rule from which a rule of the model was read: "ssh" for "ssh#2"."""
    name, mark, number = id_.rpartition("#")
    return name if mark and number.isdecimal() else id_


def parts_of(guard: Filter) -> dict[str, list[Part]]:
    """Return name of a cloud's rule → its parts, for all rules of a filter."""
    parts: dict[str, list[Part]] = {}
    for rule in guard.rules:
        parts.setdefault(name_of_rule(rule.id), []).append(Part.of(rule))
    return parts


def as_rules(parts: Iterable[Part], one_rule: Callable[[RulePeer], object]) -> list[tuple[Part, ...]]:
    """Return the parts grouped into the fewest rules that allow the same traffic; each tuple is one rule.

    ``one_rule`` returns a key of a peer: one rule may name only peers with equal keys. Parts that were read from one
    rule may stay together.
    """
    by_target: dict[tuple[object, ...], list[Part]] = {}
    for part in parts:
        traffic = part.traffic
        together = "" if part.id else one_rule(traffic.peer)
        key = (traffic.direction, traffic.action, traffic.services, together, part.groups, part.targets)
        by_target.setdefault(key, []).append(part)
    by_peers: dict[tuple[object, ...], list[Part]] = {}
    for (direction, action, services, *_, groups, _own), parts_of_target in by_target.items():
        peers = tuple(dict.fromkeys(part.traffic.peer for part in parts_of_target))
        by_peers.setdefault((direction, action, services, peers, bool(groups)), []).extend(parts_of_target)
    return [tuple(parts_of_peer) for parts_of_peer in by_peers.values()]


def united_services(parts: Iterable[Part]) -> ServiceSet:
    """Return the services of all ``parts``."""
    return ServiceSet.of_intervals(span for part in parts for span in part.traffic.services.intervals)


def ports_of(services: ServiceSet, protocol: str) -> tuple[str, ...]:
    """Return the ports of ``protocol`` in ``services`` as texts: "80", "80-90"; only "*" for all ports."""
    base = FAMILIES[protocol]
    of_protocol = services & ServiceSet(((base, base + PORTS),))
    if of_protocol.size == PORTS:
        return ("*",)
    ends = ((start - base, end - base - 1) for start, end in of_protocol.intervals)
    return tuple(str(first) if first == last else f"{first}-{last}" for first, last in ends)


def versions_of(peer: RulePeer) -> tuple[bool, bool]:
    """Return whether a peer of ranges has IPv4 addresses, and whether it has IPv6 addresses."""
    ranges = read_addresses(peer.value)
    return bool(ranges & ALL4), bool(ranges & ALL6)


def of_one_version(peer: RulePeer) -> Iterator[RulePeer]:
    """Yield a peer of ranges as one peer for each IP version."""
    ranges = read_addresses(peer.value)
    for version in (ALL4, ALL6):
        if ranges & version:
            yield RulePeer(PeerOf.RANGE, ",".join((ranges & version).cidrs()))
