"""What a subscription has that may be a cluster's: AKS clusters, machines, scale sets and their members, interfaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import Item, part
from cloudguard_azure.access.api import Api, errors, explain
from cloudguard_azure.access.calls import (
    LIST_INTERFACES,
    LIST_MACHINES,
    LIST_MANAGED_CLUSTERS,
    LIST_PUBLIC_ADDRESSES,
    LIST_SCALE_SET_INTERFACES,
    LIST_SCALE_SET_MACHINES,
    LIST_SCALE_SET_PUBLIC_ADDRESSES,
    LIST_SCALE_SETS,
    Call,
)
from cloudguard_azure.access.ids import id_in, own_id, parent
from cloudguard_azure.cluster.aks import ManagedCluster, managed_cluster
from cloudguard_azure.cluster.interfaces import PublicAddresses, configurations, public_address
from cloudguard_azure.cluster.machines import HIDES, Machine, ScaleSet, machine, member, scale_set

_OF_CLUSTERS: Final = (FactKind.ENDPOINT, FactKind.HOSTS)
_OF_SETS: Final = (*HIDES, FactKind.POOLS)
SOON: Final = (LIST_SCALE_SETS, LIST_MACHINES, LIST_INTERFACES, LIST_PUBLIC_ADDRESSES)
"""What any cluster is found by."""
_PUBLIC: Final = (FactKind.HOSTS,)


@dataclass(frozen=True, eq=False, slots=True)
class Inventory:
    """AKS clusters, scale sets and virtual machines of a subscription, members of uniform scale sets left out."""

    clusters: tuple[ManagedCluster, ...]
    sets: tuple[ScaleSet, ...]
    machines: tuple[Machine, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Interfaces:
    """The interfaces of machines as the cloud lists them, by the machines' ids, and the public addresses."""

    of_machine: Mapping[str, tuple[Item, ...]]
    public: PublicAddresses

    @property
    def items(self) -> tuple[Item, ...]:
        """All of them."""
        return tuple(item for listed in self.of_machine.values() for item in listed)


def read_inventory(api: Api) -> Inventory:
    """Read the subscription's clusters, scale sets and machines."""
    managed = _managed(api)
    sets, machines = api.read(LIST_SCALE_SETS, hides=_OF_SETS), api.read(LIST_MACHINES, hides=HIDES)
    clusters = api.mapped(LIST_MANAGED_CLUSTERS, managed, managed_cluster, hides=_OF_CLUSTERS)
    found = api.mapped(LIST_SCALE_SETS, sets, scale_set, hides=_OF_SETS)
    by_id = {one.id: one for one in found}
    return Inventory(
        clusters, found, api.mapped(LIST_MACHINES, machines, lambda item: machine(item, by_id), hides=HIDES)
    )


def _managed(api: Api) -> list[Item]:
    """Return the AKS clusters: none, and no Gap, where AKS is not registered and there can't be any."""
    try:
        api.ask(LIST_MANAGED_CLUSTERS)
    except errors() as error:
        if explain(error)[0] is Reason.UNSUPPORTED:
            return []
    return api.read(LIST_MANAGED_CLUSTERS, hides=_OF_CLUSTERS)


def read_members(api: Api, sets: Iterable[ScaleSet]) -> tuple[Machine, ...]:
    """Read the members of uniform scale sets."""
    found = api.gather(*(partial(_members, api, one) for one in sets if one.uniform))
    return tuple(one for listed in found for one in listed)


def _members(api: Api, scale_set: ScaleSet) -> tuple[Machine, ...]:
    call = LIST_SCALE_SET_MACHINES
    listed = _of_set(api, call, scale_set, HIDES)
    return api.mapped(call, listed, lambda item: member(item, scale_set), hides=HIDES)


def _of_set(api: Api, call: Call, scale_set: ScaleSet, hides: tuple[FactKind, ...]) -> list[Item]:
    return api.read(
        call,
        hides=hides,
        about=scale_set.id,
        resource_group_name=scale_set.group,
        virtual_machine_scale_set_name=scale_set.name,
    )


def read_interfaces(api: Api, sets: Iterable[ScaleSet]) -> Interfaces:
    """Read the interfaces of all virtual machines and of the members of scale sets, and their public addresses."""
    listed, addresses = api.read(LIST_INTERFACES, hides=HIDES), api.read(LIST_PUBLIC_ADDRESSES, hides=_PUBLIC)
    attached = [*api.mapped(LIST_INTERFACES, listed, _attached, hides=HIDES)]
    public = [*api.mapped(LIST_PUBLIC_ADDRESSES, addresses, public_address, hides=_PUBLIC)]
    for own, of_set in api.gather(*(partial(_interfaces_of, api, one) for one in sets if one.uniform)):
        attached += own
        public += of_set
    of_machine: dict[str, list[Item]] = {}
    for name, item in attached:
        of_machine.setdefault(name, []).append(item)
    return Interfaces({name: tuple(items) for name, items in of_machine.items()}, dict(public))


def _interfaces_of(api: Api, scale_set: ScaleSet) -> tuple[tuple[tuple[str, Item], ...], tuple[tuple[str, str], ...]]:
    """Return the interfaces of a scale set's members, and the public addresses if any has one."""
    call, addresses = LIST_SCALE_SET_INTERFACES, LIST_SCALE_SET_PUBLIC_ADDRESSES
    own = api.mapped(call, _of_set(api, call, scale_set, HIDES), _attached, hides=HIDES)
    if not any(part(one, "publicIPAddress") for _, item in own for one in configurations(item)):
        return own, ()
    return own, api.mapped(addresses, _of_set(api, addresses, scale_set, _PUBLIC), public_address, hides=_PUBLIC)


def _attached(item: Item) -> tuple[str, Item]:
    """Return an interface with the id of its machine, "" for none: the interface of a member is a part of it."""
    configurations(item)
    above = parent(own_id(item))
    return id_in(part(item, "properties"), "virtualMachine") or (above if "/virtualmachines/" in above else ""), item
