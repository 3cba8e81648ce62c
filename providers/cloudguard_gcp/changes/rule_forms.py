"""The traffic that one rule of a VPC firewall or of a firewall policy can express.

One rule has any number of protocols, TCP and UDP with ports, and no ICMP types
(https://cloud.google.com/firewall/docs/firewalls#protocols_and_ports). A firewall rule names ranges of one IP version,
and network tags or service accounts (https://cloud.google.com/firewall/docs/firewalls#sources). As groups of machines,
a policy's rule can only name secure tags as peers
(https://cloud.google.com/firewall/docs/firewall-policies-rule-details).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cloudguard.model.filters import Direction
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import ALL4, ALL6
from cloudguard.packet_sets.services import FAMILIES, OTHER, PORTS, SERVICE_END, ServiceSet
from cloudguard.results.change import PeerOf, RulePeer, RuleTraffic

TAG, ACCOUNT = "tag/", "service-account/"
_WHOLE: Final = {"icmp": "icmp", "icmpv6": "58"}
"""Protocols that a rule can only name as a whole, with their names in rules."""


def rules_of(traffic: RuleTraffic, *, in_policy: bool) -> tuple[RuleTraffic, ...]:
    """Return the fewest rules that together express exactly ``traffic``; none if no rules can, as for an ICMP type."""
    ingress = traffic.direction is Direction.INGRESS
    if protocols(traffic.services) is None or (_is_group(traffic.peer) and (in_policy or not ingress)):
        return ()
    return tuple(replace(traffic, peer=peer) for peer in _peers(traffic.peer, in_policy=in_policy))


def expressed(traffic: RuleTraffic, *, in_policy: bool) -> tuple[RuleTraffic, ...]:
    """Return ``rules_of``. Raises ValueError if no rules can express the traffic."""
    written = rules_of(traffic, in_policy=in_policy)
    if not written:
        message = f"no rules can express {traffic.services} with {traffic.peer.kind} {traffic.peer.value}"
        raise ValueError(message)
    return written


def protocols(services: ServiceSet) -> Sequence[Mapping[str, Any]] | None:
    """Return services as firewall rules list them, with "IPProtocol" and "ports"; None if this is not possible."""
    if services == ServiceSet.everything():
        return [{"IPProtocol": "all"}]
    listed = list[Mapping[str, Any]]()
    for name, base in FAMILIES.items():
        of_protocol = services & ServiceSet(((base, base + PORTS),))
        if of_protocol.size == PORTS:
            listed.append({"IPProtocol": _WHOLE.get(name, name)})
        elif of_protocol and name in _WHOLE:
            return None
        elif of_protocol:
            ends = ((start - base, end - base - 1) for start, end in of_protocol.intervals)
            ports = [str(first) if first == last else f"{first}-{last}" for first, last in ends]
            listed.append({"IPProtocol": name, "ports": ports})
    others = services & ServiceSet(((OTHER, SERVICE_END),))
    listed += [{"IPProtocol": str(point - OTHER)} for start, end in others.intervals for point in range(start, end)]
    return listed


def one_rule(peer: RulePeer) -> object:
    """Return a key: one firewall rule can name peers with equal keys. Tags and service accounts can't be combined."""
    if peer.kind is PeerOf.RANGE:
        ranges = read_addresses(peer.value)
        return (bool(ranges & ALL4), bool(ranges & ALL6))
    return peer.value.partition("/")[0] if peer.kind is PeerOf.GROUP else peer


def _is_group(peer: RulePeer) -> bool:
    return peer.kind in {PeerOf.GROUP, PeerOf.NEW_GROUP}


def _peers(peer: RulePeer, *, in_policy: bool) -> Iterator[RulePeer]:
    """Yield the peers to write rules for: ranges of one IP version each, except in policies, which take both."""
    if peer.kind is not PeerOf.RANGE or in_policy:
        yield peer
        return
    ranges = read_addresses(peer.value)
    for version in (ALL4, ALL6):
        if ranges & version:
            yield RulePeer(PeerOf.RANGE, ",".join((ranges & version).cidrs()))
