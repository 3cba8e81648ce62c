"""Machines that are not the cluster's: in groups that rules name, and in the cluster's networks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import PUBLIC
from cloudguard.provider.answers import Item
from cloudguard.values import dataclass
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import name_of, own_id, parent
from cloudguard_azure.cluster.find import FoundCluster
from cloudguard_azure.cluster.interfaces import PublicAddresses, interface
from cloudguard_azure.cluster.inventory import read_interfaces
from cloudguard_azure.cluster.machines import ScaleSet, scale_set
from cloudguard_azure.cluster.pools import next_interfaces
from cloudguard_azure.network.service_tags import EVERYWHERE
from cloudguard_azure.network.services import services_in
from cloudguard_azure.network.subnets import Places

_HIDES: Final = (FactKind.MEMBERS,)


@dataclass(frozen=True, slots=True)
class Relevance:
    """What makes another machine matter: the cluster's ``networks``, and the ``groups`` of rules and of its hosts.

    ``subnets``: those of its hosts. ``own_interfaces``: ids of the cluster's interfaces.
    """

    networks: Collection[str]
    subnets: Collection[str]
    groups: frozenset[str]
    own_interfaces: Collection[str]
    places: Places


@dataclass(frozen=True, slots=True)
class OtherInterfaces:
    """``members``: interfaces in a group, of today's and next machines.

    ``neighbours``: those of today's machines in the networks, and of services in the subnets.
    """

    members: tuple[Interface, ...]
    neighbours: tuple[Interface, ...]


def read_others(api: Api, found: FoundCluster, near: Relevance) -> OtherInterfaces:
    """Read the interfaces of other machines, and of the next machines of other scale sets."""
    ids, call = {scale_set.id for scale_set in found.scale_sets}, calls.LIST_SCALE_SETS
    sets = api.listed(call, scale_set, hides=_HIDES)
    others = {scale_set.id: scale_set for scale_set in sets if scale_set.id not in ids}
    items = [other.item for other in others.values() if other.profile]
    of_sets = api.mapped(
        call, items, lambda item: tuple(_next_interfaces(others[own_id(item)], near.places)), hides=_HIDES
    )
    following = [interface for interfaces in of_sets for interface in interfaces]
    far = {_set_of(interface) for interface in following} - {
        _set_of(interface) for interface in following if _is_relevant(interface, near)
    }
    uniform = [other for other in others.values() if other.uniform and other.id not in far]
    interfaces = read_interfaces(api, uniform) if uniform else found.interfaces
    owners = {own_id(item): name for name, listed in interfaces.of_machine.items() if name for item in listed}
    foreign = [item for item in interfaces.items if own_id(item) in owners and own_id(item) not in near.own_interfaces]
    make = partial(_existing_interface, owners, interfaces.public)
    today = api.mapped(calls.LIST_INTERFACES, foreign, make, hides=_HIDES)
    subnets = near.places.subnets
    services = services_in(api, (subnets[name] for name in sorted(near.subnets) if name in subnets))
    members = [*_members(today, near)]
    seen = {(member.subnet, member.groups) for member in members}
    return OtherInterfaces(
        (*members, *(member for member in _members(following, near) if (member.subnet, member.groups) not in seen)),
        (*(interface for interface in today if parent(interface.subnet) in near.networks), *services),
    )


def _members(listed: Iterable[Interface], near: Relevance) -> Iterator[Interface]:
    """Yield the interfaces that are in a group of ``near``, with only these groups."""
    for nic in listed:
        if groups := tuple(name for name in nic.groups if name in near.groups):
            yield replace(nic, groups=groups)


def _is_relevant(nic: Interface, near: Relevance) -> bool:
    return parent(nic.subnet) in near.networks or not near.groups.isdisjoint(nic.groups)


def _existing_interface(owners: Mapping[str, str], public: PublicAddresses, item: Item) -> Interface:
    resource_id = own_id(item)
    source, owner = Source(calls.LIST_INTERFACES.name, resource_id), _machine_name(owners[resource_id])
    return interface(item, source, public, owner=owner)


def _machine_name(machine: str) -> str:
    """Return the name of a machine (id). A member of a uniform scale set has its set's name and a number."""
    scale_set, of_scale_set, number = machine.partition("/virtualmachines/")
    return (
        f"{name_of(scale_set)}_{number}"
        if of_scale_set and "/virtualmachinescalesets/" in scale_set
        else name_of(machine)
    )


def _next_interfaces(vm_set: ScaleSet, places: Places) -> Iterator[Interface]:
    """Yield the interfaces of a scale set's next machine, each with all addresses of its subnet."""
    source = Source(calls.LIST_SCALE_SETS.name, vm_set.id)
    for number, each in enumerate(next_interfaces(vm_set.profile)):
        for subnet in each.subnets:
            ranges = places.ranges((subnet,))
            yield Interface(
                id=f"{vm_set.id}#{number}",
                subnet=subnet,
                addresses=(ranges or EVERYWHERE - PUBLIC,),
                source=source,
                groups=each.groups,
                owner=f"the next machine of {vm_set.name}",
                uncertain="" if ranges else "the addresses of its subnet are not known",
            )


def _set_of(nic: Interface) -> str:
    return nic.id.partition("#")[0]
