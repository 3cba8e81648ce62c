"""Machines that load balancers send to, by the port: what is registered beside a cluster's host may be one, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, part, parts, port
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_LOAD_BALANCERS
from cloudguard_azure.access.ids import id_in, ids_in, own_id, parent
from cloudguard_azure.cluster.inventory import Interfaces

API_PORTS: Final = frozenset({6443, 9345, 16443, 50000})
"""Ports that only control-plane hosts serve: the API, RKE2's supervisor, Talos' API. Not 443, which an ingress may
serve as well (rancher/rke2-docs docs/install/requirements.md; siderolabs/talos pkg/machinery/constants)."""
NODE_PORTS: Final = range(30_000, 32_768)
_HIDES: Final = (FactKind.BALANCERS,)
_POOLS: Final = "backendAddressPools"


@dataclass(frozen=True, slots=True)
class Registered:
    """The machines (their ids) of a backend pool, and a port of theirs that a rule sends to."""

    pool: str
    port: int
    machines: frozenset[str]


def registered(api: Api, interfaces: Interfaces) -> tuple[Registered, ...]:
    """Return what load balancers send to.

    Pools name IP configurations, and interfaces name pools: both are believed.
    """
    named: dict[str, set[str]] = {}
    for name, pools in interfaces.pools.items():
        for pool in pools:
            named.setdefault(pool, set()).add(name)
    listed = api.mapped(
        LIST_LOAD_BALANCERS, api.read(LIST_LOAD_BALANCERS, hides=_HIDES), lambda item: [*_rules(item)], hides=_HIDES
    )
    return tuple(
        Registered(pool, number, frozenset({*named.get(pool, ()), *_machines(members, interfaces.machine_of)} - {""}))
        for rules in listed
        for pool, number, members in rules
    )


def _rules(balancer: Item) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield the pool of each rule, its port there (0: any), and the IP configurations that the pool names."""
    inside = part(balancer, "properties")
    pools = {own_id(one): ids_in(part(one, "properties"), "backendIPConfigurations") for one in parts(inside, _POOLS)}
    for rule in (part(one, "properties") for one in parts(inside, "loadBalancingRules")):
        for pool in dict.fromkeys((id_in(rule, "backendAddressPool"), *ids_in(rule, _POOLS))):
            if pool:
                yield pool, port(rule, "backendPort", 0), pools.get(pool, ())


def _machines(configured: Iterable[str], machine_of: Mapping[str, str]) -> Iterator[str]:
    """Yield the machines of IP configurations: the id of a scale set's member is in that of its configuration."""
    for one in configured:
        machine, _, interface = one.partition("/networkinterfaces/")
        member = machine if interface and "/virtualmachines/" in machine else ""
        yield machine_of.get(parent(one), member)
