"""The peers of edited rules: groups of the cluster's hosts only, and no peer that the rule does not let in today."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from cloudguard.model.cluster import Role
from cloudguard.model.filters import Rule
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.reachability.explanation import rule_traffic
from cloudguard.reachability.host_classes import HostClass, hosts_text
from cloudguard.reachability.paths import Reachability
from cloudguard.results.change import PeerOf, RulePeer


def senders_text(senders: Iterable[HostClass | None]) -> str:
    """Return classes of hosts and the cluster's pods (None) in words, each host once: "pods and 3 node hosts"."""
    hosts, listed = defaultdict[tuple[Role, ...], set[str]](set), [*senders]
    for sender in filter(None, listed):
        hosts[sender.key.roles].update(host.id for host in sender.hosts)
    counted = (hosts_text(roles, len(ids)) for roles, ids in hosts.items())
    return " and ".join([*(["pods"] if None in listed else []), *counted])


def range_peers(cidrs: Iterable[str]) -> tuple[RulePeer, ...]:
    """Return one peer for each of ``cidrs``."""
    return tuple(RulePeer(PeerOf.RANGE, cidr) for cidr in cidrs)


def let_in(reach: Reachability, rule: Rule, peer: RulePeer) -> tuple[RulePeer, ...]:
    """Return the part of ``peer`` that a rule lets in today, as peers. So a change never opens anything."""
    known = reach.filters.peers(rule)
    if rule.peer.group and peer.kind is PeerOf.RANGE:
        members = (member for member in reach.topology.external_members if rule.peer.group in member.groups)
        known = AddressSet.union(addresses for member in members for addresses in member.addresses)
    if known is None or peer.kind is not PeerOf.RANGE:
        return () if rule.peer.group and peer != rule_traffic(rule).peer else (peer,)
    return range_peers((AddressSet.parse(peer.value) & known).cidrs())


def group_of(reach: Reachability, source: HostClass, rule: Rule, refused: list[HostClass]) -> RulePeer | None:
    """Return a group that names the class ``source`` and contains neither external members nor ``refused`` classes.

    A group whose members were not read may have external members, so it is not used. A rule with target groups names
    groups of the same kind. If several groups fit, the group with the most classes is preferred, so that fewer rules
    are needed. If none fits, the peer is a new group. Addresses are never used, because a host that replaces another
    has another address. None: not even a new group can leave out all refused classes.
    """
    refused_groups = {group for other in refused for group in other.key.groups}
    refused_groups |= {group for external in reach.topology.external_members for group in external.groups}
    known = {group.id for group in reach.topology.groups if group.members_known}
    kinds = {group.partition("/")[0] for group in rule.target_groups}
    free = [group for group in source.key.groups if group in known - refused_groups and group != rule.peer.group]
    free = [group for group in free if not kinds or group.partition("/")[0] in kinds]
    if free:
        numbered = Counter(group for host_class in reach.classes for group in {*host_class.key.groups})
        return RulePeer(PeerOf.GROUP, max(free, key=numbered.__getitem__))
    alike = [other for other in refused if other.key.roles == source.key.roles]
    if any(other.key.subnet == source.key.subnet for other in alike):
        return None
    return new_group(source, in_subnet=bool(alike))


def new_group(source: HostClass, *, in_subnet: bool = False) -> RulePeer:
    """Return the peer for a new group of all hosts with a class's roles. ``in_subnet``: only in the class's subnet."""
    roles = "/".join(source.key.roles) or "unknown"
    return RulePeer(PeerOf.NEW_GROUP, f"{roles} in {source.key.subnet}" if in_subnet else roles)
