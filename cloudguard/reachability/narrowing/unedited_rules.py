"""The traffic that filters allow without the rules that are edited."""

from __future__ import annotations

from cloudguard.model.filters import Direction, Filter, Rule
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import AllowedTraffic
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.load_balancers import destination_addresses
from cloudguard.reachability.paths import Reachability
from cloudguard.reachability.senders import all_from
from cloudguard.results.change import PeerOf, RulePeer


class UneditedRules:
    """What the filters of a topology allow today, and what they would allow without the rules in ``edited``.

    ``edited`` are pairs of a filter's id and a rule's id.
    """

    def __init__(self, reach: Reachability, edited: frozenset[tuple[str, str]]) -> None:
        self._filters = reach.filters
        self._edited = edited
        self._allowed: dict[tuple[object, ...], ServiceSet] = {}
        self._unedited: dict[tuple[object, ...], AllowedTraffic] = {}
        self._sent: dict[HostClass, PacketSet] = {}
        self._admitted: dict[tuple[str, tuple[str, ...], HostClass, AddressSet | None], ServiceSet] = {}

    def by_other_rules(self, filter_: Filter, rule: Rule, peer: RulePeer) -> ServiceSet:
        """Return the services that the unedited rules of the same filter allow for a peer."""
        if peer.kind not in {PeerOf.GROUP, PeerOf.RANGE}:
            return ServiceSet.nothing()
        group = peer.kind is PeerOf.GROUP
        sent = all_from(AddressSet.everything() if group else read_addresses(peer.value))
        return self.allowed_otherwise((filter_.id,), None, sent, (peer.value,) if group else (), rule.target_groups)

    def admitted_to(self, guard: Filter, rule: Rule, source: HostClass, to: AddressSet | None) -> ServiceSet:
        """Return the services on which a rule's filter lets in all hosts of a class today, at the addresses ``to``."""
        key = guard.id, rule.target_groups, source, to
        cached = self._admitted.get(key)
        if cached is None:
            allowed = self._filters.allowed_traffic((guard.id,), Direction.INGRESS, rule.target_groups, to)
            admitted = allowed.allows(source.possible_addresses, source.key.groups).lower
            sent = all_from(source.possible_addresses)
            cached = self._admitted[key] = ServiceSet.everything() - (sent - admitted).services()
        return cached

    def sent_by(self, source: HostClass) -> PacketSet:
        """Return every service from the addresses that hosts of the class have, and that the next one may have."""
        cached = self._sent.get(source)
        if cached is None:
            cached = self._sent[source] = all_from(source.possible_addresses)
        return cached

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
        target_groups = target.key.groups if target is not None else target_groups
        destination = destination_addresses(target, None) if target is not None else None
        key = (filters, target_groups, destination, sent, groups)
        cached = self._allowed.get(key)
        if cached is None:
            allowed = self._without(filters, target_groups, destination)
            admitted = allowed.allows(sent.addresses(), groups).lower
            cached = self._allowed[key] = ServiceSet.everything() - (sent - admitted).services()
        return cached

    def _without(
        self, filters: tuple[str, ...], groups: tuple[str, ...], destination: AddressSet | None
    ) -> AllowedTraffic:
        key = filters, groups, destination
        cached = self._unedited.get(key)
        if cached is None:
            cached = self._unedited[key] = self._filters.without(filters, self._edited, groups, destination)
        return cached
