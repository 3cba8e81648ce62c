"""Filters as sets: what each lets in and out, in two bounds, and the rules that say so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from cloudguard.model.filters import Action, Direction, Filter, Rule
from cloudguard.model.network import Subnet, Topology
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.bounds import EVERYTHING, Bounds, exactly, unknown
from cloudguard.packet_sets.ordered_rules import first_match
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE, AllowedTraffic, CompiledRule, RuleList, chain

TCP = ServiceSet.parse("tcp")
UDP = ServiceSet.parse("udp")
_NONE = frozenset[str]()
NEEDS_NO_REPLY = ServiceSet.everything() - TCP - UDP


class Filters:
    """Every filter of a topology, compiled once."""

    def __init__(self, topology: Topology) -> None:
        self.filters: Mapping[str, Filter] = {one.id: one for one in topology.filters}
        self._segments: Mapping[str, Subnet] = {one.id: one for one in topology.subnets}
        self._lists = {one.id: AddressSet.union(one.ranges) for one in topology.address_lists if one.known}
        self._chained = {one.id for one in topology.filters if one.in_chain}
        self._targeted = {label for one in topology.filters for rule in one.rules for label in rule.target_groups}
        self._aimed = {one.id for one in topology.filters if any(rule.target_ranges for rule in one.rules)}
        self._sides: dict[tuple[str, Direction], AllowedTraffic] = {}
        self._together: dict[tuple[tuple[str, ...], Direction, frozenset[str], AddressSet | None], AllowedTraffic] = {}
        self._borders: dict[tuple[str, Direction], Bounds] = {}
        self._packets: dict[tuple[Rule, AddressSet | None], Bounds] = {}

    def allowed_traffic(
        self,
        names: tuple[str, ...],
        direction: Direction,
        carried: Iterable[str] = (),
        own: AddressSet | None = None,
    ) -> AllowedTraffic:
        """Return one direction of filters that apply together; none at all let everything pass.

        ``carried``: the labels of the interface they guard, ``own``: the addresses that packets to (or from) it bear
        (None: not known), by which rules are about it or not.
        """
        labels = frozenset(self._targeted.intersection(carried)) if self._targeted else _NONE
        key = (names, direction, labels, None if self._aimed.isdisjoint(names) else own)
        found = self._together.get(key)
        if found is None:
            found = self._together[key] = self._join(names, direction, *key[2:])
        return found

    def without(
        self,
        names: tuple[str, ...],
        edited: Collection[tuple[str, str]],
        carried: Iterable[str],
        own: AddressSet | None,
    ) -> AllowedTraffic:
        """Return what would get in without ``edited`` rules (filter id, rule id)."""
        rules = self.rules(names, Direction.INGRESS, carried, own)
        kept = [(one, rule) for one, rule in rules if (one.id, rule.id) not in edited]
        if self._chained.isdisjoint(names):
            return self.compile(tuple(rule for _, rule in kept), ordered=False)
        return chain(tuple(self._layer([rule for one, rule in kept if one.id == name], own) for name in names))

    def _join(
        self, names: tuple[str, ...], direction: Direction, carried: frozenset[str], own: AddressSet | None
    ) -> AllowedTraffic:
        if not names:
            return AllowedTraffic(exactly(PacketSet.everything()), {})
        if not self._chained.isdisjoint(names):
            return self._chain(names, direction, carried, own)
        sides = [self._one(name, direction) for name in names]
        ranges, labels = sides[0].by_address, dict(sides[0].by_group)
        for side in sides[1:]:
            ranges |= side.by_address
            for label, services in side.by_group.items():
                labels[label] = labels.get(label, ServiceSet.nothing()) | services
        return AllowedTraffic(ranges, labels)

    def _chain(
        self, names: tuple[str, ...], direction: Direction, carried: frozenset[str], own: AddressSet | None
    ) -> AllowedTraffic:
        """Return filters asked in order; one that is not known may do anything."""
        layers = list[RuleList]()
        for name in names:
            if name not in self.filters:
                layers.append((CompiledRule(Action.NEXT, ServiceSet.everything(), EVERYWHERE, exact=False),))
                continue
            layers.append(self._layer([rule for _, rule in self.rules((name,), direction, carried, own)], own))
        return chain(tuple(layers))

    def _layer(self, rules: Iterable[Rule], own: AddressSet | None) -> RuleList:
        return tuple(self._line(rule, own) for rule in sorted(rules, key=lambda one: one.order))

    def _line(self, rule: Rule, own: AddressSet | None) -> CompiledRule:
        peers, sure = self.peers(rule), not self.uncertain(rule, own)
        whom = EVERYWHERE if peers is None else peers
        if rule.target_ranges:
            whom &= _families(rule.target_ranges)
        return CompiledRule(rule.action, rule.services, whom, rule.peer.group, exact=sure)

    def _one(self, name: str, direction: Direction) -> AllowedTraffic:
        found = self._sides.get((name, direction))
        if found is None:
            known = self.filters.get(name)
            if known is None:
                found = AllowedTraffic(unknown(PacketSet.everything()), {})
            else:
                rules = tuple(rule for rule in known.rules if rule.direction is direction)
                found = self.compile(rules, ordered=known.ordered)
            self._sides[name, direction] = found
        return found

    def compile(self, rules: tuple[Rule, ...], *, ordered: bool) -> AllowedTraffic:
        """Return what ``rules`` of one direction let pass; of a chain, see ``sides.chain``."""
        if ordered:
            return AllowedTraffic(self._ordered(rules), {})
        rules = tuple(rule for rule in rules if rule.action is Action.PERMIT)
        labels: dict[str, ServiceSet] = {}
        surely: list[tuple[AddressSet, ServiceSet]] = []
        possibly: list[tuple[AddressSet, ServiceSet]] = []
        for rule in rules:
            group, services, sure = rule.peer.group, rule.services, not self.uncertain(rule, None)
            if group and sure:
                labels[group] = labels.get(group, ServiceSet.nothing()) | services
                continue
            peers = self.peers(rule)
            (surely if sure else possibly).append((EVERYWHERE if peers is None else peers, services))
        known = PacketSet.of(surely)
        return AllowedTraffic(Bounds(known, known | PacketSet.of(possibly)) if possibly else exactly(known), labels)

    def _ordered(self, rules: tuple[Rule, ...]) -> Bounds:
        """First match wins; a rule in doubt permits only possibly and denies only possibly."""
        lower: list[tuple[bool, AddressSet, ServiceSet]] = []
        upper: list[tuple[bool, AddressSet, ServiceSet]] = []
        for rule in sorted(rules, key=lambda one: one.order):
            permit, services, peers = rule.action is Action.PERMIT, rule.services, self.peers(rule)
            whom = EVERYWHERE if peers is None else peers
            if peers is None or self.uncertain(rule, None):
                (upper if permit else lower).append((permit, whom, services))
            else:
                lower.append((permit, whom, services))
                upper.append((permit, whom, services))
        if lower == upper:
            return exactly(first_match(lower).permit)
        return Bounds(first_match(lower).permit, first_match(upper).permit)

    def peers(self, rule: Rule) -> AddressSet | None:
        """Return the addresses a rule names; None where they are not known (or not addresses at all)."""
        return self._lists.get(rule.peer.address_list) if rule.peer.address_list else rule.peer.addresses

    def uncertain(self, rule: Rule, own: AddressSet | None) -> str:
        """Return why it is not known whether a rule matches what it seems to match; "" where it is."""
        if rule.uncertain:
            return rule.uncertain
        if rule.peer.address_list and self.peers(rule) is None:
            return f"the entries of {rule.peer.address_list} could not be read"
        return f"it is about {', '.join(rule.target_ranges.cidrs())} only" if self._is_about(rule, own) is None else ""

    def _is_about(self, rule: Rule, own: AddressSet | None) -> bool | None:
        """Return whether a rule is about packets to ``own`` addresses: all of them, none, or some (None)."""
        if not rule.target_ranges:
            return True
        aimed, peers = rule.target_ranges, self.peers(rule)
        meant = _families(aimed) & (EVERYWHERE if own is None else own)
        if peers is not None:
            meant &= _families(peers)
        if not meant & aimed:
            return False
        return True if meant <= aimed else None

    def packets(self, rule: Rule, own: AddressSet | None = None) -> Bounds:
        """Return what a rule by ranges matches, by the peer's address; nothing for a rule by group."""
        key = (rule, own if rule.target_ranges else None)
        found = self._packets.get(key)
        if found is None:
            peers, services = self.peers(rule), rule.services
            if rule.peer.group:
                found = exactly(PacketSet.nothing())
            elif peers is None or self.uncertain(rule, own):
                found = unknown(PacketSet.of([(EVERYWHERE if peers is None else peers, services)]))
            else:
                found = exactly(PacketSet.of([(peers, services)]))
            self._packets[key] = found
        return found

    def rules(
        self,
        names: tuple[str, ...],
        direction: Direction,
        carried: Iterable[str] = (),
        own: AddressSet | None = None,
    ) -> list[tuple[Filter, Rule]]:
        """Return the rules of filters that are about what carries these labels and addresses, in the filters' order."""
        known, labels = (self.filters[name] for name in names if name in self.filters), frozenset(carried)
        return [
            (one, rule)
            for one in known
            for rule in one.rules
            if rule.direction is direction and not (rule.target_groups and labels.isdisjoint(rule.target_groups))
            if self._is_about(rule, own) is not False
        ]

    def subnet_filters(self, segment: str) -> Bounds:
        """Return what crosses a segment's border from outside and gets its reply back, by the peer's address."""
        return self._border(segment, Direction.INGRESS)

    def subnet_egress(self, segment: str) -> Bounds:
        """Return what gets out of a segment and its reply back in, by the peer's address; within, all does."""
        return self._but_inside(segment, self._border(segment, Direction.EGRESS))

    def _border(self, name: str, way: Direction) -> Bounds:
        found = self._borders.get((name, way))
        if found is None:
            found = self._borders[name, way] = self._cross(name, way)
        return found

    def _cross(self, name: str, way: Direction) -> Bounds:
        segment = self._segments.get(name)
        if segment is None:
            return unknown(PacketSet.everything())
        crossing = EVERYTHING
        for guard in segment.filters:
            crossing &= self.allowed_traffic((guard,), way).by_address
            known = self.filters.get(guard)
            if known is None or not known.stateful:
                back = Direction.EGRESS if way is Direction.INGRESS else Direction.INGRESS
                crossing &= replies(self.allowed_traffic((guard,), back).by_address)
        return crossing

    def subnet_ingress(self, segment: str) -> Bounds:
        """Return ``border``, but for peers inside the segment itself, whom it never sees."""
        return self._but_inside(segment, self.subnet_filters(segment))

    def _but_inside(self, segment: str, border: Bounds) -> Bounds:
        if border is EVERYTHING:
            return border
        known = self._segments.get(segment)
        inside = known.ranges if known else AddressSet.nothing()
        free = exactly(PacketSet.of([(inside, ServiceSet.everything())]))
        return border.within(EVERYWHERE - inside) | free


def _families(addresses: AddressSet) -> AddressSet:
    """Return all addresses of the versions of IP that ``addresses`` speak of."""
    four, six = (family if addresses & family else AddressSet.nothing() for family in (ALL4, ALL6))
    return four | six


def replies(back: Bounds) -> Bounds:
    """Return which requests get an answer through the way back of a stateless filter: some client's port must be open.

    A client chooses its own port, so any open port is enough. Other protocols than tcp and udp need no reply.
    """
    return Bounds(_replies(back.lower), _replies(back.upper))


def _replies(egress: PacketSet) -> PacketSet:
    return PacketSet.of([(egress.on(TCP), TCP), (egress.on(UDP), UDP), (EVERYWHERE, NEEDS_NO_REPLY)])
