"""Machines that load balancers send to, by the port: what is registered beside a cluster's host may be one, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, part, parts, port, text
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_INTERFACES, LIST_LOAD_BALANCERS
from cloudguard_azure.access.ids import id_in, ids_in, own_id, parent
from cloudguard_azure.cluster.interfaces import configurations
from cloudguard_azure.cluster.inventory import Interfaces

API_PORTS: Final = frozenset({6443, 9345, 16443, 50000})
"""Ports that only control-plane hosts serve: the API, RKE2's supervisor, Talos' API. Not 443, which an ingress may
serve as well (rancher/rke2-docs docs/install/requirements.md; siderolabs/talos pkg/machinery/constants)."""
NODE_PORTS: Final = range(30_000, 32_768)
_HIDES: Final = (FactKind.BALANCERS,)
_HIDES_MACHINES: Final = (*_HIDES, FactKind.HOSTS)
_POOLS: Final = "backendAddressPools"
_ADDRESSES: Final = "loadBalancerBackendAddresses"


@dataclass(frozen=True, slots=True)
class Registered:
    """The machines (their ids) of a backend pool, and a port of theirs that a rule sends to.

    ``unseen``: addresses in the pool that no interface which was read has.
    """

    pool: str
    port: int
    machines: frozenset[str]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pool:
    """What a pool names: IP configurations, and addresses with their networks ("": any)."""

    configurations: tuple[str, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()


def registered(api: Api, interfaces: Interfaces) -> tuple[Registered, ...]:
    """Return what load balancers send to.

    Pools name IP configurations or addresses, and interfaces name pools: all are believed.
    """
    named: dict[str, set[str]] = {}
    for name, pools in interfaces.pools.items():
        for pool in pools:
            named.setdefault(pool, set()).add(name)
    having: dict[str, list[tuple[str, str]]] = {}
    for address, network, machine in _addresses(api, interfaces):
        having.setdefault(address, []).append((network, machine))
    listed = api.mapped(
        LIST_LOAD_BALANCERS, api.read(LIST_LOAD_BALANCERS, hides=_HIDES), lambda item: [*_rules(item)], hides=_HIDES
    )
    made = list[Registered]()
    for name, number, inside in (rule for rules in listed for rule in rules):
        here = {one: _at(having, *one) for one in inside.addresses}
        by_address = frozenset[str]().union(*here.values())
        machines = {*named.get(name, ()), *_machines(inside.configurations, interfaces.machine_of), *by_address} - {""}
        unseen = tuple(sorted(address for (_, address), found in here.items() if not found))
        made.append(Registered(name, number, frozenset(machines), unseen))
    return tuple(made)


def _addresses(api: Api, interfaces: Interfaces) -> Iterator[tuple[str, str, str]]:
    """Yield each private address with its network and its machine, "" for none."""
    for machine, items in interfaces.of_machine.items():
        for placed in api.mapped(LIST_INTERFACES, items, _placed, hides=_HIDES_MACHINES):
            yield from ((address, network, machine) for address, network in placed)


def _placed(interface: Item) -> list[tuple[str, str]]:
    """Return the private addresses of an interface, each with its network."""
    return [(text(one, "privateIPAddress"), parent(id_in(one, "subnet"))) for one in configurations(interface)]


def _at(having: Mapping[str, list[tuple[str, str]]], network: str, address: str) -> frozenset[str]:
    """Return the machines that have an address in a network ("": in any)."""
    return frozenset(machine for own, machine in having.get(address, ()) if network in {"", own})


def _rules(balancer: Item) -> Iterator[tuple[str, int, _Pool]]:
    """Yield the pool of each rule, its port there (0: any), and what the pool names."""
    inside = part(balancer, "properties")
    pools = {own_id(one): _pool(part(one, "properties")) for one in parts(inside, _POOLS)}
    for rule in (part(one, "properties") for one in parts(inside, "loadBalancingRules")):
        for pool in dict.fromkeys((id_in(rule, "backendAddressPool"), *ids_in(rule, _POOLS))):
            if pool:
                yield pool, port(rule, "backendPort", 0), pools.get(pool, _Pool())


def _pool(inside: Item) -> _Pool:
    listed, network = [part(one, "properties") for one in parts(inside, _ADDRESSES)], id_in(inside, "virtualNetwork")
    by_interface = (id_in(one, "networkInterfaceIPConfiguration") for one in listed)
    return _Pool(
        tuple(filter(None, (*ids_in(inside, "backendIPConfigurations"), *by_interface))),
        tuple(
            (id_in(one, "virtualNetwork") or parent(id_in(one, "subnet")) or network, address)
            for one in listed
            if (address := text(one, "ipAddress")) and not id_in(one, "networkInterfaceIPConfiguration")
        ),
    )


def _machines(configured: Iterable[str], machine_of: Mapping[str, str]) -> Iterator[str]:
    """Yield the machines of IP configurations: the id of a scale set's member is in that of its configuration."""
    for one in configured:
        machine, _, interface = one.partition("/networkinterfaces/")
        member = machine if interface and "/virtualmachines/" in machine else ""
        yield machine_of.get(parent(one), member)
