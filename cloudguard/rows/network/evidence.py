"""The evidence of a problem: the rules and hosts that it rests on, and a witness."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.needs.in_force import is_everyone, is_many
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import Packet
from cloudguard.packet_sets.services import ServiceSet, service_name
from cloudguard.reachability.explanation import Attribution, hops
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Reachability
from cloudguard.results.change import Resource
from cloudguard.results.finding import Evidence, Witness
from cloudguard.rows.network.phrases import FEW, target_text
from cloudguard.rows.network.problem import Problem

NOTABLE = tuple(ServiceSet.parse(text) for text in ("tcp/22", "tcp/10250", "tcp/6443", "tcp/443"))
"""Well-known services. A witness with one of them is preferred."""


def evidence_of(problem: Problem) -> Iterable[Evidence]:
    """Yield the rules that a problem is attributed to, and some of its senders and targets."""
    seen: dict[tuple[str, str], Evidence] = {}
    for attribution in problem.attributions:
        rule = attribution.rule.id if attribution.rule else ""
        key = (attribution.resource.id, rule)
        if key not in seen:
            seen[key] = Evidence(attribution.resource, rule, attribution.call, attribution.fact)
    yield from seen.values()
    external = {member.id: member for path in problem.paths for member in path.sender.external_members[:FEW]}
    for member in external.values():
        resource = Resource("interface", member.id, member.owner)
        yield Evidence(resource, "", member.source.call, f"in group {', '.join(member.groups)}")
    for target in problem.targets[:FEW]:
        if isinstance(target, HostClass) and target.hosts:
            host = target.hosts[0]
            fact = "; ".join(host.evidence) or "no evidence of its role"
            yield Evidence(Resource("host", host.id, host.name), "", host.source.call, fact)
        elif isinstance(target, HostClass):
            for pool in target.pools:
                resource = Resource("pool", pool.id, pool.name)
                yield Evidence(resource, "", pool.source.call, "its next host would be exposed in the same way")


def witness_rank(attribution: Attribution) -> tuple[bool, bool]:
    """Return the sort key by which a witness is chosen: attributions with more senders rank higher."""
    addresses = attribution.packets.addresses()
    return (False, False) if attribution.path.sender.inside else (is_everyone(addresses), is_many(addresses))


def witness(reach: Reachability, attribution: Attribution, unexpected: AddressSet) -> Witness:
    """Return a witness: one packet of the attributed excess, and the hops that it passes.

    Its sender is one of the addresses ``unexpected`` if possible.
    """
    path = attribution.path
    packets = attribution.packets.within(unexpected) or attribution.packets
    notable = next((each for each in map(packets.only, NOTABLE) if each), packets)
    packet = notable.witness() or Packet("0.0.0.0", 0)  # noqa: S104 - an empty set has no witness; callers give none
    target, service = target_text(path.target), service_name(packet.service)
    via = f" via {path.balancer.kind}/{path.balancer.name}" if path.balancer else ""
    sender = f"{packet.address} ({path.sender.example})" if path.sender.example else packet.address
    return Witness(
        f"{sender} → {service} on {target}{via}",
        hops(reach, attribution, packet),
        (("origin", path.sender.name), ("source", packet.address), ("service", service), ("target", target)),
        packet.address,
        target,
        service,
    )
