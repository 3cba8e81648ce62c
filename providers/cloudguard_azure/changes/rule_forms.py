"""The traffic that one rule of a network security group can express.

One rule has one protocol of Tcp, Udp, Icmp, Esp, Ah and ``*``, and any number of port ranges. Each side has any number
of prefixes of one IP version, or one service tag, or application security groups. No other rule of the same direction
has its priority (https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.rule_parts.parts import of_one_version, ports_of, versions_of
from cloudguard.results.change import PeerOf, RulePeer, RuleTraffic
from cloudguard_azure.network.rules import SUPPORTED_SERVICES
from cloudguard_azure.network.service_tags import EVERYWHERE

FIRST_PRIORITY: Final = 100
LAST_PRIORITY: Final = 4096
MOST_RULES: Final = 1000
"""Most rules of a network security group, without the default rules
(https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits).
"""
_EVERY_PORT: Final = frozenset({("*",), ("1-65535",)})
"""With these ports, ``*`` means every protocol."""
_OTHERS: Final = {"Esp": ServiceSet.parse("proto/50"), "Ah": ServiceSet.parse("proto/51")}
_NO_FAMILY: Final = {4: ServiceSet.parse("icmpv6"), 6: ServiceSet.parse("icmp")}
"""Services that packets of an IP version can't have."""
_ICMP: Final = ServiceSet.parse("icmp,icmpv6")


def rules_of(traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
    """Return the fewest rules that together express exactly ``traffic``; none if no rules can.

    Rules can't express ICMP types, nor other protocols such as number 4.
    """
    written = list[RuleTraffic]()
    for peer in _peers(traffic.peer):
        service_sets = _services(traffic.services, _version(peer))
        if not service_sets:
            return ()
        written += [replace(traffic, services=services, peer=peer) for services in service_sets]
    return tuple(written)


def expressed(traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
    """Return ``rules_of``. Raises NoCallError if no rules can express the traffic."""
    written = rules_of(traffic)
    if not written:
        message = f"no rules of a network security group can express exactly {traffic.services}"
        raise NoCallError(message)
    return written


def protocol_and_ports(services: ServiceSet, peer: RulePeer) -> tuple[str, list[str]]:
    """Return the protocol and ports of services that one rule can express. Raises NoCallError for other services."""
    version = _version(peer)
    if _services(services, version) != (services,):
        message = f"no rule of a network security group can express exactly {services}"
        raise NoCallError(message)
    if SUPPORTED_SERVICES - _impossible(version) <= services:
        return "*", ["*"]
    for name, other in _OTHERS.items():
        if services == other:
            return name, ["*"]
    tcp, udp = ports_of(services, "tcp"), ports_of(services, "udp")
    if not tcp and not udp:
        return "Icmp", ["*"]
    return ("*" if tcp and udp else "Tcp" if tcp else "Udp"), list(tcp or udp)


def _peers(peer: RulePeer) -> tuple[RulePeer, ...]:
    """Return the peers to write rules for: ranges of one IP version each, unless the ranges are all addresses."""
    everyone = peer.kind is not PeerOf.RANGE or read_addresses(peer.value) == EVERYWHERE
    return (peer,) if everyone else tuple(of_one_version(peer))


def _version(peer: RulePeer) -> int:
    """Return the IP version of a peer's packets, 0 for both."""
    has4, has6 = versions_of(peer) if peer.kind is PeerOf.RANGE else (True, True)
    return 0 if has4 == has6 else 4 if has4 else 6


def _impossible(version: int) -> ServiceSet:
    return _NO_FAMILY.get(version, ServiceSet.nothing())


def _services(services: ServiceSet, version: int) -> tuple[ServiceSet, ...]:
    """Return services, one part for each rule; none if rules can't express them."""
    wanted = services - _impossible(version)
    if SUPPORTED_SERVICES - _impossible(version) <= services:
        return (services,)
    icmp, others = _ICMP - _impossible(version), wanted - SUPPORTED_SERVICES
    if others or (wanted & icmp and not icmp <= wanted):
        return ()
    tcp, udp = ports_of(services, "tcp"), ports_of(services, "udp")
    with_ports = ServiceSet.parse("tcp,udp")
    both = wanted & with_ports
    service_sets = (
        [both]
        if tcp == udp and tcp not in _EVERY_PORT
        else [wanted & ServiceSet.parse(name) for name in ("tcp", "udp")]
    )
    service_sets += [services & _ICMP] if wanted & icmp else []
    service_sets += [wanted & other for other in _OTHERS.values()]
    return tuple(services for services in service_sets if services)
