"""The change of each rule: whether to remove or narrow it, and what remains of it.

Only existing rules are edited. Excess services are removed, and group names are kept. Traffic that the cluster's own
hosts get only by an edited rule stays allowed: the new rule names one of their groups, or a new group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from hashlib import sha256

from cloudguard.model.filters import Filter, Rule
from cloudguard.needs.ports import Ports
from cloudguard.packet_sets.addresses import ALL6, AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import filter_resource, rule_traffic
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.load_balancers import destination_addresses
from cloudguard.reachability.narrowing.kept_by_range import KeptByRange
from cloudguard.reachability.narrowing.peer_names import group_of, let_in, range_peers, senders_text
from cloudguard.reachability.narrowing.unedited_rules import UneditedRules
from cloudguard.reachability.paths import Reachability
from cloudguard.reachability.senders import all_from
from cloudguard.results.change import Change, KeptTraffic, PeerOf, RuleEdit, RuleOp, RulePeer, RuleTraffic
from cloudguard.values import cached_method, dataclass

NOT_EXCESS = "unchanged: no finding is about it"
_Kept = dict[RulePeer, tuple[ServiceSet, list[str]]]
"""The services that a rule is to let in, by peer, each with the reasons why they are needed."""
_Guarded = tuple[tuple[str, ...], HostClass | None]
"""Filters that apply together, and the class of hosts that they guard. None: they guard a balancer."""


@dataclass(frozen=True, eq=False)
class RuleExcess:
    """A rule to narrow: ``services`` are in excess, and its filter must keep allowing ``keep``.

    ``worth_an_edit``: the excess is worth an edit. Other excess is removed only from a rule that is edited anyway.
    """

    row: str
    filter: Filter
    rule: Rule
    keep: tuple[KeptTraffic, ...] = ()
    worth_an_edit: bool = True
    services: ServiceSet = field(default_factory=ServiceSet.nothing)


def plan(reach: Reachability, ports: Ports, excesses: Iterable[RuleExcess]) -> dict[tuple[str, str], Change]:
    """Return one change for each rule, by (filter id, rule id), from the excess of every row.

    A rule of which everything is needed has no change.
    """
    together = defaultdict[tuple[str, str], list[RuleExcess]](list)
    for excess in excesses:
        together[excess.filter.id, excess.rule.id].append(excess)
    by_rule = {key: same for key, same in sorted(together.items()) if any(each.worth_an_edit for each in same)}
    planner = _Planner(reach, ports, frozenset(by_rule))
    kept = {key: planner.kept(same) for key, same in by_rule.items()}
    _drop_repeats(kept, by_rule)
    changes = ((key, _change_of(by_rule[key][0], after)) for key, after in kept.items())
    return {key: change for key, change in changes if change is not None}


def _drop_repeats(
    kept: Mapping[tuple[str, str], _Kept], excesses: Mapping[tuple[str, str], Sequence[RuleExcess]]
) -> None:
    """Remove from ``kept`` what another edited rule of the same filter lets in from the same peer.

    Traffic of a rule's own peer stays with that rule. Rules of ordered filters, of chains and with targets are left
    unchanged, because both rules may be needed.
    """
    written = defaultdict[tuple[str, RulePeer], ServiceSet](ServiceSet)
    for is_own in (True, False):
        for key, after in kept.items():
            filter_, rule = excesses[key][0].filter, excesses[key][0].rule
            if filter_.ordered or filter_.in_chain or rule.target_groups or rule.target_ranges:
                continue
            for peer in [peer for peer in after if (peer == rule_traffic(rule).peer) is is_own]:
                services, needs = after.pop(peer)
                if left := services - written[filter_.id, peer]:
                    after[peer] = left, needs
                written[filter_.id, peer] |= services


def _change_of(excess: RuleExcess, after: _Kept) -> Change | None:
    """Return the change that replaces a rule by ``after``, or None if the rule stays the same."""
    guard, rule, before = excess.filter, excess.rule, rule_traffic(excess.rule)
    if {peer: services for peer, (services, _) in after.items()} == {before.peer: before.services}:
        return None
    return Change(
        id=sha256(f"{guard.id}\0{rule.id}".encode()).hexdigest()[:12],
        row=excess.row,
        kind="rule.narrow" if after else "rule.remove",
        resource=filter_resource(guard),
        edits=tuple(_edits(rule, after)),
        rule=rule.id,
    )


def _edits(rule: Rule, after: _Kept) -> Iterator[RuleEdit]:
    """Yield the edits that replace a rule by ``after``, each with the reasons why it is needed."""
    before = rule_traffic(rule)
    if before.peer not in after:
        yield RuleEdit(RuleOp.REMOVE, rule.id, before, None)
    for peer, (services, needs) in after.items():
        same, traffic = peer == before.peer, RuleTraffic(rule.direction, services, peer)
        op = RuleOp.MODIFY if same else RuleOp.ADD
        yield RuleEdit(op, rule.id, before if same else None, traffic, tuple(dict.fromkeys(needs)))


class _Planner:
    """The writer of changes that are made together. No change relies on the traffic that ``edited`` rules allow."""

    def __init__(self, reach: Reachability, ports: Ports, edited: frozenset[tuple[str, str]]) -> None:
        self._reach = reach
        self._ports = ports
        self._unedited = UneditedRules(reach, edited)
        self._kept_by_range: dict[int, KeptByRange] = {}

    def kept(self, excesses: list[RuleExcess]) -> _Kept:
        """Return the traffic that replaces the traffic of one rule, each peer once."""
        services, needs = defaultdict[RulePeer, ServiceSet](ServiceSet), defaultdict[RulePeer, list[str]](list)
        for kept in self._kept_traffic(excesses):
            services[kept.peer] |= kept.services
            needs[kept.peer].append(kept.why)
        return {peer: (services[peer], needs[peer]) for peer in services}

    def _kept_traffic(self, excesses: list[RuleExcess]) -> Iterator[KeptTraffic]:
        """Yield each part of the traffic that replaces the traffic of one rule, with the reason."""
        rule = excesses[0].rule
        own_services = rule.services
        guarded = self._guarded_by(excesses[0].filter.id, rule)
        hosts = any(target is not None for _, target in guarded)
        excess = ServiceSet.union(each.services if hosts else own_services for each in excesses)
        rest = own_services - excess
        if own_services == ServiceSet.everything():
            rest &= self._ports.between_hosts  # otherwise each of the other protocols would need a rule
        if excess:
            rest -= self._unedited.by_other_rules(excesses[0].filter, rule, rule_traffic(rule).peer)
        if rest:
            yield KeptTraffic(rule_traffic(rule).peer, rest, NOT_EXCESS)
        named = self._reach.filters.peers(rule)
        for keep in (keep for each in excesses for keep in self._by_range(each.keep).within(named)):
            kept = keep.services & own_services & excess if hosts else own_services
            for part in let_in(self._reach, rule, keep.peer) if kept else ():
                missed = kept - self._unedited.by_other_rules(excesses[0].filter, rule, part)
                yield from [KeptTraffic(part, missed, keep.why)] if missed else ()
        services = defaultdict[RulePeer, ServiceSet](ServiceSet)
        senders = defaultdict[RulePeer, list[HostClass | None]](list)
        for peer, lost, sender in self._lost(excesses[0].filter, rule, guarded, own_services & excess):
            services[peer] |= lost
            senders[peer].append(sender)
        for peer in sorted(services, key=lambda peer: (peer.kind is PeerOf.NEW_GROUP, peer.value)):
            yield KeptTraffic(peer, services[peer], f"{senders_text(senders[peer])}, allowed only by this rule")

    def _by_range(self, kept: tuple[KeptTraffic, ...]) -> KeptByRange:
        cached = self._kept_by_range.get(id(kept))
        if cached is None or cached.kept is not kept:
            cached = self._kept_by_range[id(kept)] = KeptByRange(kept)
        return cached

    def _lost(
        self, guard: Filter, rule: Rule, guarded: list[_Guarded], excess: ServiceSet
    ) -> Iterator[tuple[RulePeer, ServiceSet, HostClass | None]]:
        """Yield the services that the cluster's pods (None) or a class of its hosts get only by this rule, with peers.

        The peer of pods, which are in no group, is their range. For hosts it is a group that only they are in, if
        there is one.
        """
        pods = self._reach.cluster.pod_ranges & (self._reach.filters.peers(rule) or AddressSet.nothing())
        missed = self._missed(None, guarded, all_from(pods), excess) if pods else []
        if missed:
            yield from ((peer, ServiceSet.union(missed), None) for peer in range_peers(pods.cidrs()))
        for source in self._reach.classes if excess else ():
            if self._names(rule, source):
                for services in self._missed(source, guarded, self._unedited.sent_by(source), excess):
                    peers = self._naming_peers(guard, rule, source, guarded, services)
                    yield from ((peer, services, source) for peer in peers)

    def _missed(
        self, source: HostClass | None, guarded: list[_Guarded], sent: PacketSet, excess: ServiceSet
    ) -> list[ServiceSet]:
        """Return, for each target, the part of ``excess`` that a class (None: pods) gets only by edited rules."""
        needed, groups = self._usable(source, guarded, excess), source.key.groups if source else ()
        missed = (
            needed - self._unedited.allowed_otherwise(filters, target, sent, groups)
            for filters, target in (guarded if needed else ())
        )
        return [services for services in missed if services]

    def _usable(self, source: HostClass | None, guarded: list[_Guarded], services: ServiceSet) -> ServiceSet:
        """Return the part of ``services`` that a host class (or the pods) may use on every target of a filter."""
        for _, target in guarded:
            roles = source.key.roles if source else (), target.key.roles if target else ()
            services &= self._ports.allowed_between(*roles)
        return services

    def _naming_peers(
        self, guard: Filter, rule: Rule, source: HostClass, guarded: list[_Guarded], services: ServiceSet
    ) -> tuple[RulePeer, ...]:
        """Return the peers that name a host class for ``services``.

        They include no class that may not use the services or is not let in on them today. They are one group. If no
        group fits, they are the addresses of the class's subnet, or the rule's own peer.
        """
        classes = self._reach.classes
        others = [other for other in classes if self._usable(other, guarded, services) != services]
        new_groups = not self._reach.cluster.managed  # the provider may refuse new groups for other hosts
        to = {destination_addresses(each, None) if each is not None and new_groups else None for _, each in guarded}
        others += [
            other for other in classes if other not in others and not self._admits(guard, rule, other, services, to)
        ]
        known = self._reach.filters.peers(rule)
        named = None if source in others else group_of(self._reach, source, rule, others)
        if named is not None:
            return (named,)
        if known is None:
            return (rule_traffic(rule).peer,)
        ranges = (source.addresses | source.subnet_addresses) & known
        return range_peers(ranges.cidrs())

    def _admits(
        self, guard: Filter, rule: Rule, source: HostClass, services: ServiceSet, to: Iterable[AddressSet | None]
    ) -> bool:
        """Whether a rule's filter lets in all hosts of a class on ``services`` today, including its next host.

        ``to``: the addresses of each target (None: unknown).
        """
        if rule.peer.group and rule.peer.group in source.key.groups:
            return True
        return all(
            services <= self._unedited.admitted_to(guard.id, rule.target_groups, source, addresses) for addresses in to
        )

    def _names(self, rule: Rule, source: HostClass) -> bool:
        """Whether a host of the class may be a peer of the rule."""
        if rule.peer.group:
            return rule.peer.group in source.key.groups
        peers = self._reach.filters.peers(rule)
        return peers is None or bool(self._unedited.sent_by(source).within(peers))

    def _guarded_by(self, name: str, rule: Rule) -> list[_Guarded]:
        """Return the targets of a filter: classes of hosts, and balancers that the cluster's hosts reach from inside.

        A dual-stack balancer that faces the internet is one of them for IPv6, because it has the same IPv6 address
        inside the network and outside.
        """
        return self._targets_of(name, rule.target_groups, bool((self._reach.filters.peers(rule) or ALL6) & ALL6))

    @cached_method
    def _targets_of(self, name: str, target_groups: tuple[str, ...], six: bool) -> list[_Guarded]:  # noqa: FBT001
        targets = (each for each in self._reach.classes if name in each.key.filters)
        guarded = list[_Guarded](
            (each.key.filters, each)
            for each in targets
            if not target_groups or not {*target_groups}.isdisjoint(each.key.groups)
        )
        balancers = [each for each in self._reach.topology.balancers if name in each.all_filters]
        inside = [each for each in balancers if not each.internet_facing or (each.dual_stack and six)]
        guarded += [(each.filters if name in each.filters else each.first_filters, None) for each in inside]
        return guarded
