"""Machines that load balancers send to, by port. A machine registered together with a cluster's host may be one too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item, port, text
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_INTERFACES
from cloudguard_azure.access.ids import id_in, parent
from cloudguard_azure.cluster.interfaces import configurations
from cloudguard_azure.cluster.inventory import Interfaces
from cloudguard_azure.cluster.load_balancers import HIDES, BackendPool, LoadBalancer, read_load_balancers

_HIDES: Final = (*HIDES, FactKind.HOSTS)
_Places = Mapping[AddressSet, set[tuple[str, str]]]
"""For each address, the networks and machines that have it."""


@dataclass(frozen=True, slots=True)
class RegisteredMachines:
    """The machines (their ids) of a backend pool, and the port on them that a rule sends to (0: any).

    ``unseen``: addresses in the pool that no interface has, among those that were read.
    """

    pool: str
    port: int
    machines: frozenset[str]
    unseen: tuple[str, ...]


def registered(api: Api, interfaces: Interfaces) -> tuple[RegisteredMachines, ...]:
    """Return the machines that load balancers send to.

    Pools name IP configurations or addresses, and interfaces name pools. Each of these registers a machine.
    """
    having: dict[AddressSet, set[tuple[str, str]]] = {}
    for machine, items in interfaces.of_machine.items():
        for placed in api.mapped(LIST_INTERFACES, items, _placed, hides=_HIDES):
            for address, network in placed:
                having.setdefault(address, set()).add((network, machine))
    rules = [rule for balancer in read_load_balancers(api) for rule in _rules(balancer)]
    return tuple(_registered(number, pool, interfaces, having) for number, pool in rules)


def _placed(interface: Item) -> list[tuple[AddressSet, str]]:
    """Return the private addresses of an interface, each with its network."""
    listed = configurations(interface)
    return [(read_addresses(text(item, "privateIPAddress")), parent(id_in(item, "subnet"))) for item in listed]


def _rules(balancer: LoadBalancer) -> Iterator[tuple[int, BackendPool]]:
    """Yield the pools of load balancing rules, each with the port on its members."""
    for rule in balancer.forwardings:
        for link in rule.links if "/loadbalancingrules/" in rule.id else ():
            if "/backendaddresspools/" in link:
                yield port(rule.item, "backendPort", 0), balancer.pools.get(link, BackendPool(link))


def _registered(number: int, pool: BackendPool, interfaces: Interfaces, having: _Places) -> RegisteredMachines:
    machines, unseen = {name for name, pools in interfaces.pools.items() if pool.id in pools}, list[str]()
    for network, address in pool.addresses:
        here = {machine for network_of, machine in having.get(address, ()) if network in {"", network_of}}
        machines |= here
        unseen += [] if here else address.texts()
    machines.update(_machine(configuration, interfaces.machine_of) for configuration in pool.configurations)
    return RegisteredMachines(pool.id, number, frozenset(machines - {""}), tuple(sorted(unseen)))


def _machine(configuration: str, machine_of: Mapping[str, str]) -> str:
    """Return the machine of an IP configuration ("": unknown). A scale set member's id is part of its id."""
    machine, _, interface = configuration.partition("/networkinterfaces/")
    member = machine if interface and "/virtualmachines/" in machine else ""
    return machine_of.get(parent(configuration), member)
