"""Load balancers in front of the cluster: one in the model for each front end, with only the cluster's members.

A load balancer keeps the client's address. It sends packets to the member's address or, with floating IP, still to the
front end's (https://learn.microsoft.com/azure/load-balancer/components,
https://learn.microsoft.com/azure/load-balancer/load-balancer-floating-ip).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import BackendTarget, Balancer, ClientAddress, Listener, PublishedService
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_SERVICES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.network.client_filters import undecided_clients
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_LOAD_BALANCERS
from cloudguard_azure.access.ids import group_of, name_of, parent
from cloudguard_azure.cluster.interfaces import PublicAddresses
from cloudguard_azure.cluster.load_balancers import HIDES, Forwarding, FrontEnd, LoadBalancer, services
from cloudguard_azure.network.ways_in.members import Member, Members

PROBES: Final = AddressSet.parse("168.63.129.16")
"""https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview"""
_GATEWAY: Final = "gateway"
"""The SKU of a balancer in front of appliances, which receive encapsulated packets:
https://learn.microsoft.com/azure/load-balancer/gateway-overview
"""
_OF_A_SERVICE: Final = re.compile(r"a[0-9a-f]{31}(-.+)?-(TCP|UDP|SCTP)-\d+(-IPv6)?", re.IGNORECASE)
"""The name of a Service's rule: its uid, a subnet, protocol and port (kubernetes-sigs/cloud-provider-azure
pkg/provider/azure_standard.go, getLoadBalancerRuleName).
"""


@dataclass(frozen=True, slots=True)
class _Flow:
    """The traffic of a rule, from a front end to members.

    ``addressed_to``: the front end that is the packets' destination, with floating IP (None: the member is). It is a
    front end without addresses if it is unknown whether floating IP is on.
    """

    front: FrontEnd
    rule: Forwarding
    outside: ServiceSet
    inside: ServiceSet
    addressed_to: FrontEnd | None
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """The facts that balancers are read with. ``managed``: the resource groups that only AKS writes to."""

    api: Api
    members: Members
    addresses: PublicAddresses
    published: Mapping[str, tuple[PublishedService, ...]]
    managed: frozenset[str] = frozenset()


def balancers_of(context: Context, listed: Sequence[LoadBalancer]) -> tuple[Balancer, ...]:
    """Return the front ends that lead to the cluster's members, in any network, in the order of their ids."""
    by_id = dict[str, Balancer]()
    regional = {balancer.id: tuple(_flows(context, balancer)) for balancer in listed}
    by_front = dict[str, list[_Flow]]()
    for flow in (flow for flows in regional.values() for flow in flows):
        by_front.setdefault(flow.front.id, []).append(flow)
    for load_balancer in sorted(listed, key=lambda item: item.id):
        if regional[load_balancer.id] and load_balancer.sku == _GATEWAY:
            why = "hosts of the cluster are behind a gateway load balancer; cloudguard does not follow it"
            context.api.missed(LIST_LOAD_BALANCERS, load_balancer.id, why, HIDES)
        flows = (*regional[load_balancer.id], *_cross_region_traffic(context, load_balancer, by_front))
        for balancer in _balancers(context, load_balancer, flows):
            by_id[balancer.id] = balancer
    return tuple(by_id[name] for name in sorted(by_id))


def appliances_of(listed: Iterable[LoadBalancer]) -> tuple[Filter, ...]:
    """Return a filter for each gateway load balancer before a front end: its appliances may drop any connection."""
    gateways = {front.passes for balancer in listed for front in balancer.front_ends.values()} - {""}
    return tuple(map(_appliances_filter, sorted(gateways)))


def _appliances_filter(gateway: str) -> Filter:
    name, source = name_of(gateway), Source(LIST_LOAD_BALANCERS.name, gateway)
    why = f"the appliances behind the gateway load balancer {name} may drop connections"
    return undecided_clients(_appliances(gateway), f"appliances of {name}", "gateway load balancer", source, why)


def _appliances(gateway: str) -> str:
    return f"{gateway}#appliances"


def _flows(context: Context, balancer: LoadBalancer) -> Iterator[_Flow]:
    """Yield the traffic of a balancer's rules to members of the cluster. Unread rules or members leave a Gap."""
    unseen = dict[str, None]()
    for rule in balancer.forwardings:
        behind = [context.members.behind(link, balancer.pools.get(link)) for link in rule.links]
        unseen |= {name: None for _, names in behind for name in names}
        listed = [members for members, _ in behind if members]
        members = listed[0] if len(listed) == 1 else tuple(dict.fromkeys(chain.from_iterable(listed)))
        for outside, inside in _services(context.api, rule) if members else ():
            front = balancer.front_ends.get(rule.front, FrontEnd(rule.front))
            yield _Flow(front, rule, outside, inside, _front_end_for(front, rule), members)
    if balancer.unseen and any(context.members.behind(name, pool)[0] for name, pool in balancer.pools.items()):
        unseen |= dict.fromkeys(balancer.unseen)
    if unseen:
        why = f"{len(unseen)} of its rules or members were not found, for example {next(iter(unseen))}"
        context.api.missed(LIST_LOAD_BALANCERS, balancer.id, why, HIDES)


def _front_end_for(front: FrontEnd, rule: Forwarding) -> FrontEnd | None:
    """Return the front end that packets stay addressed to. None: they are addressed to the member."""
    if rule.floating is None:
        return FrontEnd(f"{front.id}#unknown")
    return front if rule.floating else None


def _services(api: Api, rule: Forwarding) -> tuple[tuple[ServiceSet, ServiceSet], ...]:
    return api.mapped(LIST_LOAD_BALANCERS, [rule.item], lambda _: services(rule), hides=HIDES, about=rule.id)


def _cross_region_traffic(
    context: Context, balancer: LoadBalancer, by_front: Mapping[str, Sequence[_Flow]]
) -> Iterator[_Flow]:
    """Yield the traffic of a cross-region balancer through the front ends of others, to the port in its rule.

    Floating IP may be on in its rule, in the other's rule, or in both. The first one determines the packets'
    destination (https://learn.microsoft.com/azure/load-balancer/cross-region-overview).
    """
    for rule in balancer.forwardings:
        pools = (balancer.pools[link] for link in rule.links if link in balancer.pools)
        further = [flow for pool in pools for name in pool.front_ends for flow in by_front.get(name, ())]
        for outside, inside in _services(context.api, rule) if further else ():
            front = balancer.front_ends.get(rule.front, FrontEnd(rule.front))
            for flow in further:
                if flow.outside & inside:
                    addressed_to = _front_end_for(front, rule) or flow.addressed_to
                    yield _Flow(front, rule, outside, flow.inside, addressed_to, flow.members)


def _balancers(context: Context, balancer: LoadBalancer, flows: Iterable[_Flow]) -> Iterator[Balancer]:
    """Yield the balancers of each front end: one for each destination that packets arrive with."""
    by_front = dict[tuple[FrontEnd, FrontEnd | None], list[_Flow]]()
    for flow in flows:
        by_front.setdefault((flow.front, flow.addressed_to), []).append(flow)
    for (front, addressed_to), mine in by_front.items():
        suffix = f"#to {addressed_to.name}" if addressed_to else "#translated"
        suffix = "" if addressed_to == front else suffix
        addressed, source = addressed_to or front, Source(LIST_LOAD_BALANCERS.name, name_of(balancer.id))
        alone = sum(front_end == front for front_end, _ in by_front) == 1
        places = dict.fromkeys(name for flow in mine for member in flow.members for name in member.subnets)
        subnets = tuple(filter(None, places))
        yield Balancer(
            id=front.id if alone else front.id + suffix,
            name=f"{balancer.name}/{front.name}",
            kind="load balancer",
            internet_facing=front.public,
            network=parent(subnets[0]) if subnets else "",
            subnets=subnets,
            filters=(_appliances(front.passes),) if front.passes else (),
            groups=(),
            listeners=_listeners(mine, source),
            source=source,
            addresses=context.addresses.of(addressed.references) | addressed.address,
            declared_service=_declared(context, balancer, front, mine),
            dual_stack=context.addresses.may_be_version6(front.references) if front.references else front.version6,
            keeps_destination=addressed_to is not None,
            published=context.published.get(front.id, ()),
            health_checks=PROBES,
            transparent=True,
        )


def _listeners(flows: Iterable[_Flow], source: Source) -> tuple[Listener, ...]:
    """Return a listener for each rule. Several ``flows`` have one rule if it sends through the front ends of others."""
    by_rule = dict[str, list[_Flow]]()
    for flow in flows:
        by_rule.setdefault(flow.rule.id, []).append(flow)
    return tuple(
        Listener(
            id=name,
            service=same[0].outside,
            targets=tuple(
                BackendTarget(member.target, member.address, flow.inside) for flow in same for member in flow.members
            ),
            client_address=ClientAddress.PRESERVED,
            source=source,
            port_ranges=NO_SERVICES if same[0].outside.size == 1 else same[0].outside,
        )
        for name, same in by_rule.items()
    )


def _declared(context: Context, balancer: LoadBalancer, front: FrontEnd, flows: Sequence[_Flow]) -> str:
    """Return the Kubernetes Services that a front end was made for; "" if nothing shows one.

    The tags of its public address show them. A private front end shows them by the names of all its rules, but only in
    a resource group that only AKS writes to: elsewhere anyone can use such names. The traffic that hosts get depends on
    floating IP, so the result is "" if this is unknown.
    """
    tagged = context.addresses.service(front.references)
    if any(flow.rule.floating is None for flow in flows):
        return ""
    if tagged or group_of(balancer.id) not in context.managed:
        return tagged
    named = all(_OF_A_SERVICE.fullmatch(flow.rule.name) for flow in flows)
    return f"the Service of {front.name}" if named else ""
