"""Compiled filters: the traffic that each filter allows in and out, as sets with two bounds, and its rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from cloudguard.model.filters import Action, Direction, Filter, Rule
from cloudguard.model.network import Subnet, Topology
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.bounds import EVERYTHING, NOTHING, Bounds, exactly, unknown
from cloudguard.packet_sets.ordered_rules import first_match
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE, AllowedTraffic, CompiledRule, RuleList, chain
from cloudguard.values import cached_method

TCP = ServiceSet.parse("tcp")
UDP = ServiceSet.parse("udp")
NEEDS_NO_REPLY = ServiceSet.everything() - TCP - UDP


class RuleTarget(NamedTuple):
    """The groups of a guarded interface, and its addresses as destination of packets (None: unknown).

    They matter because a rule with target groups or ranges applies only to some interfaces.
    """

    groups: tuple[str, ...] = ()
    addresses: AddressSet | None = None


UNKNOWN_TARGET: Final = RuleTarget()


class Filters:
    """Every filter of a topology, compiled once."""

    def __init__(self, topology: Topology) -> None:
        self.filters: Mapping[str, Filter] = {guard.id: guard for guard in topology.filters}
        self._subnets: Mapping[str, Subnet] = {subnet.id: subnet for subnet in topology.subnets}
        self._lists = {
            address_list.id: AddressSet.union(address_list.ranges)
            for address_list in topology.address_lists
            if address_list.known
        }
        self._in_chain = {guard.id for guard in topology.filters if guard.in_chain}
        self._target_groups = {
            name for guard in topology.filters for rule in guard.rules for name in rule.target_groups
        }
        self._with_target_ranges = {
            guard.id for guard in topology.filters if any(rule.target_ranges for rule in guard.rules)
        }

    def allowed_traffic(
        self, names: tuple[str, ...], direction: Direction, target: RuleTarget = UNKNOWN_TARGET
    ) -> AllowedTraffic:
        """Return the traffic that a set of filters (ids) allows in one direction. Without a filter all is allowed."""
        groups = tuple(group for group in target.groups if group in self._target_groups)
        addresses = None if self._with_target_ranges.isdisjoint(names) else target.addresses
        return self._allowed_traffic(names, direction, RuleTarget(groups, addresses))

    def without(
        self, names: tuple[str, ...], edited: Collection[tuple[str, str]], target: RuleTarget
    ) -> AllowedTraffic:
        """Return the ingress traffic that filters would allow without the ``edited`` rules (filter id, rule id)."""
        rules = self.rules(names, Direction.INGRESS, target)
        kept = [(guard, rule) for guard, rule in rules if (guard.id, rule.id) not in edited]
        if self._in_chain.isdisjoint(names):
            return self.compile(tuple(rule for _, rule in kept), ordered=False)
        return self._chain(names, kept, target.addresses)

    @cached_method
    def _allowed_traffic(self, names: tuple[str, ...], direction: Direction, target: RuleTarget) -> AllowedTraffic:
        if not names:
            return AllowedTraffic(exactly(PacketSet.everything()), {})
        if not self._in_chain.isdisjoint(names):
            return self._chain(names, self.rules(names, direction, target), target.addresses)
        first, *others = (self._of_filter(name, direction) for name in names)
        by_address, by_group = first.by_address, defaultdict(ServiceSet, first.by_group)
        for other in others:
            by_address |= other.by_address
            for group, services in other.by_group.items():
                by_group[group] |= services
        return AllowedTraffic(by_address, by_group)

    def _chain(
        self, names: tuple[str, ...], rules: list[tuple[Filter, Rule]], addresses: AddressSet | None
    ) -> AllowedTraffic:
        """Return the traffic that a chain of filters with these ``rules`` allows."""
        by_name = ((name, [rule for guard, rule in rules if guard.id == name]) for name in names)
        return chain(tuple(self._rule_list(name, listed, addresses) for name, listed in by_name))

    def passed_on(self, name: str, target: RuleTarget) -> AllowedTraffic:
        """Return the ingress traffic that one filter of a chain does not deny: it permits it or passes it on."""
        rules = (rule for _, rule in self.rules((name,), Direction.INGRESS, target))
        last = RuleList((CompiledRule(Action.PERMIT, ServiceSet.everything(), EVERYWHERE),))
        return chain((self._rule_list(name, rules, target.addresses), last))

    def _rule_list(self, name: str, rules: Iterable[Rule], addresses: AddressSet | None) -> RuleList:
        """Return the compiled rules of one filter. A filter that was not read may decide anything."""
        known = self.filters.get(name)
        if known is None:
            return RuleList((CompiledRule(Action.NEXT, ServiceSet.everything(), EVERYWHERE, exact=False),))
        compiled = (self._compiled(rule, addresses) for rule in sorted(rules, key=lambda rule: rule.order))
        return RuleList(tuple(compiled), in_series=known.in_series)

    def _compiled(self, rule: Rule, addresses: AddressSet | None) -> CompiledRule:
        peers, exact = self._matched(rule, addresses), not self.uncertain(rule, addresses)
        return CompiledRule(rule.action, rule.services, peers, rule.peer.group, exact=exact)

    @cached_method
    def _of_filter(self, name: str, direction: Direction) -> AllowedTraffic:
        known = self.filters.get(name)
        if known is None:
            return AllowedTraffic(unknown(PacketSet.everything()), {})
        rules = tuple(rule for rule in known.rules if rule.direction is direction)
        return self.compile(rules, ordered=known.ordered)

    def compile(self, rules: tuple[Rule, ...], *, ordered: bool) -> AllowedTraffic:
        """Return the traffic that ``rules`` of one direction allow. For a chain, see ``allowed_traffic.chain``."""
        if ordered:
            return AllowedTraffic(self._first_match(rules), {})
        by_group = defaultdict[str, ServiceSet](ServiceSet)
        lower: list[tuple[AddressSet, ServiceSet]] = []
        upper: list[tuple[AddressSet, ServiceSet]] = []
        for rule in (rule for rule in rules if rule.action is Action.PERMIT):
            group, exact = rule.peer.group, not self.uncertain(rule, None)
            if group and exact:
                by_group[group] |= rule.services
            else:
                (lower if exact else upper).append((self._peers_or_all(rule), rule.services))
        known = PacketSet.of(lower)
        return AllowedTraffic(Bounds(known, known | PacketSet.of(upper)) if upper else exactly(known), by_group)

    def _first_match(self, rules: tuple[Rule, ...]) -> Bounds:
        """Return the traffic that ordered rules allow.

        An uncertain rule permits only in the upper bound and denies only in the lower bound.
        """
        lower: list[tuple[bool, AddressSet, ServiceSet]] = []
        upper: list[tuple[bool, AddressSet, ServiceSet]] = []
        for rule in sorted(rules, key=lambda rule: rule.order):
            permit = rule.action is Action.PERMIT
            compiled = permit, self._peers_or_all(rule), rule.services
            if not self.uncertain(rule, None) and self.peers(rule) is not None:
                lower.append(compiled)
                upper.append(compiled)
            else:
                (upper if permit else lower).append(compiled)
        if lower == upper:
            return exactly(first_match(lower).permit)
        return Bounds(first_match(lower).permit, first_match(upper).permit)

    def peers(self, rule: Rule) -> AddressSet | None:
        """Return the addresses that a rule names, or None if it names a group or a list that was not read."""
        return self._lists.get(rule.peer.address_list) if rule.peer.address_list else rule.peer.addresses

    def _peers_or_all(self, rule: Rule) -> AddressSet:
        peers = self.peers(rule)
        return EVERYWHERE if peers is None else peers

    def uncertain(self, rule: Rule, addresses: AddressSet | None) -> str:
        """Return why it is uncertain whether a rule matches all packets that it names, or "" if it is certain."""
        if rule.uncertain:
            return rule.uncertain
        if rule.peer.address_list and self.peers(rule) is None:
            return f"the entries of {rule.peer.address_list} could not be read"
        if not rule.target_ranges:
            return ""
        guarded = (EVERYWHERE if addresses is None else addresses) & self._versions(rule, addresses)
        return "" if guarded <= rule.target_ranges else f"it applies only to {', '.join(rule.target_ranges.cidrs())}"

    def _versions(self, rule: Rule, addresses: AddressSet | None) -> AddressSet:
        """Return all addresses of the IP versions in which a rule applies to any of ``addresses``."""
        if not rule.target_ranges:
            return EVERYWHERE
        targets = rule.target_ranges if addresses is None else rule.target_ranges & addresses
        return versions_of(targets & versions_of(self._peers_or_all(rule)))

    def _matched(self, rule: Rule, addresses: AddressSet | None) -> AddressSet:
        """Return the peers' addresses that a rule matches. Members of a group may be at any address."""
        peers = self._peers_or_all(rule)
        return peers & self._versions(rule, addresses) if rule.target_ranges else peers

    def packets(self, rule: Rule, addresses: AddressSet | None) -> Bounds:
        """Return the packets that a rule matches, if its peer is a range. Empty if its peer is a group."""
        return self._packets(rule, addresses if rule.target_ranges else None)

    @cached_method
    def _packets(self, rule: Rule, addresses: AddressSet | None) -> Bounds:
        if rule.peer.group:
            return NOTHING
        named = PacketSet.product(self._matched(rule, addresses), rule.services)
        return unknown(named) if self.uncertain(rule, addresses) else exactly(named)

    def rules(
        self, names: tuple[str, ...], direction: Direction, target: RuleTarget = UNKNOWN_TARGET
    ) -> list[tuple[Filter, Rule]]:
        """Return the rules of filters (ids) that apply, in the filters' order."""
        known, members = (self.filters[name] for name in names if name in self.filters), frozenset(target.groups)
        return [
            (guard, rule)
            for guard in known
            for rule in guard.rules
            if rule.direction is direction and not (rule.target_groups and members.isdisjoint(rule.target_groups))
            if self._versions(rule, target.addresses)
        ]

    def subnet_filters(self, subnet: str) -> Bounds:
        """Return the traffic that a subnet's filters let in and whose replies they let out, by the peer's address."""
        return self._boundary(subnet, Direction.INGRESS)

    def subnet_ingress(self, subnet: str) -> Bounds:
        """Return the traffic that reaches a host of a subnet: ``subnet_filters``, and all traffic inside the subnet.

        The subnet's filters never see traffic inside the subnet.
        """
        return self._with_inside_traffic(subnet, self.subnet_filters(subnet))

    def subnet_egress(self, subnet: str) -> Bounds:
        """Return the traffic that may leave a subnet and whose replies may enter, by the peer's address.

        Traffic inside the subnet is always allowed.
        """
        return self._with_inside_traffic(subnet, self._boundary(subnet, Direction.EGRESS))

    @cached_method
    def _boundary(self, name: str, direction: Direction) -> Bounds:
        subnet = self._subnets.get(name)
        if subnet is None:
            return unknown(PacketSet.everything())
        reverse = Direction.EGRESS if direction is Direction.INGRESS else Direction.INGRESS
        allowed = EVERYTHING
        for guard in subnet.filters:
            allowed &= self.allowed_traffic((guard,), direction).by_address
            known = self.filters.get(guard)
            if known is None or not known.stateful:
                allowed &= replies(self.allowed_traffic((guard,), reverse).by_address)
        return allowed

    def _with_inside_traffic(self, name: str, boundary: Bounds) -> Bounds:
        if boundary is EVERYTHING:
            return boundary
        inside = self._subnets[name].ranges if name in self._subnets else AddressSet.nothing()
        free = exactly(PacketSet.product(inside, ServiceSet.everything()))
        return boundary.within(EVERYWHERE - inside) | free


def versions_of(addresses: AddressSet) -> AddressSet:
    """Return all addresses of the IP versions that ``addresses`` contain."""
    return AddressSet.union(version for version in (ALL4, ALL6) if addresses & version)


def replies(reverse: Bounds) -> Bounds:
    """Return the requests whose replies a stateless filter lets through. ``reverse`` is its reverse direction.

    At least one client port must be allowed in it: a client chooses its own port, so any open port is enough.
    Protocols other than tcp and udp need no reply.
    """
    return Bounds(_replies(reverse.lower), _replies(reverse.upper))


def _replies(reverse: PacketSet) -> PacketSet:
    return PacketSet.of([(reverse.on(TCP), TCP), (reverse.on(UDP), UDP), (EVERYWHERE, NEEDS_NO_REPLY)])
