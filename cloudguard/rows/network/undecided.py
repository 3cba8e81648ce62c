"""The cause of undecided traffic: what was not read, or is not exact, on a path or about its sender."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from cloudguard.model.filters import Direction
from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.filters import UNKNOWN_TARGET, RuleTarget
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path, Reachability


def cause_of(reach: Reachability, path: Path, packets: PacketSet) -> str:
    """Return the first cause why it is not decided whether ``packets`` pass on ``path``."""
    causes = chain(_causes(reach, path, packets), _uncertain_senders(reach, packets))
    return next(causes, "a filter or route on the path could not be read")


def _causes(reach: Reachability, path: Path, packets: PacketSet) -> Iterable[str]:
    if path.sender.uncertain:
        yield path.sender.uncertain
    if isinstance(path.target, Endpoint) and not path.sender.inside:
        for listed in reach.topology.address_lists:
            if listed.id in path.target.public_lists and not listed.known:
                yield f"{path.target.id} lets in {listed.name}, whose addresses are unknown"
    of_subnet = reach.subnets.get(path.target.key.subnet) if isinstance(path.target, HostClass) else None
    for name in (*path.filters, *(of_subnet.filters if of_subnet else ())):
        if name not in reach.filters.filters:
            yield f"filter {name} could not be read"
    yield from _uncertain_rules(reach, path.filters, packets.services(), path.rule_target)
    if path.registration is not None:
        balancer, listening = path.registration.balancer, path.registration.listener.service
        listening |= balancer.outer.services if balancer.outer else ServiceSet.nothing()
        yield from _uncertain_rules(reach, balancer.all_filters, listening)


def _uncertain_rules(
    reach: Reachability, names: tuple[str, ...], services: ServiceSet, target: RuleTarget = UNKNOWN_TARGET
) -> Iterable[str]:
    """Yield why rules of filters (ids) about any of ``services`` are uncertain."""
    for filter_, rule in reach.filters.rules(names, Direction.INGRESS, target):
        uncertain = reach.filters.uncertain(rule, target.addresses)
        if uncertain and rule.services & services:
            yield f"{filter_.id}, rule {rule.id}: {uncertain}"


def _uncertain_senders(reach: Reachability, packets: PacketSet) -> Iterable[str]:
    for interface in reach.topology.neighbours or ():
        if interface.uncertain and any(packets.within(addresses) for addresses in interface.addresses):
            yield interface.uncertain
