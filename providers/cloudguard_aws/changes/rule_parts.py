"""The services that one rule can express: a protocol with a range of ports, or an ICMP type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.services import CODES, FAMILIES, OTHER, PORTS, SERVICE_END, ServiceSet
from cloudguard.results.change import PeerOf, RulePeer, RuleTraffic
from cloudguard.values import dataclass

ANY: Final = -1
"""All protocols, all ports, all ICMP types, or all codes of a type."""
LAST_PORT: Final = PORTS - 1
_WITH_PORTS: Final = ("tcp", "udp")
_NUMBERS: Final = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}


@dataclass(frozen=True, slots=True)
class RulePart:
    """The services of one rule. ``first`` and ``last`` are ports, or an ICMP type and code; -1 means all.

    ``protocol`` is "tcp", "udp", "icmp", "icmpv6", a number, or "-1" for all. An ICMP rule covers all types, one type
    with all of its codes, or one code of one type (EC2 API reference, IpPermission).
    """

    protocol: str
    first: int = ANY
    last: int = ANY

    @property
    def services(self) -> ServiceSet:
        """The services that the rule covers."""
        if self.protocol == str(ANY):
            return ServiceSet.everything()
        if self.protocol not in FAMILIES:
            return ServiceSet.parse(f"proto/{self.protocol}")
        numbers = [str(port) for port in (self.first, self.last) if port != ANY]
        if self.protocol in _WITH_PORTS:
            return ServiceSet.parse("/".join([self.protocol, *["-".join(numbers)] * bool(numbers)]))
        return ServiceSet.parse("/".join([self.protocol, *numbers]))

    @property
    def number(self) -> str:
        """The number of the protocol, as a network ACL takes it."""
        return _NUMBERS.get(self.protocol, self.protocol)

    def of_group(self) -> dict[str, Any]:
        """Return the fields of a security group's rule. EC2 ignores ports of a protocol without ports."""
        if self.protocol == str(ANY):
            return {"IpProtocol": self.protocol}
        first, last = (0, LAST_PORT) if self.protocol in _WITH_PORTS and self.first == ANY else (self.first, self.last)
        return {"IpProtocol": self.protocol, "FromPort": first, "ToPort": last}

    def of_acl(self) -> dict[str, Any]:
        """Return the fields of a network ACL entry."""
        if self.protocol in _WITH_PORTS:
            first, last = (0, LAST_PORT) if self.first == ANY else (self.first, self.last)
            return {"Protocol": self.number, "PortRange": {"From": first, "To": last}}
        if self.protocol in FAMILIES:
            return {"Protocol": self.number, "IcmpTypeCode": {"Type": self.first, "Code": self.last}}
        return {"Protocol": self.number}


def parts_of(services: ServiceSet) -> tuple[RulePart, ...]:
    """Return the fewest parts whose union is exactly ``services``."""
    if services == ServiceSet.everything():
        return (RulePart(str(ANY)),)
    return tuple(_parts(services))


def _parts(services: ServiceSet) -> Iterator[RulePart]:
    for name, base in FAMILIES.items():
        family = services & ServiceSet(((base, base + PORTS),))
        if family.size == PORTS:
            yield RulePart(name)
        elif name in _WITH_PORTS:
            yield from (RulePart(name, start - base, end - base - 1) for start, end in family.intervals)
        else:
            for start, end in family.intervals:
                yield from _types(name, start - base, end - base)
    for start, end in (services & ServiceSet(((OTHER, SERVICE_END),))).intervals:
        yield from (RulePart(str(point - OTHER)) for point in range(start, end))


def _types(protocol: str, low: int, high: int) -> Iterator[RulePart]:
    """Yield whole ICMP types if all codes are included, else one part for each code."""
    while low < high:
        kind, code = divmod(low, CODES)
        whole = code == 0 and high - low >= CODES
        yield RulePart(protocol, kind, ANY if whole else code)
        low += CODES if whole else 1


def rules_of(traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
    """Return the fewest rules that allow, or deny, ``traffic``: each has one peer, and the services of one part."""
    peers = [traffic.peer]
    if traffic.peer.kind is PeerOf.RANGE:
        peers = [RulePeer(PeerOf.RANGE, cidr) for cidr in read_addresses(traffic.peer.value).cidrs()]
    return tuple(
        replace(traffic, services=part.services, peer=peer)
        for peer in peers
        for part in parts_of(_possible_services(traffic.services, peer))
    )


def _possible_services(services: ServiceSet, peer: RulePeer) -> ServiceSet:
    """Return ``services`` without the ICMP of the IP version that a range does not have: no such packet exists."""
    if services == ServiceSet.everything() or peer.kind is not PeerOf.RANGE:
        return services
    return services - ServiceSet.parse("icmp" if ":" in peer.value else "icmpv6")
