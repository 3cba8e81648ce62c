"""Network security groups, and the security admin rules of network managers, as filters.

https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview,
https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, part, parts, required
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_EFFECTIVE_ADMIN_RULES, LIST_SECURITY_GROUPS
from cloudguard_azure.access.ids import group_of, name_of, own_id
from cloudguard_azure.network.rules import ALLOW_OR_DENY, RuleReader, Written, admin_rule, security_rule
from cloudguard_azure.network.service_tags import EVERYWHERE, Place, ServiceTags

HIDES: Final = (FactKind.FILTERS,)
KIND: Final = "network security group"
_MANAGERS: Final = {"allow": Action.NEXT, "alwaysallow": Action.PERMIT, "deny": Action.DENY}
_DEFAULT_NOTE: Final = (
    "a default rule, which stays: with a smaller priority number, allow what is needed, and deny the rest"
)
_AKS_NOTE: Final = (
    "AKS keeps this group: put a network security group of your own on the subnet, which allows what is needed"
)
"""https://learn.microsoft.com/azure/aks/concepts-security#azure-network-security-groups"""
_MANAGERS_NOTE: Final = "it is set by a network manager, by whoever administers that"


def _default(name: str, direction: str, access: str, priority: int, ends: tuple[str, str]) -> Written:
    return Written(name, direction, access, "*", priority, ("*",), ("*",), ends[:1], ends[1:])


DEFAULT_RULES: Final = (
    _default("AllowVnetInBound", "inbound", "allow", 65_000, ("VirtualNetwork", "VirtualNetwork")),
    _default("AllowAzureLoadBalancerInBound", "inbound", "allow", 65_001, ("AzureLoadBalancer", "*")),
    _default("DenyAllInBound", "inbound", "deny", 65_500, ("*", "*")),
    _default("AllowVnetOutBound", "outbound", "allow", 65_000, ("VirtualNetwork", "VirtualNetwork")),
    _default("AllowInternetOutBound", "outbound", "allow", 65_001, ("*", "Internet")),
    _default("DenyAllOutBound", "outbound", "deny", 65_500, ("*", "*")),
)
"""Those of a group whose answer has none."""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group: its rules as written, its default ones apart. ``kept_by_aks``: AKS would write it again."""

    id: str
    name: str
    rules: tuple[Written, ...]
    defaults: tuple[Written, ...]
    kept_by_aks: bool

    def filter(self, name: str, tags: ServiceTags, place: Place) -> Filter:
        """Return it as a filter at a place, with the id ``name``."""
        source = Source(LIST_SECURITY_GROUPS.name, self.id)
        reader = RuleReader(tags, place, source, ALLOW_OR_DENY)
        rules = [rule for one in self.rules for rule in reader.rules(one)]
        rules += [rule for one in self.defaults for rule in reader.rules(one, _DEFAULT_NOTE)]
        return in_series(name, self.name, rules, source, note=_AKS_NOTE if self.kept_by_aks else "")


def in_series(name: str, title: str, rules: Iterable[Rule], source: Source, *, note: str = "") -> Filter:
    """Return a filter that must permit beside others; one with a ``note`` is not to be edited."""
    return Filter(
        id=name,
        name=title,
        kind=KIND,
        rules=tuple(sorted(rules, key=lambda rule: (rule.order, rule.id))),
        source=source,
        ordered=True,
        editable=not note,
        note=note,
        in_chain=True,
        in_series=True,
    )


def whole(name: str, source: Source, uncertain: str = "", note: str = "") -> tuple[Rule, ...]:
    """Return rules that let everything in and out."""
    return tuple(
        Rule(
            id=name,
            direction=direction,
            action=Action.PERMIT,
            services=ServiceSet.everything(),
            peer=Peer(EVERYWHERE),
            source=source,
            order=1,
            uncertain=uncertain,
            note=note,
        )
        for direction in Direction
    )


def unread(name: str, title: str, source: Source) -> Filter:
    """Return a filter of which nothing is known."""
    return in_series(name, title, whole("unread", source, f"{title} could not be read"), source)


class SecurityGroupReader:
    """Reads the security groups of a subscription; ``aks_group``: the resource group that AKS keeps ("": none)."""

    def __init__(self, api: Api, aks_group: str) -> None:
        self._api = api
        self._aks_group = aks_group

    def groups(self) -> dict[str, SecurityGroup]:
        """Return the security groups by id. A rule that is not understood is left out, and a Gap says so."""
        call = LIST_SECURITY_GROUPS
        found = self._api.mapped(call, self._api.read(call, hides=HIDES), self._group, hides=HIDES)
        return {one.id: one for one in found}

    def _group(self, item: Item) -> SecurityGroup:
        own, name, properties = own_id(item), required(item, "name"), part(item, "properties")
        written = (
            self._api.mapped(LIST_SECURITY_GROUPS, parts(properties, key), security_rule, hides=HIDES, about=name)
            for key in ("securityRules", "defaultSecurityRules")
        )
        rules, defaults = written
        kept = bool(self._aks_group) and group_of(own) == self._aks_group
        return SecurityGroup(own, name, rules, defaults or DEFAULT_RULES, kept)


def read_admin_filter(api: Api, network: str, tags: ServiceTags, place: Place) -> Filter | None:
    """Read what network managers set on a network, as a filter before all others; None where there is nothing.

    What they always allow, or deny, is final; what they allow is left to the security groups.
    """
    call, name = LIST_EFFECTIVE_ADMIN_RULES, name_of(network)
    items = api.read(
        call,
        hides=HIDES,
        about=network,
        resource_group_name=group_of(network),
        virtual_network_name=name,
        parameters={},
    )
    written = api.mapped(call, items, admin_rule, hides=HIDES, about=network)
    source = Source(call.name, network)
    reader = RuleReader(tags, place, source, _MANAGERS)
    rules = [rule for one in written for rule in reader.rules(one)]
    if not rules:
        return None
    return Filter(
        id=f"security admin rules of {network}",
        name=f"security admin rules of {place.network}",
        kind="security admin rules",
        rules=tuple(sorted(rules, key=lambda rule: rule.order)),
        source=source,
        ordered=True,
        editable=False,
        note=_MANAGERS_NOTE,
        in_chain=True,
    )
