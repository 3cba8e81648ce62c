"""The resources of a subscription that a cluster may own: AKS clusters, machines, scale sets, interfaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain
from typing import Final, TypeVar

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, child
from cloudguard.values import dataclass
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import Call
from cloudguard_azure.access.ids import id_in, ids_in, name_of, own_id, parent
from cloudguard_azure.cluster.aks import ManagedCluster, managed_cluster
from cloudguard_azure.cluster.interfaces import PublicAddress, PublicAddresses, configurations, public_address
from cloudguard_azure.cluster.machines import HIDES, Machine, ScaleSet, machine, member, scale_set

_OF_CLUSTERS: Final = (FactKind.ENDPOINT, FactKind.HOSTS)
_OF_SETS: Final = (*HIDES, FactKind.POOLS)
SEARCH_CALLS: Final = (calls.LIST_SCALE_SETS, calls.LIST_MACHINES, calls.LIST_INTERFACES, calls.LIST_PUBLIC_ADDRESSES)
"""Calls that find any cluster."""
_PUBLIC: Final = (FactKind.HOSTS,)
A = TypeVar("A")


@dataclass(frozen=True, eq=False, slots=True)
class Inventory:
    """AKS clusters, scale sets and virtual machines of a subscription, without members of uniform scale sets."""

    clusters: tuple[ManagedCluster, ...]
    sets: tuple[ScaleSet, ...]
    machines: tuple[Machine, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Interfaces:
    """Interfaces as the API lists them, by machine id, and the public addresses.

    ``machine_of``: map of interface id → machine id. ``networks`` and ``pools``: for each machine id, its networks, and
    the load balancer pools that its interfaces name.
    """

    of_machine: Mapping[str, tuple[Item, ...]]
    public: PublicAddresses
    machine_of: Mapping[str, str]
    networks: Mapping[str, frozenset[str]]
    pools: Mapping[str, frozenset[str]]

    @property
    def items(self) -> tuple[Item, ...]:
        """All interfaces."""
        return tuple(item for listed in self.of_machine.values() for item in listed)


@dataclass(frozen=True, eq=False, slots=True)
class _Listed:
    """An interface, and the resources that it refers to."""

    id: str
    machine: str
    networks: frozenset[str]
    pools: frozenset[str]
    public: frozenset[str]
    item: Item


def read_inventory(api: Api) -> Inventory:
    """Read the subscription's clusters, scale sets and machines."""
    for call in (calls.LIST_MANAGED_CLUSTERS, calls.LIST_SCALE_SETS, calls.LIST_MACHINES):
        api.prefetch(call)
    clusters = api.listed(calls.LIST_MANAGED_CLUSTERS, managed_cluster, hides=_OF_CLUSTERS)
    sets = api.listed(calls.LIST_SCALE_SETS, scale_set, hides=_OF_SETS)
    by_id = {scale_set.id: scale_set for scale_set in sets}
    return Inventory(clusters, sets, api.listed(calls.LIST_MACHINES, lambda item: machine(item, by_id), hides=HIDES))


def read_members(api: Api, sets: Iterable[ScaleSet]) -> tuple[Machine, ...]:
    """Read the members of uniform scale sets."""
    read = partial(of_set, api, calls.LIST_SCALE_SET_MACHINES, hides=HIDES)
    uniform = (vm_set for vm_set in sets if vm_set.uniform)
    listed = api.gather(*(partial(read, vm_set, partial(member, scale_set=vm_set)) for vm_set in uniform))
    return tuple(chain.from_iterable(listed))


def of_set(
    api: Api, call: Call, scale_set: ScaleSet, make: Callable[[Item], A], hides: tuple[FactKind, ...]
) -> tuple[A, ...]:
    """Return the items of a call's answer about a uniform scale set, each converted by ``make``."""
    where = {"resource_group_name": scale_set.group, "virtual_machine_scale_set_name": name_of(scale_set.id)}
    return api.listed(call, make, hides=hides, about=scale_set.id, **where)


def read_interfaces(api: Api, sets: Iterable[ScaleSet]) -> Interfaces:
    """Read the interfaces of all virtual machines and of the members of scale sets, and their public addresses."""
    interfaces = [*api.listed(calls.LIST_INTERFACES, _listed, hides=HIDES)]
    public = [*api.listed(calls.LIST_PUBLIC_ADDRESSES, public_address, hides=_PUBLIC)]
    for interfaces_of_set, addresses in api.gather(
        *(partial(_interfaces_of, api, vm_set) for vm_set in sets if vm_set.uniform)
    ):
        interfaces += interfaces_of_set
        public += addresses
    by_machine: dict[str, list[_Listed]] = {}
    for listed in interfaces:
        by_machine.setdefault(listed.machine, []).append(listed)
    return Interfaces(
        of_machine={name: tuple(listed.item for listed in of_name) for name, of_name in by_machine.items()},
        public=PublicAddresses({address.id: address for address in public}),
        machine_of={listed.id: listed.machine for listed in interfaces},
        networks={name: _united(listed.networks for listed in of_name) for name, of_name in by_machine.items()},
        pools={name: _united(listed.pools for listed in of_name) for name, of_name in by_machine.items()},
    )


def _united(names: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*names)


def _interfaces_of(api: Api, scale_set: ScaleSet) -> tuple[tuple[_Listed, ...], tuple[PublicAddress, ...]]:
    """Return the interfaces of a scale set's members, and their public addresses if any has one."""
    interfaces_of_set = of_set(api, calls.LIST_SCALE_SET_INTERFACES, scale_set, _listed, HIDES)
    if not any(listed.public for listed in interfaces_of_set):
        return interfaces_of_set, ()
    return interfaces_of_set, of_set(api, calls.LIST_SCALE_SET_PUBLIC_ADDRESSES, scale_set, public_address, _PUBLIC)


def _listed(item: Item) -> _Listed:
    """Return an interface with its machine ("": none). A scale set member's id is part of its interface's id."""
    resource_id, inside = own_id(item), configurations(item)
    above = parent(resource_id) if "/virtualmachines/" in resource_id else ""
    return _Listed(
        id=resource_id,
        machine=id_in(child(item, "properties"), "virtualMachine") or above,
        networks=frozenset(parent(subnet) for item in inside if (subnet := id_in(item, "subnet"))),
        pools=frozenset(pool for item in inside for pool in ids_in(item, "loadBalancerBackendAddressPools")),
        public=frozenset({id_in(item, "publicIPAddress") for item in inside} - {""}),
        item=item,
    )
