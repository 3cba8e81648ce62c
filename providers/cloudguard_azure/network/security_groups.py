"""Network security groups, and the security admin rules of network managers, as filters.

https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview,
https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.owner import Owner
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, part, parts, required
from cloudguard.provider.ownership.facts import Thing
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_EFFECTIVE_ADMIN_RULES, LIST_NETWORKS, LIST_SECURITY_GROUPS
from cloudguard_azure.access.ids import group_of, name_of, own_id
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.cluster.machines import tags_of
from cloudguard_azure.network.rules import ALLOW_OR_DENY, CARRIED, RuleReader, Written, admin_rule, security_rule
from cloudguard_azure.network.service_tags import EVERYWHERE, Place, ServiceTags
from cloudguard_azure.network.subnets import Places

HIDES: Final = (FactKind.FILTERS,)
KIND: Final = "network security group"
_MANAGERS: Final = {"allow": Action.NEXT, "alwaysallow": Action.PERMIT, "deny": Action.DENY}
_NONE: Final = "no network security group"
_NETWORK: Final = "virtualnetwork"
_INTERNET: Final = {True: "open to the internet", False: "closed to the internet", None: "perhaps open to the internet"}


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
    """A security group: its rules as written, its default ones apart, and who writes it.

    ``kept_by_aks``: AKS would write it again.
    """

    id: str
    name: str
    rules: tuple[Written, ...]
    defaults: tuple[Written, ...]
    kept_by_aks: bool
    written_by: Owner | None

    def filter(self, name: str, tags: ServiceTags, place: Place) -> Filter:
        """Return it as a filter at a place, with the id ``name``."""
        source = Source(LIST_SECURITY_GROUPS.name, self.id)
        reader = RuleReader(tags, place, source, ALLOW_OR_DENY)
        rules = [rule for one in self.rules for rule in reader.rules(one, self._owner_of(one))]
        default = self.written_by if self.kept_by_aks else OWNERS.known("default-rule")
        certain = (
            replace(reader, place=replace(place, maybe=AddressSet.nothing())) if self._shuts_network_out() else reader
        )
        for one in self.defaults:
            inbound = certain if one.direction == "inbound" else reader
            rules += inbound.rules(one, default, mandated=self.kept_by_aks)
        return in_series(name, self.name, rules, source, self.written_by, editable=not self.kept_by_aks)

    def _owner_of(self, written: Written) -> Owner | None:
        """Return the group's owner, with the rule's name among its names: places of edits are told by it."""
        owner = self.written_by
        return replace(owner, names=(*owner.names, ("rule", written.name))) if owner else None

    def _shuts_network_out(self) -> bool:
        """Whether a rule denies all that VirtualNetwork may hold: of that, no default rule lets anything in."""
        return any(
            (one.access, one.direction, one.protocol) == ("deny", "inbound", "*")
            and "*" in one.ports
            and "*" in one.source_ports
            and _NETWORK in map(str.lower, one.sources)
            and not {"*", _NETWORK}.isdisjoint(map(str.lower, one.destinations))
            for one in self.rules
        )


def in_series(  # noqa: PLR0913 - what such a filter is told by
    name: str,
    title: str,
    rules: Iterable[Rule],
    source: Source,
    owner: Owner | None = None,
    *,
    editable: bool = True,
) -> Filter:
    """Return a filter that must permit beside others."""
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


def whole(name: str, source: Source, uncertain: str = "") -> tuple[Rule, ...]:
    """Return rules that let everything in and out."""
    return tuple(
        Rule(
            id=name,
            direction=direction,
            action=Action.PERMIT,
            services=CARRIED,
            peer=Peer(EVERYWHERE),
            source=source,
            order=1,
            uncertain=uncertain,
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
        by_sign = OWNERS.of(Thing.FILTER, name, tags_of(item))
        owner = OWNERS.known("aks", f"resource group {self._aks_group}") if kept else by_sign
        return SecurityGroup(own, name, rules, defaults or DEFAULT_RULES, kept, owner)


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
        written_by=OWNERS.known("network-manager"),
        in_chain=True,
    )


class Guards:
    """The filters that guard interfaces, in order; each security group is made a filter once for each place.

    ``admin``: what network managers set, by network. ``filters`` are those made so far, by id.
    """

    def __init__(
        self, groups: Mapping[str, SecurityGroup], places: Places, tags: ServiceTags, admin: Mapping[str, Filter]
    ) -> None:
        self._groups = groups
        self._places = places
        self._tags = tags
        self._admin = admin
        self._made: dict[tuple[str, Place], str] = {}
        self.filters: dict[str, Filter] = {}

    def of_subnet(self, subnet: str) -> tuple[str, ...]:
        """Return the filters of a subnet (id) itself; none where it has no security group, and no manager a rule."""
        return self._chain(subnet, ())

    def of_interface(self, subnet: str, own: tuple[str, ...], *, internet: bool | None) -> tuple[str, ...]:
        """Return the filters of an interface in a subnet with security groups of its ``own``.

        ``internet``: whether the internet gets in where no group says so: it does by addresses and balancers of the
        Basic SKU, and not by Standard ones (https://learn.microsoft.com/azure/virtual-network/ip-services/
        public-ip-addresses); None: not known.
        """
        found = self._chain(subnet, own)
        if any(self.filters[name].in_series for name in found):
            return found
        return (*found, self._add(self._none(self._places.of(subnet), internet=internet)))

    def made(self, nodes: AddressSet | None) -> tuple[Filter, ...]:
        """Return the filters made so far; ``nodes``: the ranges of an AKS cluster's subnets, None for another.

        AKS requires that these may reach nodes on all ports, whoever wrote the rule
        (https://learn.microsoft.com/azure/aks/concepts-network).
        """
        if nodes is None:
            return tuple(self.filters.values())
        return tuple(
            replace(one, rules=tuple(_required(rule, nodes) for rule in one.rules)) for one in self.filters.values()
        )

    def _chain(self, subnet: str, own: tuple[str, ...]) -> tuple[str, ...]:
        known, place = self._places.subnets.get(subnet), self._places.of(subnet)
        if known is None:
            title = f"the security group of the subnet {subnet}"
            lost = self._add(unread(title, title, Source(LIST_NETWORKS.name, subnet)))
            return (lost, *(self._group(name, place, subnet) for name in own))
        admin = self._admin.get(known.network)
        names = dict.fromkeys(filter(None, (known.group, *own)))
        above = (self._add(admin),) if admin is not None else ()
        return (*above, *(self._group(name, place, subnet) for name in names))

    def _group(self, name: str, place: Place, subnet: str) -> str:
        """Return the id of a security group's filter at a place."""
        found = self._made.get((name, place))
        if found is None:
            found = name if name not in self.filters else f"{name} in {place.network}/{name_of(subnet)}"
            known, source = self._groups.get(name), Source(LIST_SECURITY_GROUPS.name, name)
            self._add(known.filter(found, self._tags, place) if known else unread(found, name_of(name), source))
            self._made[name, place] = found
        return found

    def _none(self, place: Place, *, internet: bool | None) -> Filter:
        source = Source(LIST_NETWORKS.name, place.network)
        name = f"{_NONE} in {place.network}, {_INTERNET[internet]}"
        reader = RuleReader(self._tags, place, source, ALLOW_OR_DENY)
        shut = (
            reader.rules(_default("closed by default", "inbound", "deny", 0, ("Internet", "*"))) if not internet else ()
        )
        unsure = "the SKU of an address or balancer is not known" if internet is None else ""
        rules = (*(replace(rule, uncertain=unsure) for rule in shut), *whole(_NONE, source))
        return in_series(name, _NONE, rules, source, OWNERS.known("no-group"), editable=False)

    def _add(self, made: Filter) -> str:
        self.filters.setdefault(made.id, made)
        return made.id


def _required(rule: Rule, nodes: AddressSet) -> Rule:
    named = rule.peer.addresses
    return replace(rule, provider_mandated=rule.provider_mandated or (named is not None and named <= nodes))
