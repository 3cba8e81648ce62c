"""The network around one cluster: its subnets, what guards them, what leads to its hosts, who is let in by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.network import AddressList, Filter, Group, Interface, PeerKind, Topology
from cloudguard.model.source import Facet, Source
from cloudguard_gcp import calls
from cloudguard_gcp.api import Api, Item
from cloudguard_gcp.backends import HIDES as BEHIND
from cloudguard_gcp.backends import Backends
from cloudguard_gcp.balancers import fronts_of
from cloudguard_gcp.hosts import interfaces
from cloudguard_gcp.marks import tags_of
from cloudguard_gcp.names import last, machine, part_of, project_of, short
from cloudguard_gcp.policies import Chain, chain_of
from cloudguard_gcp.routes import networks_of, segments_of
from cloudguard_gcp.selectors import labels_of

_FILTERS: Final = (Facet.FILTERS,)
_ROUTES: Final = (Facet.ROUTES,)


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
    grounds, rules, outbound = _asked(api, owners, project, networks)
    subnets = [one for each in grounds for one in each.subnets if short(str(one.get("network", ""))) in networks]
    mine = [one for each in grounds for one in each.networks if short(str(one["selfLink"])) in networks]
    used = {interface.segment for host in hosts for interface in host.interfaces}
    used.update(segment for pool in pools for segment in pool.segments)
    chains = _chains(api, mine, subnets, [one for each in grounds for one in each.firewalls], used)
    places = {host.id: tuple(dict.fromkeys(one.segment for one in host.interfaces)) for host in hosts}
    fronts = fronts_of(api, rules, Backends(api, project), subnets, places)
    filters = {one.id: one for chain in chains.values() for one in chain.filters}
    named = _named(filters.values())
    routes = [one for each in grounds for one in each.routes]
    topology = Topology(
        networks=tuple(networks_of(api, mine, subnets)),
        segments=(*segments_of(subnets, routes, _tags(hosts, everyone)), *fronts.segments),
        filters=(*filters.values(), *fronts.filters),
        groups=tuple(_groups(named, owners, project)),
        address_lists=_lists(chains.values()),
        balancers=fronts.balancers,
        strangers=tuple(_strangers(everyone, hosts, networks, named)),
        outbound_addresses=tuple(sorted({*_public(hosts), *outbound})),
    )
    return Around(topology, {subnet: chain.ids for subnet, chain in chains.items()})


def _asked(
    api: Api, owners: Sequence[str], project: str, networks: Collection[str]
) -> tuple[list[_Ground], list[Item], tuple[str, ...]]:
    """Ask for the networks, for what leads to hosts, and for the addresses that hosts leave by, all at once."""
    grounds, rules, outbound = list[_Ground](), list[Item](), list[str]()
    api.gather(
        lambda: grounds.extend(api.gather(*(partial(_ground, api, owner) for owner in owners))),
        lambda: rules.extend(_rules(api, project)),
        lambda: outbound.extend(_outbound(api, project, networks)),
    )
    return grounds, rules, tuple(outbound)


def _rules(api: Api, project: str) -> list[Item]:
    """Return the forwarding rules, and ask at once for what they lead to."""
    rules = api.read(calls.LIST_FORWARDING_RULES, hides=BEHIND, project=project)
    Backends(api, project).prefetch(rules)
    return rules


def _public(hosts: Iterable[Host]) -> Iterator[str]:
    return (f"{one}/32" for host in hosts for each in host.interfaces for one in each.public)


def _ground(api: Api, project: str) -> _Ground:
    """Read one project's networks; for a shared one that is not the cluster's own."""
    networks, subnets, routes, firewalls = api.gather(
        partial(api.read, calls.LIST_NETWORKS, hides=(Facet.ROUTES, Facet.FILTERS), project=project),
        partial(api.read, calls.LIST_SUBNETWORKS, hides=_ROUTES, project=project),
        partial(api.read, calls.LIST_ROUTES, hides=_ROUTES, project=project),
        partial(api.read, calls.LIST_FIREWALLS, hides=_FILTERS, project=project),
    )
    return _Ground(networks, subnets, routes, firewalls)


def _chains(
    api: Api, networks: Iterable[Item], subnets: Iterable[Item], firewalls: Sequence[Item], used: Collection[str]
) -> dict[str, Chain]:
    """Return the filters in force by subnet; those of a subnet without hosts are not asked for."""
    known = {short(str(one["selfLink"])): one for one in networks}
    places = {
        short(str(one["selfLink"])): (short(str(one["network"])), part_of(str(one["selfLink"]), "regions"))
        for one in subnets
        if short(str(one["selfLink"])) in used
    }
    wanted = sorted({place for place in places.values() if place[0] in known})
    asked = api.gather(*(partial(_policies, api, network, region) for network, region in wanted))
    made = {
        (network, region): chain_of(
            known[network], firewalls, policies, Source(calls.LIST_FIREWALLS.name, network), region
        )
        for (network, region), policies in zip(wanted, asked, strict=True)
    }
    return {subnet: made[place] for subnet, place in places.items() if place in made}


def _policies(api: Api, network: str, region: str) -> list[Item]:
    """Return the firewall policies in effect on a network in a region, as far as they may be read."""
    project, name = project_of(network), last(network)
    call, other = calls.GET_REGION_EFFECTIVE_FIREWALLS, calls.GET_EFFECTIVE_FIREWALLS
    found = api.read_or_none(call, hides=_FILTERS, about=name, project=project, region=region, network=network)
    if found is None:
        found = api.read(other, hides=_FILTERS, about=name, project=project, network=name)
    return [one for each in found for one in cast("Sequence[Item]", each.get("firewallPolicys") or ())]


def _outbound(api: Api, project: str, networks: Collection[str]) -> Iterator[str]:
    """Yield the addresses that hosts without one of their own leave by, where they are reserved by name."""
    routers = api.read(calls.LIST_ROUTERS, hides=(), project=project)
    links = [
        short(str(link))
        for one in routers
        if short(str(one.get("network", ""))) in networks
        for nat in cast("Sequence[Item]", one.get("nats") or ())
        for link in cast("Sequence[object]", nat.get("natIps") or ())
    ]
    for one in api.read(calls.LIST_ADDRESSES, hides=(), project=project) if links else ():
        if short(str(one["selfLink"])) in links and one.get("address"):
            yield f"{one['address']}/32"


def _tags(hosts: Iterable[Host], everyone: Iterable[Item]) -> frozenset[str]:
    ids = {host.id for host in hosts}
    return frozenset(tag for one in everyone if machine(str(one["selfLink"])) in ids for tag in tags_of(one))


def _named(filters: Iterable[Filter]) -> frozenset[str]:
    """Return the labels that some rule lets in or bars as a peer."""
    rules = (rule for one in filters for rule in one.rules)
    return frozenset(rule.peer.value for rule in rules if rule.peer.kind is PeerKind.GROUP)


def _groups(named: Iterable[str], owners: Sequence[str], project: str) -> Iterator[Group]:
    """Yield the groups; of a shared network, machines of other projects may carry them too."""
    for label in sorted(named):
        yield Group(label, label.partition("/")[2], Source(calls.LIST_INSTANCES.name), owners in ([project], []))


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
                labels = tuple(label for label in found.labels if label in named)
                yield Interface(found.id, found.segment, found.addresses, source, labels=labels, owner=str(one["name"]))
