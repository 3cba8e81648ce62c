"""The traffic that filters allow without the rules that are edited."""

from __future__ import annotations

from cloudguard.model.filters import Direction, Filter, Rule
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import AllowedTraffic
from cloudguard.reachability.filters import RuleTarget
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.load_balancers import rule_target
from cloudguard.reachability.paths import Reachability
from cloudguard.reachability.senders import all_from
from cloudguard.results.change import PeerOf, RulePeer
from cloudguard.values import cached_method


class UneditedRules:
    """What the filters of a topology allow today, and what they would allow without the rules in ``edited``.

    ``edited`` are pairs of a filter's id and a rule's id.
    """

    def __init__(self, reach: Reachability, edited: frozenset[tuple[str, str]]) -> None:
        self._filters = reach.filters
        self._edited = edited

    def by_other_rules(self, filter_: Filter, rule: Rule, peer: RulePeer) -> ServiceSet:
        """Return the services that the unedited rules of the same filter allow for a peer."""
        if peer.kind not in {PeerOf.GROUP, PeerOf.RANGE}:
            return ServiceSet.nothing()
        group = peer.kind is PeerOf.GROUP
        sent = all_from(AddressSet.everything() if group else read_addresses(peer.value))
        return self.allowed_otherwise((filter_.id,), None, sent, (peer.value,) if group else (), rule.target_groups)

    @cached_method
    def admitted_to(
        self, guard: str, target_groups: tuple[str, ...], source: HostClass, to: AddressSet | None
    ) -> ServiceSet:
        """Return the services on which a filter (id) lets in all hosts of a class today, at the addresses ``to``."""
        allowed = self._filters.allowed_traffic((guard,), Direction.INGRESS, RuleTarget(target_groups, to))
        admitted = allowed.allows(source.possible_addresses, source.key.groups).lower
        return ServiceSet.everything() - (self.sent_by(source) - admitted).services()

    @cached_method
    def sent_by(self, source: HostClass) -> PacketSet:
        """Return every service from the addresses that hosts of the class have, and that the next one may have."""
        return all_from(source.possible_addresses)

    def allowed_otherwise(
        self,
        filters: tuple[str, ...],
        target: HostClass | None,
        sent: PacketSet,
        groups: tuple[str, ...],
        target_groups: tuple[str, ...] = (),
    ) -> ServiceSet:
        """Return the services that the unedited rules certainly allow for every sender of ``sent`` in ``groups``.

        ``target_groups`` are the groups of the target, if the target is not a class of hosts.
        """
        aimed = rule_target(target) if target is not None else RuleTarget(target_groups)
        return self._allowed(filters, aimed, sent, groups)

    @cached_method
    def _allowed(
        self, filters: tuple[str, ...], target: RuleTarget, sent: PacketSet, groups: tuple[str, ...]
    ) -> ServiceSet:
        admitted = self._without(filters, target).allows(sent.addresses(), groups).lower
        return ServiceSet.everything() - (sent - admitted).services()

    @cached_method
    def _without(self, filters: tuple[str, ...], target: RuleTarget) -> AllowedTraffic:
        return self._filters.without(filters, self._edited, target)
