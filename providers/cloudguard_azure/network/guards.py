"""The filters of interfaces: security groups at their places, and filters in place of missing ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from cloudguard.model.cluster import MetadataService
from cloudguard.model.filters import Filter, Rule
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard_azure.access.calls import LIST_NETWORKS, LIST_SECURITY_GROUPS
from cloudguard_azure.access.ids import name_of
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.network.rules import ALLOW_OR_DENY, RuleReader
from cloudguard_azure.network.security_groups import SecurityGroup, in_series, plain_rule, rules_for_all_traffic, unread
from cloudguard_azure.network.service_tags import Place, ServiceTags
from cloudguard_azure.network.subnets import Places

_NONE: Final = "no network security group"
_INTERNET: Final = {True: "open to the internet", False: "closed to the internet", None: "perhaps open to the internet"}


class Guards:
    """The filters of interfaces, in evaluation order. A security group becomes one filter for each place.

    ``groups``: the security groups by id; None if they were not read.

    ``admin``: the filters of network managers, by network id. ``filters``: the filters made so far, by id.
    """

    def __init__(
        self, groups: Mapping[str, SecurityGroup] | None, places: Places, tags: ServiceTags, admin: Mapping[str, Filter]
    ) -> None:
        self._groups = groups
        self._places = places
        self._tags = tags
        self._admin = admin
        self._made: dict[tuple[str, Place], str] = {}
        self.filters: dict[str, Filter] = {}

    def of_subnet(self, subnet: str) -> tuple[str, ...]:
        """Return the filters of a subnet (id) itself: of its security group and of network managers; may be empty."""
        return self._chain(subnet, ())

    def of_interface(self, subnet: str, groups: tuple[str, ...], *, internet: bool | None) -> tuple[str, ...]:
        """Return the filters of an interface in a subnet. ``groups``: the interface's own security groups.

        ``internet``: whether the internet gets in if no security group applies. It does with addresses and balancers of
        the Basic SKU, and not with Standard ones (https://learn.microsoft.com/azure/virtual-network/ip-services/
        public-ip-addresses). None: unknown.
        """
        chain = self._chain(subnet, groups)
        if any(self.filters[name].in_series for name in chain):
            return chain
        return (*chain, self._add(self._none(self._places.of(subnet), internet=internet)))

    def metadata(
        self, service: MetadataService | None, interfaces: Iterable[tuple[Collection[str], Collection[str]]]
    ) -> MetadataService | None:
        """Return the metadata service of a machine. ``interfaces``: the subnets and own security groups of each.

        It is disabled if security groups deny it to all interfaces. None: unknown.
        """
        if service is None or self._groups is None:
            return None
        denied = [self._denied(subnets, groups) for subnets, groups in interfaces]
        return replace(service, enabled=False) if denied and all(denied) else service

    def _denied(self, subnets: Collection[str], own_groups: Collection[str]) -> bool:
        of_subnets = {known.group for name in subnets if (known := self._places.subnets.get(name))}
        groups = (
            (self._groups or {}).get(name) for name in (*own_groups, *(of_subnets if len(of_subnets) == 1 else ()))
        )
        return any(group.denies_metadata for group in groups if group)

    def filters_made(self, nodes: AddressSet | None) -> tuple[Filter, ...]:
        """Return the filters made so far. ``nodes``: the ranges of an AKS cluster's subnets; None for other clusters.

        AKS requires that these ranges can reach nodes on all ports, whoever wrote the rule
        (https://learn.microsoft.com/azure/aks/concepts-network).
        """
        if nodes is None:
            return tuple(self.filters.values())
        return tuple(
            replace(guard, rules=tuple(_required(rule, nodes) for rule in guard.rules))
            for guard in self.filters.values()
        )

    def _chain(self, subnet: str, groups: tuple[str, ...]) -> tuple[str, ...]:
        known, place = self._places.subnets.get(subnet), self._places.of(subnet)
        if known is None:
            title = f"the security group of the subnet {subnet}"
            lost = self._add(unread(title, title, Source(LIST_NETWORKS.name, subnet)))
            return (lost, *(self._group(name, place, subnet) for name in groups))
        admin = self._admin.get(known.network)
        names = dict.fromkeys(filter(None, (known.group, *groups)))
        above = (self._add(admin),) if admin is not None else ()
        return (*above, *(self._group(name, place, subnet) for name in names))

    def _group(self, name: str, place: Place, subnet: str) -> str:
        """Return the id of a security group's filter at a place."""
        cached = self._made.get((name, place))
        if cached is None:
            cached = name if name not in self.filters else f"{name} in {place.network}/{name_of(subnet)}"
            known, source = (self._groups or {}).get(name), Source(LIST_SECURITY_GROUPS.name, name)
            self._add(known.filter(cached, self._tags, place) if known else unread(cached, name_of(name), source))
            self._made[name, place] = cached
        return cached

    def _none(self, place: Place, *, internet: bool | None) -> Filter:
        source = Source(LIST_NETWORKS.name, place.network)
        name = f"{_NONE} in {place.network}, {_INTERNET[internet]}"
        reader = RuleReader(self._tags, place, source, ALLOW_OR_DENY)
        closed = plain_rule("closed by default", "inbound", "deny", 0, ("Internet", "*"))
        shut = () if internet else reader.rules(closed)
        unsure = "the SKU of an address or balancer is not known" if internet is None else ""
        rules = (*(replace(rule, uncertain=unsure) for rule in shut), *rules_for_all_traffic(_NONE, source))
        return in_series(name, _NONE, rules, source, OWNERS.known("no-group"), editable=False)

    def _add(self, guard: Filter) -> str:
        self.filters.setdefault(guard.id, guard)
        return guard.id


def _required(rule: Rule, nodes: AddressSet) -> Rule:
    named = rule.peer.addresses
    return replace(rule, provider_mandated=rule.provider_mandated or (named is not None and named <= nodes))
