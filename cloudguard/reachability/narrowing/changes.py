"""The change of each rule: whether to remove or narrow it, and what remains of it.

Only existing rules are edited. Excess services are removed, and group names are kept. Traffic that the cluster's own
hosts get only by an edited rule stays allowed: the new rule names one of their groups, or a new group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from cloudguard.model.filters import Filter, Rule
from cloudguard.needs.ports import Ports
from cloudguard.packet_sets.addresses import ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.cluster_traffic import Guarded, usable
from cloudguard.reachability.explanation import rule_traffic
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.load_balancers import destination_addresses
from cloudguard.reachability.narrowing.kept_by_range import KeptByRange
from cloudguard.reachability.narrowing.peer_names import group_of, let_in, senders_text
from cloudguard.reachability.narrowing.rule_changes import Kept, change_of
from cloudguard.reachability.narrowing.unedited_rules import UneditedRules
from cloudguard.reachability.paths import Reachability
from cloudguard.reachability.senders import all_from
from cloudguard.results.change import Change, KeptTraffic, PeerOf, RulePeer
from cloudguard.values import cached_method, dataclass

NOT_EXCESS = "unchanged: no finding is about it"


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
    by_rule: dict[tuple[str, str], list[RuleExcess]] = {}
    for excess in excesses:
        by_rule.setdefault((excess.filter.id, excess.rule.id), []).append(excess)
    by_rule = {key: excesses for key, excesses in by_rule.items() if any(each.worth_an_edit for each in excesses)}
    planner = _Planner(reach, ports, frozenset(by_rule))
    kept = {key: planner.kept(excesses) for key, excesses in sorted(by_rule.items())}
    _drop_repeats(kept, {key: excesses[0] for key, excesses in by_rule.items()})
    changes = {
        key: change_of(by_rule[key][0].row, by_rule[key][0].filter, by_rule[key][0].rule, after)
        for key, after in kept.items()
    }
    return {key: change for key, change in changes.items() if change is not None}


def _drop_repeats(kept: dict[tuple[str, str], Kept], excesses: Mapping[tuple[str, str], RuleExcess]) -> None:
    """Remove from ``kept`` what another edited rule of the same filter lets in from the same peer.

    Traffic of a rule's own peer stays with that rule. Rules of ordered filters, of chains and with targets are left
    unchanged, because both rules may be needed.
    """
    written: dict[tuple[str, RulePeer], ServiceSet] = {}
    for is_own in (True, False):
        for key, after in kept.items():
            filter_, rule = excesses[key].filter, excesses[key].rule
            if filter_.ordered or filter_.in_chain or rule.target_groups or rule.target_ranges:
                continue
            peer = rule_traffic(rule).peer
            for (who, services), needs in [*after.items()]:
                if (who == peer) is not is_own:
                    continue
                known = written.get((filter_.id, who), ServiceSet.nothing())
                del after[who, services]
                if left := services - known:
                    after[who, left] = needs
                written[filter_.id, who] = known | services


class _Planner:
    """The writer of changes that are made together. No change relies on the traffic that ``edited`` rules allow."""

    def __init__(self, reach: Reachability, ports: Ports, edited: frozenset[tuple[str, str]]) -> None:
        self._reach = reach
        self._ports = ports
        self._unedited = UneditedRules(reach, edited)
        self._kept_by_range: dict[int, KeptByRange] = {}

    def kept(self, excesses: list[RuleExcess]) -> Kept:
        """Return the traffic that replaces the traffic of one rule, each peer once."""
        services, why = dict[RulePeer, ServiceSet](), dict[RulePeer, list[str]]()
        for kept in self._kept_traffic(excesses):
            services[kept.peer] = services.get(kept.peer, ServiceSet.nothing()) | kept.services
            why.setdefault(kept.peer, []).append(kept.why)
        return {(peer, services[peer]): why[peer] for peer in services}

    def _kept_traffic(self, excesses: list[RuleExcess]) -> Iterator[KeptTraffic]:
        """Yield each part of the traffic that replaces the traffic of one rule, with the reason."""
        rule = excesses[0].rule
        own_services = rule.services
        guarded = self._guarded_by(excesses[0].filter.id, rule)
        hosts = any(target is not None for _, target in guarded)
        excess = ServiceSet.nothing()
        for each in excesses:
            excess |= each.services if hosts else own_services
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
        lost = self._lost_services(excesses[0].filter, rule, guarded, own_services & excess)
        for peer in sorted(lost, key=lambda peer: (peer.kind is PeerOf.NEW_GROUP, peer.value)):
            services, senders = lost[peer]
            yield KeptTraffic(peer, services, f"{senders_text(senders)}, allowed only by this rule")

    def _by_range(self, kept: tuple[KeptTraffic, ...]) -> KeptByRange:
        cached = self._kept_by_range.get(id(kept))
        if cached is None or cached.kept is not kept:
            cached = self._kept_by_range[id(kept)] = KeptByRange(kept)
        return cached

    def _lost_services(
        self, guard: Filter, rule: Rule, guarded: list[Guarded], excess: ServiceSet
    ) -> dict[RulePeer, tuple[ServiceSet, list[HostClass | None]]]:
        """Return the services that the cluster's pods (None) and hosts get only by this rule, by peer.

        The peer of hosts is a group that only they are in, if there is one.
        """
        lost = self._lost_to_pods(rule, guarded, excess)
        for source in self._reach.classes:
            needed = usable(source, guarded, excess, self._ports) if self._names(rule, source) else ServiceSet.nothing()
            for filters, target in guarded if needed else ():
                sent = self._unedited.sent_by(source)
                missed = needed - self._unedited.allowed_otherwise(filters, target, sent, source.key.groups)
                if not missed:
                    continue
                for peer in self._naming_peers(guard, rule, source, guarded, missed):
                    services, senders = lost.get(peer, (ServiceSet.nothing(), []))
                    lost[peer] = services | missed, [*senders, source]
        return lost

    def _naming_peers(
        self, guard: Filter, rule: Rule, source: HostClass, guarded: list[Guarded], services: ServiceSet
    ) -> tuple[RulePeer, ...]:
        """Return the peers that name a host class for ``services``.

        They include no class that may not use the services or is not let in on them today. They are one group. If no
        group fits, they are the addresses of the class's subnet, or the rule's own peer.
        """
        classes = self._reach.classes
        others = [other for other in classes if usable(other, guarded, services, self._ports) != services]
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
        return tuple(RulePeer(PeerOf.RANGE, cidr) for cidr in ranges.cidrs())

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

    def _lost_to_pods(
        self, rule: Rule, guarded: list[Guarded], excess: ServiceSet
    ) -> dict[RulePeer, tuple[ServiceSet, list[HostClass | None]]]:
        """Return the services that pods get only by this rule, by the ranges of pods. Pods are in no group."""
        peers = self._reach.filters.peers(rule)
        pods = self._reach.cluster.pod_ranges & (peers or AddressSet.nothing())
        needed, missed = usable(None, guarded, excess, self._ports), ServiceSet.nothing()
        for filters, target in guarded if pods and needed else ():
            missed |= needed - self._unedited.allowed_otherwise(filters, target, all_from(pods), ())
        return {RulePeer(PeerOf.RANGE, cidr): (missed, [None]) for cidr in pods.cidrs()} if missed else {}

    def _names(self, rule: Rule, source: HostClass) -> bool:
        """Whether a host of the class may be a peer of the rule."""
        if rule.peer.group:
            return rule.peer.group in source.key.groups
        peers = self._reach.filters.peers(rule)
        return peers is None or bool(self._unedited.sent_by(source).within(peers))

    def _guarded_by(self, name: str, rule: Rule) -> list[Guarded]:
        """Return the targets of a filter: classes of hosts, and balancers that the cluster's hosts reach from inside.

        A dual-stack balancer that faces the internet is one of them for IPv6, because it has the same IPv6 address
        inside the network and outside.
        """
        return self._targets_of(name, rule.target_groups, bool((self._reach.filters.peers(rule) or ALL6) & ALL6))

    @cached_method
    def _targets_of(self, name: str, target_groups: tuple[str, ...], six: bool) -> list[Guarded]:  # noqa: FBT001
        targets = (each for each in self._reach.classes if name in each.key.filters)
        guarded = list[Guarded](
            (each.key.filters, each)
            for each in targets
            if not target_groups or not {*target_groups}.isdisjoint(each.key.groups)
        )
        balancers = [each for each in self._reach.topology.balancers if name in each.all_filters]
        inside = [each for each in balancers if not each.internet_facing or (each.dual_stack and six)]
        guarded += [(each.filters if name in each.filters else each.first_filters, None) for each in inside]
        return guarded
