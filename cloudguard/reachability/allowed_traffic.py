"""The traffic that filters allow in one direction, by the peer's address and by its groups, as two bounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cloudguard.model.filters import Action
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly, unknown
from cloudguard.packet_sets.ordered_rules import UNDECIDED, Decided, first_match
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.values import cached_method, dataclass

EVERYWHERE = AddressSet.everything()


@dataclass(frozen=True)
class AllowedTraffic:
    """The traffic that rules allow, if all rules permit.

    ``by_address`` is allowed for any peer. ``by_group`` holds, by group id, the services allowed for its members.
    """

    by_address: Bounds
    by_group: Mapping[str, ServiceSet]

    def of_group(self, groups: Iterable[str]) -> ServiceSet:
        """Return the services open to members of any of ``groups``."""
        return ServiceSet.union(self.by_group.get(group, ServiceSet.nothing()) for group in groups)

    def allows(self, addresses: AddressSet, groups: Iterable[str]) -> Bounds:
        """Return the traffic allowed from peers at ``addresses`` that are members of ``groups``."""
        services = self.of_group(groups)
        admitted = self.by_address.within(addresses)
        return admitted | exactly(PacketSet.product(addresses, services)) if services else admitted

    def allows_group(self, group: str, addresses: AddressSet) -> Bounds:
        """Return the traffic allowed from peers at ``addresses`` as members of ``group``.

        The upper bound also has the traffic for which it is undecided whether it is allowed by address.
        """
        named = exactly(PacketSet.product(addresses, self.of_group((group,))))
        return named | unknown(self.by_address.undecided.within(addresses))


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule that matches peers in ``addresses``, and only members of ``group`` if a group is set.

    ``exact``: False means that the rule may match any subset of these peers, including none.
    """

    action: Action
    services: ServiceSet
    addresses: AddressSet
    group: str = ""
    exact: bool = True


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules of one filter of a chain, in order. ``in_series``: permitted traffic must pass the next filter too."""

    rules: tuple[CompiledRule, ...]
    in_series: bool = False


@dataclass(frozen=True)
class FilterChain(AllowedTraffic):
    """Filters that are evaluated one after another.

    In each filter the first matching rule decides. Traffic that no filter decides is denied.
    """

    rule_lists: tuple[RuleList, ...] = ()

    def allows(self, addresses: AddressSet, groups: Iterable[str]) -> Bounds:
        """Return the traffic allowed from peers at ``addresses`` that are members of ``groups``."""
        named = {rule.group for listed in self.rule_lists for rule in listed.rules}
        return self._by_groups(frozenset(groups) & named).within(addresses)

    def allows_group(self, group: str, addresses: AddressSet) -> Bounds:
        """Return the traffic that peers at ``addresses`` are allowed as members of ``group`` and not by address."""
        with_group, without = self.allows(addresses, (group,)), self.by_address.lower
        return Bounds(with_group.lower - without, with_group.upper - without)

    @cached_method
    def _by_groups(self, groups: frozenset[str]) -> Bounds:
        return decided(self.rule_lists, groups) if groups else self.by_address


def chain(rule_lists: tuple[RuleList, ...]) -> FilterChain:
    """Return the traffic that a chain of filters allows."""
    by_group = defaultdict[str, ServiceSet](ServiceSet)
    for rule in (rule for listed in rule_lists for rule in listed.rules):
        if rule.group and rule.action is Action.PERMIT:
            by_group[rule.group] |= rule.services
    return FilterChain(decided(rule_lists, frozenset()), by_group, rule_lists)


def decided(rule_lists: Iterable[RuleList], groups: frozenset[str]) -> Bounds:
    """Return the traffic that a chain allows for peers that are in ``groups`` and in no other group of its rules."""
    lower = upper = UNDECIDED
    series = False
    for listed in rule_lists:
        series = listed.in_series
        applicable = [rule for rule in listed.rules if not rule.group or rule.group in groups]
        lower = lower.then(_decide([(_action(rule, Action.DENY), rule) for rule in applicable], in_series=series))
        upper = upper.then(_decide([(_action(rule, Action.PERMIT), rule) for rule in applicable], in_series=series))
    if series:
        return Bounds(lower.permit | lower.undecided, upper.permit | upper.undecided)
    return Bounds(lower.permit, upper.permit)


def _action(rule: CompiledRule, assumed: Action) -> Action | None:
    """Return the action of a rule for a bound: the lower if ``assumed`` is DENY, the upper if it is PERMIT.

    An uncertain rule with the opposite action is left out (None). One that passes packets on has the action
    ``assumed``, because it may skip a rule with the opposite action.
    """
    if rule.exact:
        return rule.action
    return assumed if rule.action in {assumed, Action.NEXT} else None


def _decide(rules: Sequence[tuple[Action | None, CompiledRule]], *, in_series: bool) -> Decided:
    """Return the decisions of one filter. Traffic whose first matching rule has the action ``NEXT`` stays undecided.

    ``in_series``: permitted traffic stays undecided too, and all other traffic is denied.
    """
    acting = [(action, rule) for action, rule in rules if action is not None]
    not_denied = [(action is not Action.DENY, rule.addresses, rule.services) for action, rule in acting]
    if in_series:
        return Decided(PacketSet.nothing(), PacketSet.everything() - first_match(not_denied).permit)
    permitted = first_match([(action is Action.PERMIT, rule.addresses, rule.services) for action, rule in acting])
    if all(action is not Action.NEXT for action, _ in acting):
        return permitted
    return Decided(permitted.permit, first_match(not_denied).deny)
