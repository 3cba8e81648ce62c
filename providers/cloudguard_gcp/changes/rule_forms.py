"""The traffic that one rule of a VPC firewall or of a firewall policy can express.

One rule has any number of protocols, TCP and UDP with ports, and no ICMP types
(https://cloud.google.com/firewall/docs/firewalls#protocols_and_ports). A firewall rule names ranges of one IP version,
and network tags or service accounts (https://cloud.google.com/firewall/docs/firewalls#sources). As groups of machines,
a policy's rule can only name secure tags as peers
(https://cloud.google.com/firewall/docs/firewall-policies-rule-details).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cloudguard.model.filters import Direction
from cloudguard.packet_sets.services import FAMILIES, OTHER, SERVICE_END, ServiceSet
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.rule_parts.parts import of_one_version, ports_of, versions_of
from cloudguard.results.change import PeerOf, RulePeer, RuleTraffic

TAG, ACCOUNT = "tag/", "service-account/"
_WHOLE: Final = {"icmp": "icmp", "icmpv6": "58"}
"""Protocols that a rule can only name as a whole, with their names in rules."""


def rules_of(traffic: RuleTraffic, *, in_policy: bool) -> tuple[RuleTraffic, ...]:
    """Return the fewest rules that together express exactly ``traffic``; none if no rules can, as for an ICMP type."""
    ingress = traffic.direction is Direction.INGRESS
    if protocols(traffic.services) is None or (_is_group(traffic.peer) and (in_policy or not ingress)):
        return ()
    if in_policy or traffic.peer.kind is not PeerOf.RANGE:  # a policy's rule takes ranges of both IP versions
        return (traffic,)
    return tuple(replace(traffic, peer=peer) for peer in of_one_version(traffic.peer))


def expressed(traffic: RuleTraffic, *, in_policy: bool) -> tuple[RuleTraffic, ...]:
    """Return ``rules_of``. Raises NoCallError if no rules can express the traffic."""
    written = rules_of(traffic, in_policy=in_policy)
    if not written:
        message = f"no rules can express {traffic.services} with {traffic.peer.kind} {traffic.peer.value}"
        raise NoCallError(message)
    return written


def protocols(services: ServiceSet) -> Sequence[Mapping[str, Any]] | None:
    """Return services as firewall rules list them, with "IPProtocol" and "ports"; None if this is not possible."""
    if services == ServiceSet.everything():
        return [{"IPProtocol": "all"}]
    listed = list[Mapping[str, Any]]()
    for name in FAMILIES:
        ports = ports_of(services, name)
        if ports == ("*",):
            listed.append({"IPProtocol": _WHOLE.get(name, name)})
        elif ports and name in _WHOLE:
            return None
        elif ports:
            listed.append({"IPProtocol": name, "ports": [*ports]})
    others = services & ServiceSet(((OTHER, SERVICE_END),))
    listed += [{"IPProtocol": str(point - OTHER)} for start, end in others.intervals for point in range(start, end)]
    return listed


def one_rule(peer: RulePeer) -> object:
    """Return a key: one firewall rule can name peers with equal keys. Tags and service accounts can't be combined."""
    if peer.kind is PeerOf.RANGE:
        return versions_of(peer)
    return peer.value.partition("/")[0] if peer.kind is PeerOf.GROUP else peer


def _is_group(peer: RulePeer) -> bool:
    return peer.kind in {PeerOf.GROUP, PeerOf.NEW_GROUP}
