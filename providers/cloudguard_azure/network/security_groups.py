"""Network security groups, and the security admin rules of network managers, as filters.

https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview,
https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.owner import Owner
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, required
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_EFFECTIVE_ADMIN_RULES, LIST_SECURITY_GROUPS
from cloudguard_azure.access.ids import group_of, own_id, place
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.cluster.machines import tags_of
from cloudguard_azure.network.rules import (
    ALLOW_OR_DENY,
    SUPPORTED_SERVICES,
    RuleReader,
    WrittenRule,
    admin_rule,
    security_rule,
    services_of,
)
from cloudguard_azure.network.service_tags import EVERYWHERE, Place, ServiceTags

HIDES: Final = (FactKind.FILTERS,)
KIND: Final = "network security group"
_MANAGERS: Final = {"allow": Action.NEXT, "alwaysallow": Action.PERMIT, "deny": Action.DENY}
_NETWORK, _METADATA = "virtualnetwork", "azureplatformimds"
_ANYBODY: Final = frozenset({"*", "any", _NETWORK, "0.0.0.0/0"})
_HTTP: Final = ServiceSet.parse("tcp/80")


def plain_rule(name: str, direction: str, access: str, priority: int, ends: tuple[str, str]) -> WrittenRule:
    """Return a rule for every protocol and port, from the first of ``ends`` to the second."""
    return WrittenRule(name, direction, access, "*", priority, ("*",), ("*",), ends[:1], ends[1:])


DEFAULT_RULES: Final = (
    plain_rule("AllowVnetInBound", "inbound", "allow", 65_000, ("VirtualNetwork", "VirtualNetwork")),
    plain_rule("AllowAzureLoadBalancerInBound", "inbound", "allow", 65_001, ("AzureLoadBalancer", "*")),
    plain_rule("DenyAllInBound", "inbound", "deny", 65_500, ("*", "*")),
    plain_rule("AllowVnetOutBound", "outbound", "allow", 65_000, ("VirtualNetwork", "VirtualNetwork")),
    plain_rule("AllowInternetOutBound", "outbound", "allow", 65_001, ("*", "Internet")),
    plain_rule("DenyAllOutBound", "outbound", "deny", 65_500, ("*", "*")),
)
"""The default rules of a group whose answer has none."""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group: its own rules, its default rules, and its owner.

    ``kept_by_aks``: AKS would restore the group after an edit.
    """

    id: str
    name: str
    rules: tuple[WrittenRule, ...]
    defaults: tuple[WrittenRule, ...]
    kept_by_aks: bool
    written_by: Owner | None

    def filter(self, name: str, tags: ServiceTags, place: Place) -> Filter:
        """Return the group as a filter at a place, with the id ``name``."""
        source = Source(LIST_SECURITY_GROUPS.name, self.id)
        reader = RuleReader(tags, place, source, ALLOW_OR_DENY)
        rules = [rule for written in self.rules for rule in reader.rules(written, self._owner_of(written))]
        default = self.written_by if self.kept_by_aks else OWNERS.known("default-rule")
        certain = (
            replace(reader, place=replace(place, maybe=AddressSet.nothing())) if self._shuts_network_out() else reader
        )
        for written in self.defaults:
            inbound = certain if written.direction == "inbound" else reader
            rules += inbound.rules(written, default, mandated=self.kept_by_aks)
        return in_series(name, self.name, rules, source, self.written_by, editable=not self.kept_by_aks)

    def _owner_of(self, written: WrittenRule) -> Owner | None:
        """Return the group's owner with the rule's name added: the places of edits depend on it."""
        owner = self.written_by
        return replace(owner, names=(*owner.names, ("rule", written.name))) if owner else None

    @property
    def denies_metadata(self) -> bool:
        """Whether the group denies the metadata service: its first rule for the service's tag denies all of it.

        Rules without this tag have no effect, because Azure lets the service's address through before any rule
        (https://learn.microsoft.com/azure/virtual-network/
        network-security-groups-overview#azure-platform-considerations).
        """
        about = [
            rule for rule in self.rules if rule.direction == "outbound" and _METADATA in _lowered(rule.destinations)
        ]
        first = min(about, key=lambda item: item.priority, default=None)
        if first is None or first.access != "deny" or "*" not in first.source_ports:
            return False
        services, strange = services_of(first.protocol, first.ports)
        return services >= _HTTP and not strange and not _ANYBODY.isdisjoint(_lowered(first.sources))

    def _shuts_network_out(self) -> bool:
        """Whether a rule denies all traffic from VirtualNetwork, so that no default rule lets in any of it."""
        return any(
            (rule.access, rule.direction, rule.protocol) == ("deny", "inbound", "*")
            and "*" in rule.ports
            and "*" in rule.source_ports
            and _NETWORK in _lowered(rule.sources)
            and not {"*", _NETWORK}.isdisjoint(_lowered(rule.destinations))
            for rule in self.rules
        )


def _lowered(words: Iterable[str]) -> list[str]:
    return [word.lower() for word in words]


def in_series(  # noqa: PLR0913 - the fields of a filter
    name: str,
    title: str,
    rules: Iterable[Rule],
    source: Source,
    owner: Owner | None = None,
    *,
    editable: bool = True,
) -> Filter:
    """Return a filter in series: it and the other filters of its series must all permit."""
    return Filter(
        id=name,
        name=title,
        kind=KIND,
        rules=tuple(sorted(rules, key=lambda rule: (rule.order, rule.id))),
        source=source,
        ordered=True,
        editable=editable,
        written_by=owner,
        in_chain=True,
        in_series=True,
    )


def rules_for_all_traffic(name: str, source: Source, uncertain: str = "") -> tuple[Rule, ...]:
    """Return rules that let everything in and out. Each has an id of its own, so that an edit changes only one."""
    return tuple(
        Rule(
            id=name if direction is Direction.INGRESS else f"{name}, egress",
            direction=direction,
            action=Action.PERMIT,
            services=SUPPORTED_SERVICES,
            peer=Peer(EVERYWHERE),
            source=source,
            order=1,
            uncertain=uncertain,
        )
        for direction in Direction
    )


def unread(name: str, title: str, source: Source) -> Filter:
    """Return a filter whose rules are unknown."""
    return in_series(name, title, rules_for_all_traffic("unread", source, f"{title} could not be read"), source)


def read_security_groups(api: Api, aks_group: str) -> dict[str, SecurityGroup] | None:
    """Read the security groups of a subscription, by id. None if they can't be read.

    A rule that can't be parsed leaves a Gap. ``aks_group``: the resource group managed by AKS ("": none).
    """
    items = api.read_or_none(LIST_SECURITY_GROUPS, hides=HIDES)
    groups = api.mapped(LIST_SECURITY_GROUPS, items or (), partial(_group, api, aks_group), hides=HIDES)
    return None if items is None else {group.id: group for group in groups}


def _group(api: Api, aks_group: str, item: Item) -> SecurityGroup:
    group_id, name, properties = own_id(item), required(item, "name"), child(item, "properties")
    rules, defaults = (
        api.mapped(LIST_SECURITY_GROUPS, children(properties, key), security_rule, hides=HIDES, about=name)
        for key in ("securityRules", "defaultSecurityRules")
    )
    kept_by_aks = bool(aks_group) and group_of(group_id) == aks_group
    by_sign = OWNERS.of(Thing.FILTER, name, tags_of(item))
    owner = OWNERS.known("aks", f"resource group {aks_group}") if kept_by_aks else by_sign
    return SecurityGroup(group_id, name, rules, defaults or DEFAULT_RULES, kept_by_aks, owner)


def read_admin_filter(api: Api, network: str, tags: ServiceTags, near: Place) -> Filter | None:
    """Read the security admin rules of a network as a filter before all others; None if there are none.

    "Always allow" and "deny" are final. "Allow" leaves the decision to the security groups.
    """
    call, where = LIST_EFFECTIVE_ADMIN_RULES, place(network, "virtual_network_name")
    written = api.listed(call, admin_rule, hides=HIDES, about=network, parameters={}, **where)
    source = Source(call.name, network)
    reader = RuleReader(tags, near, source, _MANAGERS)
    rules = [rule for each in written for rule in reader.rules(each)]
    if not rules:
        return None
    return Filter(
        id=f"security admin rules of {network}",
        name=f"security admin rules of {near.network}",
        kind="security admin rules",
        rules=tuple(sorted(rules, key=lambda rule: rule.order)),
        source=source,
        ordered=True,
        editable=False,
        written_by=OWNERS.known("network-manager"),
        in_chain=True,
    )
