"""Rules as the cloud can hold them: a rule is replaced by a limited number of rules that the provider can hold.

If exactly the needed traffic takes more rules than the limit, fewer and wider rules are used. They stay within the old
rule and cover all needed traffic. The traffic that they allow beyond the need is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from cloudguard.model.filters import Filter
from cloudguard.model.text_forms import read_addresses
from cloudguard.needs.ports import PATH_MTU
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import FAMILIES, PORTS, ServiceSet
from cloudguard.planning.edits.rule_edits import edits_of
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.reachability.narrowing.changes import NOT_EXCESS
from cloudguard.results.change import Change, KeptTraffic, PeerOf, RuleEdit, RulePeer, RuleTraffic
from cloudguard.values import dataclass

MOST_RULES: Final = 4
"""The largest number of rules that may replace one rule. A person cannot review a larger replacement."""
NO_SMALL_SET: Final = (
    "no small set of rules allows less than the present rule and still allows all needed traffic (--cni or "
    "--most-rules {count} may help)"
)
NOT_EXACT: Final = "no rules of this kind express exactly the needed traffic"
CANNOT_NAME: Final = "a rule of this kind cannot name those who need the traffic:"
TOO_MANY: Final = "the needed traffic takes {count} rules, more than {most} (--cni or --most-rules {count} may help)"
_FAMILIES: Final = tuple(ServiceSet.of_intervals(((base, base + PORTS),)) for base in FAMILIES.values())
_ICMP: Final = (ServiceSet.parse("icmp"), ServiceSet.parse("icmpv6"))
_GROUPS: Final = frozenset({PeerOf.GROUP, PeerOf.NEW_GROUP})
_FURTHER: Final = ServiceSet.everything() - ServiceSet.union(_FAMILIES)


_Wanted: TypeAlias = tuple[RuleTraffic, tuple[str, ...]]
"""Needed traffic, and who needs it."""


@dataclass(frozen=True, slots=True)
class RuleWriter:
    """Writes changes as rules that the cloud can hold. At most ``most`` rules replace one rule.

    ``filters``: filter id → filter. ``members``: id of a group, or value of a new group's peer → all addresses that the
    cluster's hosts in the group may have.
    """

    filters: Mapping[str, Filter]
    change_forms: ChangeForms
    members: Mapping[str, AddressSet]
    most: int = MOST_RULES

    def as_rules(self, change: Change) -> Change | None:
        """Return ``change`` in rules that the cloud can hold. None if no such rules exist or they change nothing."""
        guard = self.filters.get(change.resource.id) if isinstance(change.edits[0], RuleEdit) else None
        return change if guard is None else _with_rules(change, _Guarded(guard, self))

    def why_not(self, change: Change) -> str:
        """Return the reason why no rules of the cloud express ``change``, with the traffic that stays allowed."""
        edits = change.rule_edits
        before = next((edit.before for edit in edits if edit.before), None)
        guard = self.filters.get(change.resource.id)
        wanted = [edit.after for edit in edits if edit.after] if guard and before else []
        unnamed = [
            _peer_name(traffic.peer)
            for traffic in wanted
            if guard and before and not self.change_forms.rules(guard, replace(traffic, services=before.services))
        ]
        count = sum(max(1, len(self.change_forms.rules(guard, traffic))) for traffic in wanted) if guard else 0
        why = f"{CANNOT_NAME} {', '.join(dict.fromkeys(unnamed))}" if unnamed else NO_SMALL_SET.format(count=count)
        return f"{why}{f': {before.services} from {_peer_name(before.peer)} stays allowed' if before else ''}"


@dataclass(frozen=True, slots=True)
class _Guarded:
    guard: Filter
    writer: RuleWriter
    count: int = 0
    """The number of rules that allow exactly the needed traffic, of all its peers."""

    @property
    def most(self) -> int:
        return self.writer.most

    @property
    def too_many(self) -> str:
        """The reason why the rules allow more traffic than is needed."""
        return TOO_MANY.format(most=self.most, count=self.count)

    def rules(self, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return the fewest rules that allow exactly ``traffic``. Empty if no rules of the cloud can."""
        return self.writer.change_forms.rules(self.guard, traffic)


@dataclass(frozen=True, slots=True)
class _NeededRules:
    """Rules for needed traffic. ``needs``: who needs it. ``beyond``: traffic that the rules allow beyond the need."""

    needs: tuple[str, ...]
    rules: tuple[RuleTraffic, ...]
    beyond: KeptTraffic | None = None


def _with_rules(change: Change, guarded: _Guarded) -> Change | None:
    edits = change.rule_edits
    before = next((edit.before for edit in edits if edit.before), None)
    chosen = _rules_for(edits, before, guarded)
    if chosen is None or [rule for needed_rules in chosen for rule in needed_rules.rules] == [before]:
        return None
    after = tuple((rule, needed_rules.needs) for needed_rules in chosen for rule in needed_rules.rules)
    rewritten = tuple(edits_of(change.rule, before, after))
    if not rewritten:
        return None
    beyond = tuple(needed_rules.beyond for needed_rules in chosen if needed_rules.beyond is not None)
    return replace(
        change, kind="rule.narrow" if after else "rule.remove", edits=rewritten, left=(*change.left, *beyond)
    )


def _rules_for(edits: Sequence[RuleEdit], before: RuleTraffic | None, guarded: _Guarded) -> list[_NeededRules] | None:
    """Return rules for the needed traffic. None if the cloud can hold no such rules.

    The attempts, in this order, until at most ``guarded.most`` rules remain:
    1. rules for exactly the needed traffic, and then with several ranges in one rule, if the cloud can hold these;
    2. without the rules of groups whose members' addresses are inside the ranges of the other rules;
    3. wider rules for one peer after another, first the peer that saves the most rules, except for traffic that no
       finding is about;
    4. the same without this traffic, from senders that are not the cluster's hosts;
    5. wider rules for this traffic too;
    6. one rule with the peer of the old rule.
    """
    within = before.services if before else ServiceSet.everything()
    wanted = [(edit.after, edit.needs) for edit in edits if edit.after]
    with_lists = _with_lists_of_ranges(wanted, guarded)
    for each in (wanted, with_lists):
        exact = [_NeededRules(needs, guarded.rules(traffic)) for traffic, needs in each]
        guarded = replace(guarded, count=sum(max(1, len(needed_rules.rules)) for needed_rules in exact))
        if all(needed_rules.rules for needed_rules in exact) and guarded.count <= guarded.most:
            return exact
    wanted = with_lists
    ways = [[*_ways(traffic, needs, within, guarded)] for traffic, needs in wanted]
    if not all(ways):
        return None
    strict = [
        way_in[:1] if _is_unneeded(traffic, needs, guarded) else way_in
        for way_in, (traffic, needs) in zip(ways, wanted, strict=True)
    ]
    if sum(len(way_in[0].rules) for way_in in ways) > guarded.most:
        held = [_is_held(traffic, (traffic for traffic, _ in wanted), guarded) for traffic, _ in wanted]
        ways, strict = (
            [way_in for way_in, is_held in zip(each, held, strict=True) if not is_held] for each in (ways, strict)
        )
    few = _fewest(strict, guarded) or _without_others(wanted, within, guarded) or _fewest(ways, guarded)
    return few or _as_one(wanted, before, guarded)


def _with_lists_of_ranges(wanted: Sequence[_Wanted], guarded: _Guarded) -> list[_Wanted]:
    """Return the needed traffic with the ranges for the same services in one peer, if this takes fewer rules."""
    alike = dict[tuple[str, bool], list[_Wanted]]()
    for number, (traffic, needs) in enumerate(wanted):
        kind = str(traffic.services) if traffic.peer.kind is PeerOf.RANGE else f"not a range: {number}"
        alike.setdefault((kind, _is_unneeded(traffic, needs, guarded)), []).append((traffic, needs))
    united = list[_Wanted]()
    for same in alike.values():
        peer = RulePeer(PeerOf.RANGE, ",".join(traffic.peer.value for traffic, _ in same))
        listed = replace(same[0][0], peer=peer) if len(same) > 1 else same[0][0]
        if 0 < len(guarded.rules(listed)) < sum(len(guarded.rules(traffic)) for traffic, _ in same):
            united.append((listed, tuple(dict.fromkeys(need for _, needs in same for need in needs))))
        else:
            united += same
    return united


def _without_others(wanted: Sequence[_Wanted], within: ServiceSet, guarded: _Guarded) -> list[_NeededRules] | None:
    """Return rules without the traffic that no finding is about, from senders that are not the cluster's hosts.

    Other peers name all of the cluster's own hosts among the senders, and keep it. None if they do not.
    """
    others = [traffic for traffic, needs in wanted if _is_unneeded(traffic, needs, guarded)]
    rest, members = ServiceSet.union(traffic.services for traffic in others), guarded.writer.members
    hosts = [traffic.peer for traffic, _ in wanted if traffic.peer.kind in _GROUPS and traffic not in others]
    named = AddressSet.union(members.get(peer.value, AddressSet.nothing()) for peer in hosts)
    if not others or not all(_hosts_of(traffic.peer, members) <= named for traffic in others):
        return None
    kept = list[list[_NeededRules]]()
    for traffic, needs in wanted:
        services = traffic.services | rest if traffic.peer in hosts else traffic.services
        services = services & PATH_MTU if traffic in others else services
        ways = [*_ways(replace(traffic, services=services), needs, within, guarded)] if services else []
        kept += [ways[:1] if traffic in others else ways] if ways else []
    return _fewest(kept, guarded)


def _fewest(ways: list[list[_NeededRules]], guarded: _Guarded) -> list[_NeededRules] | None:
    """Return one way for each peer, the widest ones first for the peers that save the most rules. None: too many."""
    ways = [[*way_in] for way_in in ways]
    while sum(len(way_in[0].rules) for way_in in ways) > guarded.most:
        saved = [len(way_in[0].rules) - len(way_in[1].rules) if len(way_in) > 1 else 0 for way_in in ways]
        if not any(saved):
            return None
        del ways[saved.index(max(saved))][0]
    return [way_in[0] for way_in in ways]


def _is_unneeded(traffic: RuleTraffic, needs: tuple[str, ...], guarded: _Guarded) -> bool:
    """Whether no finding is about the traffic, from a range or from a group with hosts of the cluster."""
    peer = traffic.peer
    known = peer.kind is PeerOf.RANGE or (peer.kind is PeerOf.GROUP and peer.value in guarded.writer.members)
    return needs == (NOT_EXCESS,) and known


def _hosts_of(peer: RulePeer, members: Mapping[str, AddressSet]) -> AddressSet:
    """Return the addresses that the cluster's hosts in a group or range may have."""
    if peer.kind is PeerOf.RANGE:
        return AddressSet.union(members.values()) & AddressSet.of(peer.value.split(","))
    return members[peer.value]


def _ways(
    traffic: RuleTraffic, needs: tuple[str, ...], within: ServiceSet, guarded: _Guarded
) -> Iterator[_NeededRules]:
    """Yield rules for the needed traffic of one peer, each time fewer rules than before.

    First the exact services or, if no rules express these, with all types of an ICMP that has any; then one range of
    ports for each protocol; then all services of the old rule (``within``).
    """
    exact = bool(guarded.rules(traffic))
    typed = ServiceSet.union(
        (traffic.services, *(services for services in _ICMP if traffic.services & services and not exact))
    )
    spans = ServiceSet.union(_span(traffic.services & family) for family in _FAMILIES)
    fewest = None
    for services in (traffic.services, typed & within, (spans | (traffic.services & _FURTHER)) & within, within):
        rules = guarded.rules(replace(traffic, services=services))
        if rules and (fewest is None or len(rules) < fewest):
            fewest = len(rules)
            beyond, why = services - traffic.services, guarded.too_many if exact else NOT_EXACT
            yield _NeededRules(needs, rules, KeptTraffic(traffic.peer, beyond, why) if beyond else None)


def _is_held(traffic: RuleTraffic, others: Iterable[RuleTraffic], guarded: _Guarded) -> bool:
    """Whether the ranges of other rules already allow the same services to the cluster's hosts of a group."""
    members = guarded.writer.members.get(traffic.peer.value) if traffic.peer.kind is PeerOf.GROUP else None
    ranges = (other for other in others if other.peer.kind is PeerOf.RANGE and traffic.services <= other.services)
    return members is not None and members <= AddressSet.union(read_addresses(range_.peer.value) for range_ in ranges)


def _as_one(wanted: Sequence[_Wanted], before: RuleTraffic | None, guarded: _Guarded) -> list[_NeededRules] | None:
    """Return one rule with the old rule's peer that covers all needed traffic. None if it equals the old rule."""
    if before is None:
        return None
    needed = replace(before, services=ServiceSet.union(traffic.services for traffic, _ in wanted))
    needs = tuple(dict.fromkeys(why for _, each in wanted for why in each))
    needed_rules = next(
        (way_in for way_in in _ways(needed, needs, before.services, guarded) if len(way_in.rules) == 1), None
    )
    if needed_rules is None or needed_rules.rules == (before,):
        return None
    named = ", ".join(dict.fromkeys(_peer_name(traffic.peer) for traffic, _ in wanted))
    beyond = KeptTraffic(before.peer, needed_rules.rules[0].services, f"needed only by {named}, but {guarded.too_many}")
    return [replace(needed_rules, beyond=beyond)]


def _peer_name(peer: RulePeer) -> str:
    return peer.value or peer.kind


def _span(services: ServiceSet) -> ServiceSet:
    """Return the range from the first to the last of ``services``, which are of one protocol."""
    if not services:
        return services
    return ServiceSet.of_intervals(((services.intervals[0][0], services.intervals[-1][1]),))
