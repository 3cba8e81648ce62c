"""The network around one cluster: its subnets, what guards them, what leads to its hosts, who is let in by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import AddressList, Filter, Group
from cloudguard.model.network import Interface, Topology
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.links import last, machine, part_of, project_of, short
from cloudguard_gcp.cluster.hosts import interfaces
from cloudguard_gcp.cluster.selectors import labels_of
from cloudguard_gcp.network.backends import HIDES as BEHIND
from cloudguard_gcp.network.backends import Backends
from cloudguard_gcp.network.balancers import fronts_of
from cloudguard_gcp.network.firewall_policies import Chain, chain_of
from cloudguard_gcp.network.routers import Learned, addresses_out, learned_routes
from cloudguard_gcp.network.routes import carriers_of, networks_of, segments_of

_FILTERS: Final = (FactKind.FILTERS,)
_ROUTES: Final = (FactKind.ROUTES,)
_SHARES: Final = "HOST"
_PEERED: Final = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Around:
    """The topology, and by subnet the ids of the filters that guard an interface in it, in order."""

    topology: Topology
    chains: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the networks' own projects say of them."""

    networks: list[Item]
    subnets: list[Item]
    routes: list[Item]
    firewalls: list[Item]
    learned: tuple[Learned, ...]
    outbound: tuple[str, ...]


def read_around(  # noqa: PLR0913 - all that stands in the network
    api: Api,
    *,
    project: str,
    networks: Collection[str],
    hosts: tuple[Host, ...],
    pools: tuple[Pool, ...],
    everyone: Sequence[Item],
) -> Around:
    """Read all about ``networks`` (short names) that concerns the hosts; ``everyone``: the project's instances."""
    owners = sorted({project_of(name) for name in networks} - {""})
    grounds, rules = _asked(api, owners, project, networks)
    subnets = [one for each in grounds for one in each.subnets if short(str(one.get("network", ""))) in networks]
    mine = [one for each in grounds for one in each.networks if short(str(one["selfLink"])) in networks]
    used = {interface.subnet for host in hosts for interface in host.interfaces}
    used.update(segment for pool in pools for segment in pool.subnets)
    firewalls = [one for each in grounds for one in each.firewalls]
    chains = _chains(api, _Walls(mine, subnets, firewalls), used)
    front_ends = fronts_of(api, rules, Backends(api, project, networks), subnets, hosts)
    filters = {one.id: one for chain in chains.values() for one in chain.filters}
    named = _named(filters.values())
    routes = [one for each in grounds for one in each.routes]
    learned = [one for each in grounds for one in each.learned]
    outbound = [one for each in grounds for one in each.outbound]
    topology = Topology(
        networks=tuple(networks_of(api, mine, subnets)),
        subnets=(*segments_of(subnets, routes, learned, carriers_of(hosts, pools)), *front_ends.segments),
        filters=(*filters.values(), *front_ends.filters),
        groups=tuple(_groups(named, alone=_is_alone(api, owners, project))),
        address_lists=_lists(chains.values()),
        balancers=front_ends.balancers,
        external_members=tuple(_strangers(everyone, hosts, networks, named)),
        outbound_addresses=_public(hosts) | AddressSet.of(outbound),
    )
    return Around(topology, {subnet: chain.ids for subnet, chain in chains.items()})


def _asked(
    api: Api, owners: Sequence[str], project: str, networks: Collection[str]
) -> tuple[list[_Ground], list[Item]]:
    """Ask for the networks and for what leads to hosts, all at once."""
    grounds, rules = list[_Ground](), list[Item]()
    api.gather(
        lambda: grounds.extend(api.gather(*(partial(_ground, api, owner, networks) for owner in owners))),
        *(partial(_add_rules, rules, api, each) for each in sorted({project, *owners})),
    )
    return grounds, rules


def _add_rules(found: list[Item], api: Api, project: str) -> None:
    """Read a project's forwarding rules, and ask at once for what they lead to."""
    rules = api.read(calls.LIST_FORWARDING_RULES, hides=BEHIND, project=project)
    Backends(api, project).prefetch(rules)
    found.extend(rules)


def _public(hosts: Iterable[Host]) -> AddressSet:
    return AddressSet.union(one for host in hosts for each in host.interfaces for one in each.public)


def _ground(api: Api, project: str, used: Collection[str]) -> _Ground:
    """Read one project's networks; for a shared one that is not the cluster's own."""
    networks, subnets, routes, firewalls, routers = api.gather(
        partial(api.read, calls.LIST_NETWORKS, hides=(FactKind.ROUTES, FactKind.FILTERS), project=project),
        partial(api.read, calls.LIST_SUBNETWORKS, hides=_ROUTES, project=project),
        partial(api.read, calls.LIST_ROUTES, hides=_ROUTES, project=project),
        partial(api.read, calls.LIST_FIREWALLS, hides=_FILTERS, project=project),
        partial(api.read, calls.LIST_ROUTERS, hides=_ROUTES, project=project),
    )
    _miss_peerings(api, (one for one in networks if short(str(one["selfLink"])) in used), routes)
    learned = learned_routes(api, networks, routers, used)
    return _Ground(networks, subnets, routes, firewalls, learned, tuple(addresses_out(api, project, routers, used)))


def _miss_peerings(api: Api, networks: Iterable[Item], routes: Sequence[Item]) -> None:
    """Say of which peers no route was seen: who is there can't be told."""
    routed = {(short(str(one.get("network", ""))), last(str(one.get("nextHopPeering", "")))) for one in routes}
    for network in networks:
        name = short(str(network["selfLink"]))
        for peering in cast("Sequence[Item]", network.get("peerings") or ()):
            if peering.get("state") == _PEERED and (name, str(peering["name"])) not in routed:
                message = f"{last(name)} is peered by {peering['name']}, and no route of it was seen"
                api.add_gap(Gap(calls.LIST_ROUTES.name, str(peering["name"]), Reason.MISSING, message, _ROUTES))


@dataclass(frozen=True, slots=True)
class _Walls:
    """What the filters of subnets are made of."""

    networks: Sequence[Item]
    subnets: Sequence[Item]
    firewalls: Sequence[Item]


def _chains(api: Api, walls: _Walls, used: Collection[str]) -> dict[str, Chain]:
    """Return the filters in force by subnet; those of a subnet without hosts are not asked for."""
    known = {short(str(one["selfLink"])): one for one in walls.networks}
    places = {
        short(str(one["selfLink"])): (short(str(one["network"])), part_of(str(one["selfLink"]), "regions"))
        for one in walls.subnets
        if short(str(one["selfLink"])) in used
    }
    wanted = sorted({place for place in places.values() if place[0] in known})
    asked = api.gather(*(partial(_policies, api, network, region) for network, region in wanted))
    made = {
        (network, region): chain_of(
            known[network],
            walls.firewalls,
            policies,
            Source(calls.LIST_FIREWALLS.name, network),
            region,
            effective=Source(call.name, network),
        )
        for (network, region), (policies, call) in zip(wanted, asked, strict=True)
    }
    return {subnet: made[place] for subnet, place in places.items() if place in made}


def _policies(api: Api, network: str, region: str) -> tuple[list[Item], calls.Call]:
    """Return the firewall policies in effect on a network in a region, as far as they may be read, and who told."""
    project, name = project_of(network), last(network)
    call, other = calls.GET_REGION_EFFECTIVE_FIREWALLS, calls.GET_EFFECTIVE_FIREWALLS
    found = api.read_or_none(call, hides=_FILTERS, about=name, project=project, region=region, network=network)
    if found is None:
        call, found = other, api.read(other, hides=_FILTERS, about=name, project=project, network=name)
    return [one for each in found for one in cast("Sequence[Item]", each.get("firewallPolicys") or ())], call


def _named(filters: Iterable[Filter]) -> frozenset[str]:
    """Return the labels that some rule lets in or bars as a peer."""
    rules = (rule for one in filters for rule in one.rules)
    return frozenset(rule.peer.group for rule in rules) - {""}


def _is_alone(api: Api, owners: Sequence[str], project: str) -> bool:
    """Whether no other project's machines stand in the networks: these are the project's own, and it shares none.

    https://cloud.google.com/vpc/docs/shared-vpc
    """
    if not set(owners) <= {project}:
        return False
    projects = api.read(calls.GET_PROJECT, hides=(), about=project, project=project)
    return bool(projects) and projects[0].get("xpnProjectStatus") != _SHARES


def _groups(named: Iterable[str], *, alone: bool) -> Iterator[Group]:
    """Yield the groups; of a shared network, machines of other projects may carry them too."""
    for label in sorted(named):
        yield Group(label, label.partition("/")[2], Source(calls.LIST_INSTANCES.name), alone)


def _lists(chains: Iterable[Chain]) -> tuple[AddressList, ...]:
    found = {one.id: one for chain in chains for one in chain.lists}
    return tuple(found[name] for name in sorted(found))


def _strangers(
    everyone: Iterable[Item], hosts: Iterable[Host], networks: Collection[str], named: Collection[str]
) -> Iterator[Interface]:
    """Yield the interfaces of other machines of the networks that carry a label which some rule names."""
    own, source = {host.id for host in hosts}, Source(calls.LIST_INSTANCES.name)
    for one in everyone:
        if machine(str(one["selfLink"])) in own or not set(labels_of(one)) & set(named):
            continue
        nics = cast("Sequence[Item]", one.get("networkInterfaces") or ())
        for nic, found in zip(nics, interfaces(one, source), strict=True):
            if short(str(nic.get("network", ""))) in networks:
                labels = tuple(label for label in found.groups if label in named)
                yield Interface(found.id, found.subnet, found.addresses, source, groups=labels, owner=str(one["name"]))
