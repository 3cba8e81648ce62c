"""The width of a problem: who is let in to which services of which hosts. It ignores today's addresses of hosts."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Reachability
from cloudguard.reachability.senders import Sender, SenderKind
from cloudguard.results.network.connections import Connections
from cloudguard.rows.network.problem import Problem


def width_of(
    reach: Reachability, problem: Problem, reported_with: Iterable[Attribution], lasting: AddressSet
) -> tuple[str, ...]:
    """Return the lines that say what ``problem`` lets in, and what the excess ``reported_with`` it lets in.

    ``lasting``: addresses of the cluster itself. They are not excess, but another host may have them tomorrow.
    """
    connections = Connections()
    for attribution in reported_with:
        for target in _targets(attribution.path.target):
            connections.add(_with_own(reach, attribution, lasting), target)
    for attribution in problem.attributions:
        name = _name(attribution.path.sender)
        packets = PacketSet.nothing() if name else _with_own(reach, attribution, lasting)
        for target in _targets(attribution.path.target):
            if name:
                connections.add_named(attribution.packets.services(), name, target)
            else:
                connections.add(packets, target)
    return connections.lines()


def own_addresses(reach: Reachability) -> AddressSet:
    """Return the addresses of the cluster's hosts and pods, and the addresses by which they leave."""
    hosts = AddressSet.union(host_class.addresses for host_class in reach.classes)
    return hosts | reach.cluster.pod_ranges | reach.topology.outbound_addresses


def _with_own(reach: Reachability, attribution: Attribution, lasting: AddressSet) -> PacketSet:
    """Return the part of an attribution, plus the addresses of ``lasting`` that its rule names."""
    peers = reach.filters.peers(attribution.rule) if attribution.rule else None
    named = lasting & attribution.path.sender.addresses & (AddressSet.everything() if peers is None else peers)
    return attribution.packets | PacketSet.product(named, attribution.packets.services())


def _name(sender: Sender) -> str:
    """Return the name of senders whose addresses change or are unknown, or "" for other senders."""
    if sender.hosts is not None:
        return f"{'+'.join(sender.hosts.key.roles) or 'unknown'} hosts"
    if sender.kind is SenderKind.GROUP and not sender.external_members:
        return f"group {', '.join(sender.groups)}"
    return ""


def _targets(target: HostClass | Endpoint) -> Iterable[str]:
    if isinstance(target, Endpoint):
        return ("endpoint",)
    return target.key.roles or ("unknown",)
