"""A simple model of a filter, for comparison: one packet, one rule after another, without cloudguard's sets.

A packet is ``(address, protocol, first, second)``: the peer's address as text, the number of the IP protocol, and then
the port and 0, or ICMP's type and code, or 0 and 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

Packet = tuple[str, int, int, int]

Rule = tuple[bool, tuple[str, ...], str]
"""``(permit, CIDRs, services)``, as in a cloud's console."""

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}


def service_matches(services: str, packet: Packet) -> bool:
    """Whether one of the comma-separated terms matches the packet's service."""
    return any(_term_matches(term, packet) for term in services.split(","))


def _term_matches(term: str, packet: Packet) -> bool:
    _, protocol, first, second = packet
    name, *parts = term.split("/")
    if name in {"all", "none"}:
        return name == "all"
    if name == "proto":
        return _in_range(protocol, parts[0])
    if protocol != NUMBERS[name]:
        return False
    return all(_in_range(value, part) for value, part in zip((first, second), parts, strict=False))


def _in_range(value: int, text: str) -> bool:
    ends = text.split("-")
    return int(ends[0]) <= value <= int(ends[-1])


def address_matches(cidrs: Iterable[str], packet: Packet) -> bool:
    """Whether one of ``cidrs`` contains the packet's address. IPv4 and IPv6 never match each other."""
    address = ip_address(packet[0])
    return any(address in ip_network(cidr) for cidr in cidrs)


def rule_matches(rule: Rule, packet: Packet) -> bool:
    """Whether the rule matches the packet."""
    _, cidrs, services = rule
    return address_matches(cidrs, packet) and service_matches(services, packet)


def any_permits(rules: Iterable[Rule], packet: Packet) -> bool:
    """Whether a filter without order, which allows the union of its rules, permits the packet."""
    return any(rule_matches(rule, packet) for rule in rules if rule[0])


def first_match(rules: Sequence[Rule], packet: Packet) -> bool | None:
    """Return whether the first matching rule permits the packet. None if no rule matches."""
    for rule in rules:
        if rule_matches(rule, packet):
            return rule[0]
    return None


def packet_at(address: str, service: int) -> Packet:
    """Return the packet for a point of the documented service axis."""
    if service >= 4 * 65_536:
        return address, service - 4 * 65_536, 0, 0
    family, value = divmod(service, 65_536)
    protocol = (6, 17, 1, 58)[family]
    if protocol in {6, 17}:
        return address, protocol, value, 0
    return address, protocol, value // 256, value % 256
