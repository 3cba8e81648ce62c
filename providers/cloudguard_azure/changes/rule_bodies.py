"""Rules of network security groups as the Resource Manager takes them, made from the model's rules for each peer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cloudguard.model.filters import Action, AddressList, Direction
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.rule_parts.parts import Part, united_services, versions_of
from cloudguard.results.change import PeerOf, RulePeer
from cloudguard.values import dataclass
from cloudguard_azure.changes.rule_forms import protocol_and_ports
from cloudguard_azure.network.service_tags import EVERYWHERE, HOST, UNKNOWN_PREFIXES

Body = Mapping[str, Any]
_ACCESS: Final = {Action.PERMIT: "Allow", Action.DENY: "Deny"}
_DIRECTIONS: Final = {Direction.INGRESS: "Inbound", Direction.EGRESS: "Outbound"}
_SIDES: Final = {Direction.INGRESS: ("source", "destination"), Direction.EGRESS: ("destination", "source")}
_GROUPS: Final = frozenset({PeerOf.GROUP, PeerOf.NEW_GROUP})
_NETWORK: Final = "VirtualNetwork"
_NETWORK_OF: Final = "VirtualNetwork of "
_INTERNET: Final = "Internet without "
_BALANCER: Final = "AzureLoadBalancer"


def one_rule(peer: RulePeer) -> object:
    """Return a key: one rule can name peers with equal keys. It names several ranges, or one tag or group."""
    if peer.kind is not PeerOf.RANGE:
        return peer
    return versions_of(peer)


@dataclass(frozen=True, slots=True)
class BodyWriter:
    """Writes rules. ``lists``: the service tags that rules name, by id. ``groups``: the ids of new groups."""

    lists: Mapping[str, AddressList]
    groups: Mapping[RulePeer, str]

    def body(self, parts: Sequence[Part], priority: int) -> Body:
        """Return one rule made of parts. Raises NoCallError if no one rule can express them, or a peer is unknown."""
        if any(part.uncertain not in {"", UNKNOWN_PREFIXES} for part in parts):
            message = "cloudguard does not understand all of the rule and cannot restore it"
            raise NoCallError(message)
        first = parts[0].traffic
        protocol, ports = protocol_and_ports(united_services(parts), first.peer)
        far, near = _SIDES[first.direction]
        about = dict.fromkeys(group for part in parts for group in part.groups)
        own_addresses = EVERYWHERE if about else AddressSet.union(part.targets or EVERYWHERE for part in parts)
        return {
            **({"description": parts[0].description} if parts[0].description else {}),
            "access": _ACCESS[first.action],
            "direction": _DIRECTIONS[first.direction],
            "priority": priority,
            "protocol": protocol,
            "sourcePortRange": "*",
            **_one_or_many("destinationPortRange", ports),
            **self._side_fields(far, parts),
            **(_in_groups(near, about) if about else _one_or_many(f"{near}AddressPrefix", self._own(own_addresses))),
        }

    def _side_fields(self, side: str, parts: Sequence[Part]) -> Body:
        peers = dict.fromkeys(part.traffic.peer for part in _without_network(parts))
        groups = [self._group(peer) for peer in peers if peer.kind in _GROUPS]
        named = [prefix for peer in peers if peer.kind not in _GROUPS for prefix in self._prefixes(peer)]
        named += [_NETWORK] if len(_without_network(parts)) < len(parts) else []
        if groups and named:
            message = "one side of a rule cannot have both prefixes and groups"
            raise NoCallError(message)
        return _in_groups(side, groups) if groups else _one_or_many(f"{side}AddressPrefix", [*dict.fromkeys(named)])

    def _group(self, peer: RulePeer) -> str:
        group = peer.value if peer.kind is PeerOf.GROUP else self.groups.get(peer)
        if group is None:
            message = f"the group of {peer.value} does not exist yet"
            raise NoCallError(message)
        return group

    def _prefixes(self, peer: RulePeer) -> list[str]:
        if peer.kind is PeerOf.RANGE:
            return _cidrs(read_addresses(peer.value))
        if peer.kind is not PeerOf.ADDRESS_LIST:
            message = f"a peer has no value yet: {peer.kind}"
            raise NoCallError(message)
        return self._tag(peer.value)

    def _own(self, own_addresses: AddressSet) -> list[str]:
        networks = (
            address_list
            for name, address_list in self.lists.items()
            if name.startswith(_NETWORK_OF) and address_list.known
        )
        whole_ = any(AddressSet.union(network.ranges) | HOST == own_addresses for network in networks)
        return [_NETWORK] if whole_ else _cidrs(own_addresses)

    def _tag(self, name: str) -> list[str]:
        """Return the words for an address list: its service tag, or a network's ranges without its host's address."""
        if not name.startswith(_NETWORK_OF):
            return ["Internet" if name.startswith(_INTERNET) else name]
        known = self.lists.get(name)
        if known is None or not known.known:
            message = f"the addresses of {name} are not known"
            raise NoCallError(message)
        return [*AddressSet.union(known.ranges).cidrs()]


def _without_network(parts: Sequence[Part]) -> list[Part]:
    """Return parts without those that were read from the tag VirtualNetwork, if all of them are present."""
    read = [part for part in parts if part.id]
    tagged = [part for part in read if part.traffic.peer.value.startswith(_NETWORK_OF)]
    balancer = [part for part in read if part.traffic.peer.value == _BALANCER]
    if not tagged or not balancer:
        return [*parts]
    return [part for part in parts if part not in (*tagged, *balancer) and part.uncertain != UNKNOWN_PREFIXES]


def _cidrs(ranges: AddressSet) -> list[str]:
    return ["*"] if ranges == EVERYWHERE else [*ranges.cidrs()]


def _one_or_many(field: str, values: Sequence[str]) -> Body:
    """Return the singular field for one value, the plural field for several."""
    plural = f"{field}es" if field.endswith("x") else f"{field}s"
    return {field: values[0]} if len(values) == 1 else {plural: [*values]}


def _in_groups(side: str, groups: Iterable[str]) -> Body:
    return {f"{side}ApplicationSecurityGroups": [{"id": group} for group in groups]}
