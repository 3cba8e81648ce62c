"""Security groups: their rules, the members of the groups that rules let in, and the prefix lists that rules name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

from cloudguard.model.cluster import Host
from cloudguard.model.filters import AddressList, Direction, Filter, Group, Rule
from cloudguard.model.network import Interface, NextHop, Subnet
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, children, required, text
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.group_members import ClusterInterfaces, foreign_interface, group_members_of, read_members
from cloudguard_aws.network.rules import ListedRule, SecurityGroup, listed_rule, security_group, with_owners

_FILTERS: Final = (FactKind.FILTERS,)
_MEMBERS: Final = (FactKind.MEMBERS,)
_LISTS: Final = (FactKind.ADDRESS_LISTS,)
_LIST_NAMES: Final = (FactKind.ADDRESS_LISTS, FactKind.MEMBERS)
"""A list's name shows the service whose clients are behind its addresses, such as VPC Lattice."""


@dataclass(frozen=True, slots=True)
class SecurityGroups:
    """Security groups as filters, and the groups and prefix lists that they concern.

    ``groups``: these groups, and those that their rules name. ``external_members``: interfaces in the groups that are
    not the cluster's own. ``lists``: prefix lists that rules or routes name.
    """

    filters: tuple[Filter, ...]
    groups: tuple[Group, ...]
    external_members: tuple[Interface, ...]
    lists: tuple[AddressList, ...]


def read_security_groups(  # noqa: PLR0913 - the cluster's parts
    api: Api,
    names: frozenset[str],
    subnets: Collection[Subnet],
    own_interfaces: ClusterInterfaces,
    *,
    hosts: Iterable[Host] = (),
    account: str = "",
) -> SecurityGroups:
    """Read the groups with the ids ``names``, and what their rules and the routes of ``subnets`` refer to.

    The interfaces of ``hosts`` are expected among the members of their groups. ``account``: the account that is read,
    "" if it is unknown. The owner of a VPC can share its groups with other accounts
    (https://docs.aws.amazon.com/vpc/latest/userguide/security-group-sharing.html): then not all members of the group
    are known, as those of a group of another account that a rule names.
    """
    groups, rules = _read_groups(api, names)
    by_group: dict[str, list[Rule]] = {}
    for rule in rules:
        by_group.setdefault(rule.of, []).append(rule.rule)
    tags = {rule.rule.id: rule.tags for rule in rules if rule.tags}
    guards = (with_owners(group, _with_rules(group.filter, by_group), tags) for group in groups)
    filters = tuple(sorted(guards, key=lambda item: item.id))
    named = _accounts(names, groups, rules)
    own = {"", account or next((group.account for group in groups if group.account), "")}
    foreign = {name for name in named.keys() - names if len(own) > 1 and named[name] not in own}
    shared = {group.filter.id for group in groups if len(own) > 1 and group.account not in own}
    let_in = {rule.peer.group for guard in filters for rule in guard.rules if rule.direction is Direction.INGRESS}
    searched = names.union(let_in) - foreign - {""}
    members, lists = api.parallel(
        partial(read_members, api, searched, group_members_of(hosts), {subnet.network for subnet in subnets}),
        partial(_address_lists, api, _lists_named(filters, subnets)),
    )
    read = partial(api.mapped, calls.DESCRIBE_NETWORK_INTERFACES, members or (), hides=_MEMBERS)
    titles = {guard.id: guard.name for guard in filters} | dict(chain.from_iterable(read(_group_names)))
    known = searched - shared if members is not None else set[str]()
    source = partial(api.source, calls.DESCRIBE_NETWORK_INTERFACES)
    concerned = (
        Group(name, titles.get(name, ""), source(name), name in known, owner if name in foreign else "")
        for name, owner in sorted(named.items())
    )
    external = read(partial(foreign_interface, own_interfaces=own_interfaces))
    members_outside = sorted(filter(None, external), key=lambda interface: interface.id)
    return SecurityGroups(filters, tuple(concerned), tuple(members_outside), lists)


def _read_groups(api: Api, names: frozenset[str]) -> tuple[tuple[SecurityGroup, ...], tuple[ListedRule, ...]]:
    """Return the groups that the account shows, and their rules."""
    group_call, rule_call = calls.DESCRIBE_SECURITY_GROUPS, calls.DESCRIBE_SECURITY_GROUP_RULES
    items, rule_items = api.parallel(
        partial(api.matching_or_none, group_call, "group-id", names, hides=_FILTERS),
        partial(api.matching, rule_call, "group-id", names, hides=_FILTERS),
    )
    groups = api.mapped(group_call, items or (), security_group, hides=_FILTERS)
    if items is not None and len(groups) == len(items):
        for name in sorted(names - {group.filter.id for group in groups}):
            message = "the security group can't be seen from this account"
            api.missed(group_call, name, message, ())  # the filter itself is unknown
    return groups, api.mapped(rule_call, rule_items, listed_rule, hides=_FILTERS)


def _accounts(names: Iterable[str], groups: Iterable[SecurityGroup], rules: Iterable[ListedRule]) -> dict[str, str]:
    """Return a dict of group → account ("": unknown), for the groups ``names`` and those that their rules name."""
    accounts = dict.fromkeys(names, "")
    for name, account in (*(pair for group in groups for pair in group.named), *(rule.named for rule in rules)):
        accounts[name] = accounts.get(name, "") or account
    accounts.pop("", None)
    return accounts


def _with_rules(group: Filter, by_group: Mapping[str, list[Rule]]) -> Filter:
    """Return a group with its listed rules, plus the rules that only DescribeSecurityGroups has.

    The answers of the two calls may differ for a while after a change (EC2 API reference, "Eventual consistency"). The
    rules of both answers count.
    """
    rules = by_group.get(group.id)
    if not rules:
        return group
    listed = {_meaning(rule) for rule in rules}
    only_described = (rule for rule in group.rules if _meaning(rule) not in listed)
    return replace(group, rules=(*rules, *only_described), source=rules[0].source)


def _meaning(rule: Rule) -> tuple[object, ...]:
    return rule.direction, rule.services, rule.peer


def _group_names(item: Item) -> list[tuple[str, str]]:
    return [(required(group, "GroupId"), text(group, "GroupName")) for group in children(item, "Groups")]


def _lists_named(filters: Iterable[Filter], subnets: Iterable[Subnet]) -> frozenset[str]:
    """Return the ids of the prefix lists that can name senders.

    A gateway endpoint's prefix list names a service that opens no connections, so routes to gateway endpoints are left
    out.
    """
    in_rules = (rule.peer.address_list for guard in filters for rule in guard.rules)
    routes = (route for subnet in subnets for route in subnet.routes if route.hop is not NextHop.SERVICE)
    return frozenset((*in_rules, *(route.address_list for route in routes))) - {""}


def _address_lists(api: Api, names: frozenset[str]) -> tuple[AddressList, ...]:
    """Read prefix lists. A list that is missing, or whose entries are not understood, is kept as unknown."""
    ordered, call, entries = sorted(names), calls.DESCRIBE_MANAGED_PREFIX_LISTS, calls.GET_MANAGED_PREFIX_LIST_ENTRIES
    described, listed = api.parallel(
        partial(api.matching_or_none, call, "prefix-list-id", names, hides=_LIST_NAMES),
        lambda: api.gather(
            *(partial(api.read_or_none, entries, hides=_LISTS, about=name, PrefixListId=name) for name in ordered)
        ),
    )
    titles = dict(
        api.mapped(
            call,
            described or (),
            lambda item: (required(item, "PrefixListId"), text(item, "PrefixListName")),
            hides=_LIST_NAMES,
        )
    )
    lists: list[AddressList] = []
    for name, items in zip(ordered, listed, strict=True):
        ranges = api.mapped(entries, items or (), lambda item: AddressSet.parse(required(item, "Cidr")), hides=_LISTS)
        missing = items == [] and described is not None and name not in titles
        if missing:
            message = "the prefix list can't be seen from this account"
            api.missed(entries, name, message, _LISTS)
        known = items is not None and not missing and len(ranges) == len(items)
        lists.append(AddressList(name, titles.get(name, ""), ranges, known=known, source=api.source(entries, name)))
    return tuple(lists)
