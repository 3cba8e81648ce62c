"""Least privilege for filters: what to remove or narrow of the rules that exist, and to what.

A rule is edited, never synthesised: services beyond need are cut, group names are kept, and what the cluster's own
hosts get only through an edited rule is given back to them by their group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from cloudguard.model.cluster import Role
from cloudguard.model.network import Filter, PeerKind, Rule
from cloudguard.needs.ports import CARRIED, Ports
from cloudguard.packet_sets.addresses import ALL6, AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import rule_text
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.load_balancers import destination_addresses
from cloudguard.reachability.paths import Reachability
from cloudguard.reachability.senders import at
from cloudguard.results.change import Change, Resource

MOST_ADDRESSES = 8
"""Up to so many hosts without a group of their own are named by address."""
Guarded = tuple[tuple[str, ...], HostClass | None]
"""Filters that apply together, and the class of hosts behind them; None behind a balancer."""
OWN_GROUP = "a group that only these hosts carry"
"""Stands for a group that is still to be made."""


@dataclass(frozen=True, eq=False)
class RuleExcess:
    """A rule to cut: ``services`` are in excess, ``keep`` what its filter must go on letting in (peer, services).

    ``narrow``: all that the rule's own peer needs, where that is known.
    """

    row: str
    filter: Filter
    rule: Rule
    why: str
    keep: tuple[tuple[str, ServiceSet], ...] = ()
    narrow: ServiceSet | None = None
    services: ServiceSet = field(default_factory=ServiceSet.nothing)

    def also(self, services: ServiceSet) -> RuleExcess:
        """Return the edit with more excess."""
        return replace(self, services=self.services | services)


def plan(reach: Reachability, ports: Ports, edits: Iterable[RuleExcess]) -> dict[tuple[str, str], Change]:
    """Return one change a rule, by (filter id, rule id), from every row's edits."""
    by_rule: dict[tuple[str, str], list[RuleExcess]] = {}
    for edit in edits:
        by_rule.setdefault((edit.filter.id, edit.rule.id), []).append(edit)
    planner = _Planner(reach, ports, frozenset(by_rule))
    return {key: planner.change(found) for key, found in sorted(by_rule.items())}


class _Planner:
    """Writes changes that are to be made together: what ``edited`` rules grant, no other change may count on."""

    def __init__(self, reach: Reachability, ports: Ports, edited: frozenset[tuple[str, str]]) -> None:
        self._reach = reach
        self._ports = ports
        self._edited = edited
        self._granted: dict[tuple[object, ...], ServiceSet] = {}
        self._places: dict[HostClass, PacketSet] = {}
        self._guarded: dict[tuple[str, tuple[str, ...], bool], list[Guarded]] = {}

    def change(self, edits: list[RuleExcess]) -> Change:
        """Return the change of one rule."""
        first = edits[0]
        one, rule = first.filter, first.rule
        after = tuple(dict.fromkeys(self._after(edits)))
        note = rule.note or ("" if one.editable else one.note)
        why = f"{first.why} ({note})" if note else first.why
        return Change(
            id=sha256(f"{one.id}\0{rule.id}".encode()).hexdigest()[:12],
            row=first.row,
            kind="rule.narrow" if after else "rule.remove",
            resource=Resource("filter", one.id, one.name),
            before=(rule_text(rule),),
            after=after,
            why=why,
            rule=rule.id,
        )

    def _after(self, edits: list[RuleExcess]) -> Iterator[str]:
        rule = edits[0].rule
        own = ServiceSet.parse(rule.services)
        needed = [edit.narrow for edit in edits if edit.narrow is not None]
        if len(needed) == len(edits):
            if own & needed[0]:
                yield f"{own & needed[0]} from {rule.peer.value}"
            return
        edits = [edit for edit in edits if edit.narrow is None]
        guarded = self._guarded_by(edits[0].filter.id, rule)
        hosts = any(target is not None for _, target in guarded)
        excess = ServiceSet.nothing()
        for edit in edits:
            excess |= edit.services if hosts else own
        rest = own - excess
        if own == ServiceSet.everything():
            rest &= CARRIED  # else a rule for each of the other protocols would have to be written
        if rest:
            yield f"{rest} from {rule.peer.value}"
        for edit in edits:
            for peer, services in edit.keep:
                kept = services & own & excess if hosts else own
                for part in _let_in(self._reach, rule, peer) if kept else ():
                    yield f"{kept} from {part}"
        for peer, services in sorted(self._lost(rule, guarded, own & excess).items()):
            yield f"{services} from {peer}"

    def _lost(self, rule: Rule, guarded: list[Guarded], excess: ServiceSet) -> dict[str, ServiceSet]:
        """Return what the cluster's pods and hosts get through this rule alone, hosts by a group of theirs alone."""
        lost = self._lost_to_pods(rule, guarded, excess)
        for source in self._reach.classes:
            allowed = (
                _allowed(source, guarded, excess, self._ports) if self._names(rule, source) else ServiceSet.nothing()
            )
            for filters, target in guarded if allowed else ():
                missed = allowed - self._granted_else(filters, target, self._place(source), source.key.groups)
                if not missed:
                    continue
                refused = [one for one in self._reach.classes if _allowed(one, guarded, missed, self._ports) != missed]
                for peer in _names(self._reach, source, rule, refused):
                    lost[peer] = lost.get(peer, ServiceSet.nothing()) | missed
        return lost

    def _lost_to_pods(self, rule: Rule, guarded: list[Guarded], excess: ServiceSet) -> dict[str, ServiceSet]:
        """Return what the cluster's pods get through this rule alone, by their ranges: they carry no group."""
        peers = None if rule.peer.kind is PeerKind.GROUP else self._reach.filters.peers(rule)
        pods = AddressSet.of(self._reach.cluster.pod_ranges) & (peers or AddressSet.nothing())
        allowed, missed = _allowed(None, guarded, excess, self._ports), ServiceSet.nothing()
        for filters, target in guarded if pods and allowed else ():
            missed |= allowed - self._granted_else(filters, target, at(pods), ())
        return dict.fromkeys(pods.cidrs(), missed) if missed else {}

    def _names(self, rule: Rule, source: HostClass) -> bool:
        """Whether a rule's peer may be a host of the class."""
        if rule.peer.kind is PeerKind.GROUP:
            return rule.peer.value in source.key.groups
        peers = self._reach.filters.peers(rule)
        return peers is None or bool(self._place(source).within(peers))

    def _place(self, source: HostClass) -> PacketSet:
        """Return every service from the class's addresses."""
        found = self._places.get(source)
        if found is None:
            found = self._places[source] = at(self._reach.sender_of(source).addresses)
        return found

    def _granted_else(
        self, filters: tuple[str, ...], target: HostClass | None, place: PacketSet, labels: tuple[str, ...]
    ) -> ServiceSet:
        """Return what everyone at ``place`` who carries ``labels`` surely gets by the rules that are not edited."""
        carried = target.key.groups if target is not None else ()
        own = destination_addresses(target, None) if target is not None else None
        key = (filters, carried, own, place, labels)
        found = self._granted.get(key)
        if found is None:
            side = self._reach.filters.without(filters, self._edited, carried, own)
            admitted = side.allows(place.addresses(), labels).lower
            found = self._granted[key] = ServiceSet.everything() - (place - admitted).services()
        return found

    def _guarded_by(self, name: str, rule: Rule) -> list[Guarded]:
        """Return what a filter guards: classes of hosts, and balancers that the cluster's hosts reach from inside.

        One that faces the internet by both versions of IP is reached so by version 6: that address is no other inside.
        """
        six = bool((self._reach.filters.peers(rule) or ALL6) & ALL6)
        found = self._guarded.get((name, rule.target_groups, six))
        if found is None:
            classes = [one for one in self._reach.classes if name in one.key.filters and _about(rule, one)]
            fronts = [one for one in self._reach.topology.balancers if name in one.filters]
            found = list[Guarded]((one.key.filters, one) for one in classes)
            found += [(one.filters, None) for one in fronts if not one.internet_facing or (one.dual_stack and six)]
            self._guarded[name, rule.target_groups, six] = found
        return found


def _about(rule: Rule, target: HostClass) -> bool:
    return not rule.target_groups or not set(rule.target_groups).isdisjoint(target.key.groups)


def _let_in(reach: Reachability, rule: Rule, peer: str) -> tuple[str, ...]:
    """Return the part of ``peer`` that a rule lets in today, as peers: a diff opens nothing."""
    known = reach.filters.peers(rule)
    if known is None or "/" not in peer:
        return () if rule.peer.kind is PeerKind.GROUP and peer != rule.peer.value else (peer,)
    return (AddressSet.parse(peer) & known).cidrs()


def _allowed(source: HostClass | None, guarded: list[Guarded], services: ServiceSet, ports: Ports) -> ServiceSet:
    """Return what of ``services`` a class, or the pods, may open on every one of what a filter guards."""
    for _, target in guarded:
        services &= allowed_between(source, target, ports)
    return services


def allowed_between(source: HostClass | None, target: HostClass | None, ports: Ports) -> ServiceSet:
    """Return what a class of the cluster's hosts, None for its pods, may open on another: all but etcd.

    That is the control plane's.
    """
    trusted = source is not None and (source.has(Role.CONTROL_PLANE) or source.has(Role.ETCD))
    if target is not None and target.has(Role.ETCD) and not trusted:
        return CARRIED - ports.etcd - ports.etcd_auxiliary
    return CARRIED


def _names(reach: Reachability, source: HostClass, rule: Rule, refused: list[HostClass]) -> tuple[str, ...]:
    """Return what to name a class by: a group that neither strangers nor ``refused`` carry, else its addresses.

    Of several, one of the kind that the rule's targets are.
    """
    taken = {label for one in refused for label in one.key.groups}
    taken |= {label for stranger in reach.topology.external_members for label in stranger.groups}
    if rule.peer.kind is PeerKind.GROUP:
        taken.add(rule.peer.value)
    kinds = {label.partition("/")[0] for label in rule.target_groups}
    groups = sorted((one for one in source.key.groups if one not in taken), key=lambda one: not _is_of(one, kinds))
    if groups:
        return (groups[0],)
    addresses = source.addresses.cidrs()
    return addresses if 0 < len(addresses) <= MOST_ADDRESSES else (OWN_GROUP,)


def _is_of(label: str, kinds: set[str]) -> bool:
    return label.partition("/")[0] in kinds
