"""Security groups: their rules, who carries the groups that these let in, the prefix lists that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.filters import AddressList, Direction, Filter, Group
from cloudguard.model.network import Interface, NextHop, Subnet
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.foreign_interfaces import Insiders, strangers
from cloudguard_aws.network.rules import Item, address_list, owners_of_named, security_group

_FILTERS: Final = (FactKind.FILTERS,)
_CARRIERS: Final = calls.DESCRIBE_NETWORK_INTERFACES


@dataclass(frozen=True, slots=True)
class Guards:
    """Security groups as filters, and what their rules name.

    ``named``: groups, with the accounts they belong to; ``foreign`` are those of other accounts. ``carriers``: the
    interfaces that carry one which is let in; None where they could not be read. ``lists``: prefix lists.
    """

    filters: tuple[Filter, ...]
    named: Mapping[str, str]
    foreign: frozenset[str]
    carriers: Sequence[Item] | None
    lists: tuple[AddressList, ...]


def read_guards(api: Api, names: frozenset[str], segments: Iterable[Subnet]) -> Guards:
    """Read the groups called ``names``, and what their rules, or the routes of ``segments``, name."""
    groups, rules = api.two(
        partial(api.matching_or_none, calls.DESCRIBE_SECURITY_GROUPS, "group-id", names, hides=_FILTERS),
        partial(api.matching_or_none, calls.DESCRIBE_SECURITY_GROUP_RULES, "group-id", names, hides=_FILTERS),
    )
    filters = _filters(api, names, groups, rules)
    named = owners_of_named(groups or (), rules or ())
    account = next((str(group["OwnerId"]) for group in groups or () if group.get("OwnerId")), "")
    foreign = frozenset(name for name, owner in named.items() if owner and account not in {"", owner})
    let_in = {
        rule.peer.group
        for one in filters
        for rule in one.rules
        if rule.peer.group and rule.direction is Direction.INGRESS
    }
    carriers, lists = api.two(
        partial(api.matching_or_none, _CARRIERS, "group-id", let_in - foreign, hides=(FactKind.MEMBERS,)),
        partial(_address_lists, api, _listed(filters, segments)),
    )
    return Guards(filters, named, foreign, carriers, lists)


def _filters(
    api: Api, names: frozenset[str], groups: Sequence[Item] | None, rules: Sequence[Item] | None
) -> tuple[Filter, ...]:
    """Return groups as filters; one that is not there, or is another account's, leaves a gap."""
    by_group: dict[str, list[Item]] = {}
    for rule in rules or ():
        by_group.setdefault(rule["GroupId"], []).append(rule)
    call = calls.DESCRIBE_SECURITY_GROUPS.name
    rule_call = calls.DESCRIBE_SECURITY_GROUP_RULES.name
    found = tuple(
        security_group(group, by_group.get(group["GroupId"]), rule_call if rules else call)
        for group in sorted(groups or (), key=lambda one: str(one["GroupId"]))
    )
    missing = names - {one.id for one in found} if groups is not None else ()
    for name in sorted(missing):
        api.add_gap(Gap(call, name, Reason.MISSING, "the security group can't be seen from this account", _FILTERS))
    return found


def named_groups(api: Api, guards: Guards, insiders: Insiders) -> tuple[tuple[Group, ...], tuple[Interface, ...]]:
    """Return the groups that rules name, and who carries those that are let in, but for the cluster's own."""
    names = {one.id: one.name for one in guards.filters}
    for item in guards.carriers or ():
        names |= {group["GroupId"]: group.get("GroupName", "") for group in item.get("Groups", ())}
    groups = tuple(
        Group(
            id=name,
            name=names.get(name, ""),
            source=api.source(_CARRIERS, name),
            members_known=guards.carriers is not None and name not in guards.foreign,
            owner=owner if name in guards.foreign else "",
        )
        for name, owner in sorted(guards.named.items())
    )
    outsiders = strangers(guards.carriers or (), insiders, _CARRIERS.name)
    return groups, tuple(sorted(outsiders, key=lambda one: one.id))


def _listed(filters: Iterable[Filter], segments: Iterable[Subnet]) -> frozenset[str]:
    """Return the prefix lists that matter: a gateway endpoint's lead to a service that no one connects from."""
    in_rules = (rule.peer.address_list for one in filters for rule in one.rules)
    in_routes = (route.address_list for one in segments for route in one.routes if route.hop is not NextHop.SERVICE)
    return frozenset((*in_rules, *in_routes)) - {""}


def _address_lists(api: Api, names: frozenset[str]) -> tuple[AddressList, ...]:
    """Read prefix lists; one that is not there, or whose entries can't be read, is kept as unknown."""
    hides, ordered, call = (FactKind.ADDRESS_LISTS,), sorted(names), calls.GET_MANAGED_PREFIX_LIST_ENTRIES
    described, entries = api.two(
        partial(api.matching_or_none, calls.DESCRIBE_MANAGED_PREFIX_LISTS, "prefix-list-id", names, hides=hides),
        lambda: api.gather(
            *(partial(api.read_or_none, call, hides=hides, about=name, PrefixListId=name) for name in ordered)
        ),
    )
    titles = {one["PrefixListId"]: one.get("PrefixListName", "") for one in described or ()}
    found: list[AddressList] = []
    for name, listed in zip(ordered, entries, strict=True):
        missing = listed == [] and described is not None and name not in titles
        if missing:
            api.add_gap(Gap(call.name, name, Reason.MISSING, "the prefix list can't be seen from this account", hides))
        known = None if missing else listed
        found.append(address_list(name, titles.get(name, ""), known, api.source(call, name)))
    return tuple(found)
