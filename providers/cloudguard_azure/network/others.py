"""Machines that are not the cluster's: in groups that rules name, and in the cluster's networks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import PUBLIC
from cloudguard.provider.answers import Item
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import name_of, own_id, parent
from cloudguard_azure.cluster.find import FoundCluster
from cloudguard_azure.cluster.interfaces import PublicAddresses, interface
from cloudguard_azure.cluster.inventory import read_interfaces
from cloudguard_azure.cluster.machines import ScaleSet, scale_set
from cloudguard_azure.cluster.pools import next_interfaces
from cloudguard_azure.network.service_tags import EVERYWHERE
from cloudguard_azure.network.subnets import Places

_HIDES: Final = (FactKind.MEMBERS,)


@dataclass(frozen=True, slots=True)
class Relevance:
    """What makes another machine matter: the cluster's ``networks``, and the ``groups`` of rules and of its hosts.

    ``own``: ids of the cluster's interfaces.
    """

    networks: Collection[str]
    groups: frozenset[str]
    own: Collection[str]
    places: Places


@dataclass(frozen=True, slots=True)
class OtherInterfaces:
    """``members``: interfaces in a group, of today's and next machines. ``neighbours``: today's in the networks."""

    members: tuple[Interface, ...]
    neighbours: tuple[Interface, ...]


def read_others(api: Api, found: FoundCluster, near: Relevance) -> OtherInterfaces:
    """Read the interfaces of other machines, and of the next machines of other scale sets."""
    ids, call = {one.id for one in found.scale_sets}, calls.LIST_SCALE_SETS
    sets = api.listed(call, scale_set, hides=_HIDES)
    others = {one.id: one for one in sets if one.id not in ids}
    items = [one.item for one in others.values() if one.profile]
    made = api.mapped(
        call, items, lambda item: tuple(_next_interfaces(others[own_id(item)], near.places)), hides=_HIDES
    )
    following = [one for those in made for one in those]
    far = {_set_of(one) for one in following} - {_set_of(one) for one in following if _is_relevant(one, near)}
    asked = [one for one in others.values() if one.uniform and one.id not in far]
    interfaces = read_interfaces(api, asked) if asked else found.interfaces
    owners = {own_id(item): name for name, listed in interfaces.of_machine.items() if name for item in listed}
    foreign = [item for item in interfaces.items if own_id(item) in owners and own_id(item) not in near.own]
    make = partial(_existing_interface, owners, interfaces.public)
    today = api.mapped(calls.LIST_INTERFACES, foreign, make, hides=_HIDES)
    members = [*_members(today, near)]
    seen = {(member.subnet, member.groups) for member in members}
    return OtherInterfaces(
        (*members, *(member for member in _members(following, near) if (member.subnet, member.groups) not in seen)),
        tuple(one for one in today if parent(one.subnet) in near.networks),
    )


def _members(listed: Iterable[Interface], near: Relevance) -> Iterator[Interface]:
    """Yield the interfaces that are in a group of ``near``, with only these groups."""
    for one in listed:
        if groups := tuple(name for name in one.groups if name in near.groups):
            yield replace(one, groups=groups)


def _is_relevant(one: Interface, near: Relevance) -> bool:
    return parent(one.subnet) in near.networks or not near.groups.isdisjoint(one.groups)


def _existing_interface(owners: Mapping[str, str], public: PublicAddresses, item: Item) -> Interface:
    resource_id = own_id(item)
    return interface(item, Source(calls.LIST_INTERFACES.name, resource_id), public, owner=name_of(owners[resource_id]))


def _next_interfaces(one: ScaleSet, places: Places) -> Iterator[Interface]:
    """Yield the interfaces of a scale set's next machine, each with all addresses of its subnet."""
    source = Source(calls.LIST_SCALE_SETS.name, one.id)
    for number, each in enumerate(next_interfaces(one.profile)):
        for subnet in each.subnets:
            ranges = places.ranges((subnet,))
            yield Interface(
                id=f"{one.id}#{number}",
                subnet=subnet,
                addresses=(ranges or EVERYWHERE - PUBLIC,),
                source=source,
                groups=each.groups,
                owner=f"the next machine of {one.name}",
                uncertain="" if ranges else "the addresses of its subnet are not known",
            )


def _set_of(one: Interface) -> str:
    return one.id.partition("#")[0]
