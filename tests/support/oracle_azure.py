"""A simple model of network security groups, for comparison: packet by packet, from Azure's JSON, in plain Python.

It uses no set operation of ``cloudguard`` and no code of the adapter. An unknown word may have any meaning: a packet
then has several outcomes, one for each meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any, Final

Item = Mapping[str, Any]
PROTOCOLS: Final = {
    "tcp": {"tcp"},
    "udp": {"udp"},
    "icmp": set[str](),
    "esp": set[str](),
    "ah": set[str](),
    "*": {"tcp", "udp"},
}
SOURCE_PORTS: Final = (5, 1500, 60_000)
"""One source port of each range that rules distinguish. A client may choose any port."""
_PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "168.63.129.16")
_DEFAULTS: Final = (
    ("VirtualNetwork", "VirtualNetwork", "Allow", 65_000),
    ("AzureLoadBalancer", "*", "Allow", 65_001),
    ("*", "*", "Deny", 65_500),
)


@dataclass(frozen=True)
class Surroundings:
    """The ranges of VirtualNetwork. ``tags``: name of a known service tag in lower case → its ranges."""

    inside: tuple[str, ...]
    tags: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Packet:
    """A packet from ``source`` to ``destination``, each with its application security groups (ids in lower case)."""

    source: str
    destination: str
    protocol: str
    port: int
    from_groups: frozenset[str] = frozenset()
    to_groups: frozenset[str] = frozenset()


def outcomes(groups: Iterable[Item], packet: Packet, around: Surroundings) -> set[bool]:
    """Return whether a packet passes all security groups, for each possible meaning of the unknown words."""
    listed = [rule for group in groups for rule in _rules(group)]
    unknown = sorted({word for rule in listed for word in _unknown(rule, around)})
    return {
        any(_passes(groups, packet, around, dict(zip(unknown, meant, strict=True)), port) for port in SOURCE_PORTS)
        for meant in product(("yes", "no", "other"), repeat=len(unknown))
    }


def _passes(groups: Iterable[Item], packet: Packet, around: Surroundings, meant: Mapping[str, str], port: int) -> bool:
    return all(_permits(group, packet, around, meant, port) for group in groups)


def _permits(group: Item, packet: Packet, around: Surroundings, meant: Mapping[str, str], port: int) -> bool:
    for rule in sorted(_rules(group), key=lambda item: item["properties"]["priority"]):
        found = rule["properties"]
        if found["direction"].lower() != "inbound" or not _matches(found, packet, around, meant, port):
            continue
        access = found["access"].lower()
        if access in {"allow", "deny"}:
            return bool(access == "allow")
        if meant[access] != "other":
            return meant[access] == "yes"
    return False


def _rules(group: Item) -> Iterator[Item]:
    yield from group["properties"]["securityRules"]
    for source, destination, access, priority in _DEFAULTS:
        ends = {"sourceAddressPrefix": source, "destinationAddressPrefix": destination}
        ports = {"sourcePortRange": "*", "destinationPortRange": "*"}
        known = {"direction": "Inbound", "access": access, "priority": priority, "protocol": "*"}
        yield {"properties": {**ends, **ports, **known}}


def _words(found: Item, key: str, plural: str) -> list[str]:
    return [*([found[key]] if found.get(key) else []), *found.get(plural, [])]


def _unknown(rule: Item, around: Surroundings) -> Iterator[str]:
    found = rule["properties"]
    access, protocol = found["access"].lower(), found["protocol"].lower()
    if access not in {"allow", "deny"}:
        yield access
    if protocol not in PROTOCOLS:
        yield protocol
    for side in ("source", "destination"):
        for word in _words(found, f"{side}AddressPrefix", f"{side}AddressPrefixes"):
            if _is_tag(word) and word.lower() not in {"virtualnetwork", "internet", "azureloadbalancer", *around.tags}:
                yield word.lower()


def _is_tag(word: str) -> bool:
    return word != "*" and word[0].isalpha() and ":" not in word


def _matches(found: Item, packet: Packet, around: Surroundings, meant: Mapping[str, str], port: int) -> bool:
    protocol = found["protocol"].lower()
    if protocol in PROTOCOLS:
        if packet.protocol not in PROTOCOLS[protocol]:
            return False
    elif meant[protocol] != "yes":
        return False
    if not _in_ports(port, _words(found, "sourcePortRange", "sourcePortRanges")):
        return False
    if protocol in PROTOCOLS and not _in_ports(
        packet.port, _words(found, "destinationPortRange", "destinationPortRanges")
    ):
        return False
    ends = (("source", packet.source, packet.from_groups), ("destination", packet.destination, packet.to_groups))
    return all(_is_at(found, side, address, groups, around, meant) for side, address, groups in ends)


def _in_ports(port: int, words: Iterable[str]) -> bool:
    for word in words:
        first, _, last = word.partition("-")
        if word == "*" or int(first) <= port <= int(last or first):
            return True
    return False


def _is_at(
    found: Item, side: str, address: str, groups: frozenset[str], around: Surroundings, meant: Mapping[str, str]
) -> bool:
    named = {item["id"].lower() for item in found.get(f"{side}ApplicationSecurityGroups", [])}
    words = _words(found, f"{side}AddressPrefix", f"{side}AddressPrefixes")
    return bool(named & groups) or any(_names(word, address, around, meant) for word in words)


def _names(word: str, address: str, around: Surroundings, meant: Mapping[str, str]) -> bool:
    name, inside = word.lower(), _within(address, (*around.inside, "168.63.129.16"))
    if name == "*":
        return True
    if name == "virtualnetwork":
        return inside
    if name == "internet":
        return not inside and not _within(address, _PRIVATE)
    if name == "azureloadbalancer":
        return address == "168.63.129.16"
    if name in around.tags:
        return _within(address, around.tags[name])
    return meant[name] == "yes" if _is_tag(word) else _within(address, (word,))


@cache
def _within(address: str, ranges: tuple[str, ...]) -> bool:
    one = ip_address(address)
    return any(one.version == (net := ip_network(text, strict=False)).version and one in net for text in ranges)
